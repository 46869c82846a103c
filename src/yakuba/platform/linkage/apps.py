from django.apps import AppConfig


class LinkageConfig(AppConfig):
    name = "yakuba.platform.linkage"
    label = "linkage"

    def ready(self) -> None:
        from . import applications, reading, retention  # noqa: F401 -- registers kinds of application, the exit, and of record
