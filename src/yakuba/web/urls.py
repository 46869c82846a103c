"""Every address of the staff's screens."""

from __future__ import annotations

from django.urls import include, path

from yakuba.platform.access import menu
from yakuba.platform.access.duties import Duty
from yakuba.systems.residents.api import api

from . import approvals, audit_review, confirmation, handover, linkage, protection, retention, static_files, views

urlpatterns = [
    path("", views.home),
    path("figures", views.todays_figures),
    path("purpose", views.choose_purpose),
    path("sign-in", views.first_step),
    path("sign-in/second", views.second_step),
    path("sign-in/key", views.key_options),
    path("sign-out", views.sign_out),
    path("settings/keys", views.keys),
    path("settings/keys/options", views.enrolment_options),
    path("", include(confirmation)),
    path("audit", views.audit),
    path("", include(audit_review)),
    path("jobs", views.jobs),
    path("jobs/<int:job_id>/cancel", views.cancel_job),
    path("", include(approvals)),
    path("", include(linkage)),
    path("", include(handover)),
    path("", include(protection)),
    path("retention", include(retention.urlpatterns)),
    path("residents/", include("yakuba.systems.residents.urls")),
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
