from django.apps import AppConfig


class RetentionConfig(AppConfig):
    name = "yakuba.platform.retention"
    label = "retention"
