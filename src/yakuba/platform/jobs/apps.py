from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "yakuba.platform.jobs"
    label = "jobs"
