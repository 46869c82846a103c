from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "yakuba.platform.vault"
    label = "vault"

    def ready(self) -> None:
        from . import rotation  # noqa: F401 -- declares a kind of job
