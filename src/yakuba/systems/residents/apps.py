from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "yakuba.systems.residents"
    label = "residents"

    def ready(self) -> None:
        from . import disclosable, interfaces, linkable, monitoring, retention, subscriptions  # noqa: F401 -- declares what it offers
        from .extraction import job as extraction_job  # noqa: F401 -- declares a kind of job
        from .statistics import job as statistics_job  # noqa: F401 -- declares a kind of job
        from .transfer import job  # noqa: F401 -- declares a kind of job
