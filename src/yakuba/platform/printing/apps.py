from django.apps import AppConfig


class PrintingConfig(AppConfig):
    name = "yakuba.platform.printing"
    label = "printing"

    def ready(self) -> None:
        from . import services  # noqa: F401  its kind of application is known from the start
