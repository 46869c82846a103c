from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "yakuba.platform.people"
    label = "people"

    def ready(self) -> None:
        from yakuba.platform.vault import columns

        from . import grants, standing  # noqa: F401 -- kinds of application; what must hold before somebody acts

        columns.declare("people_enrolment", "totp_sealed", context="'totp:' || login")
