from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "yakuba.platform.vault"
    label = "vault"
