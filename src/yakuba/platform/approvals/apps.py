from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "yakuba.platform.approvals"
    label = "approvals"
