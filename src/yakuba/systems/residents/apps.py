from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "yakuba.systems.residents"
    label = "residents"

    def ready(self) -> None:
        from . import interfaces, retention, subscriptions  # noqa: F401 -- declares events, kinds of record, subscribers
        from .transfer import job  # noqa: F401 -- declares a kind of job
