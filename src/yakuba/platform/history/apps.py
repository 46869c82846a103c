from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "yakuba.platform.history"
    label = "history"
