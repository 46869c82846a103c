from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "yakuba.web"
    label = "web"
