from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "yakuba.platform.audit"
    label = "audit"
