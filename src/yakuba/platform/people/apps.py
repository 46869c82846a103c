from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "yakuba.platform.people"
    label = "people"

    def ready(self) -> None:
        from . import standing  # noqa: F401 -- registers what must hold before somebody acts
