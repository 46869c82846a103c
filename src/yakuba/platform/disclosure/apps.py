from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "yakuba.platform.disclosure"
    label = "disclosure"

    def ready(self) -> None:
        from . import services  # noqa: F401 -- registers the kind of application
