from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "yakuba.platform.access"
    label = "access"

    def ready(self) -> None:
        from yakuba.platform.vault import columns

        columns.declare("access_account", "totp_sealed", context="'totp:' || login")
