from django.apps import AppConfig


class ProtectionConfig(AppConfig):
    name = "yakuba.platform.protection"
    label = "protection"

    def ready(self) -> None:
        from . import releases  # noqa: F401 -- declares a kind of application
