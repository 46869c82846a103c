from django.apps import AppConfig


class LinkageConfig(AppConfig):
    name = "yakuba.platform.linkage"
    label = "linkage"

    def ready(self) -> None:
        from . import applications, reading  # noqa: F401 -- registers kinds of application and the exit
