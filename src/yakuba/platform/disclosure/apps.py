from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "yakuba.platform.disclosure"
    label = "disclosure"

    def ready(self) -> None:
        from . import house_sources, services  # noqa: F401 -- registers what the house knows, and the kind of application
