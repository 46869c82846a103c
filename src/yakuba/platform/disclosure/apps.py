from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "yakuba.platform.disclosure"
    label = "disclosure"

    def ready(self) -> None:
        from . import house_sources, number_changes, services  # noqa: F401 -- registers sources and kinds of application
