from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "yakuba.platform.audit"
    label = "audit"

    def ready(self) -> None:
        from . import retention  # noqa: F401 -- declares its settings
