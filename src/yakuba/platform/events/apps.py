from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "yakuba.platform.events"
    label = "events"
