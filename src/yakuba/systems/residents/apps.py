from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "yakuba.systems.residents"
    label = "residents"

    def ready(self) -> None:
        from . import interfaces, subscriptions  # noqa: F401 -- declares events and subscribers
        from .transfer import job  # noqa: F401 -- declares a kind of job
