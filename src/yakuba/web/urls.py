"""Every address of the staff's screens."""

from __future__ import annotations

from django.urls import include, path

from yakuba.platform.access import menu
from yakuba.platform.access.duties import Duty
from yakuba.systems.residents.api import api
from yakuba.systems.seals.api import router as seals_api

from . import (
    approvals,
    audit_review,
    confirmation,
    disclosure,
    handover,
    ledgers,
    linkage,
    people,
    printing,
    protection,
    retention,
    signing_in,
    static_files,
    terminals,
    views,
)

api.add_router("/seals", seals_api, tags=["印鑑登録"])

urlpatterns = [
    path("", views.home),
    path("figures", views.todays_figures),
    path("purpose", views.choose_purpose),
    path("", include(signing_in)),
    path("", include(terminals)),
    path("", include(printing)),
    path("", include(confirmation)),
    path("audit", views.audit),
    path("", include(audit_review)),
    path("jobs", views.jobs),
    path("jobs/<int:job_id>/cancel", views.cancel_job),
    path("", include(approvals)),
    path("", include(linkage)),
    path("", include(disclosure)),
    path("", include(handover)),
    path("", include(protection)),
    path("", include(ledgers)),
    path("", include(people)),
    path("retention", include(retention.urlpatterns)),
    path("residents/", include("yakuba.systems.residents.urls")),
    path("seals/", include("yakuba.systems.seals.urls")),
    path("api/", api.urls),
    path("static/<path:path>", static_files.serve),
    path("healthz", views.healthz),
]
menu.add("/", "ホーム", order=0)
menu.add("/audit", "操作履歴", {Duty.AUDIT}, order=900)
menu.add("/jobs", "一括処理", {Duty.BULK, Duty.ADMINISTRATION}, order=910)

handler400 = "yakuba.web.errors.bad_request"
handler404 = "yakuba.web.errors.not_found"
handler500 = "yakuba.web.errors.breakdown"
