from django.apps import AppConfig


class HandoverConfig(AppConfig):
    name = "yakuba.platform.handover"
    label = "handover"

    def ready(self) -> None:
        from yakuba.platform.vault import columns

        from . import ledgers, media, outgoing, retention  # noqa: F401 -- registers kinds of application and of record

        columns.declare("handover_draft", "key_sealed", context="'handover:draft:' || file")
        columns.declare("handover_inbound", "key_sealed", context="'handover:inbound:' || file")
