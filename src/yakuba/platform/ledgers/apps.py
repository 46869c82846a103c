from django.apps import AppConfig


class LedgersConfig(AppConfig):
    name = "yakuba.platform.ledgers"
    label = "ledgers"

    def ready(self) -> None:
        from . import retention, services  # noqa: F401 -- registers the kind of record and the kind of application
