from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "yakuba.systems.residents"
    label = "residents"

    def ready(self) -> None:
        from . import interfaces, subscriptions  # noqa: F401 -- declares events and subscribers
