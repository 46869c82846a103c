from django.apps import AppConfig


class SealsConfig(AppConfig):
    name = "yakuba.systems.seals"
    label = "seals"

    def ready(self) -> None:
        from . import entries, interfaces, retention, subscriptions  # noqa: F401 -- declares what it offers
