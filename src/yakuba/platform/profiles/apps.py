from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "yakuba.platform.profiles"
    label = "profiles"
