from __future__ import annotations

from django.urls import path

from yakuba.platform.access import menu
from yakuba.platform.access.duties import Duty

from . import views

urlpatterns = [
    path("", views.overview),
    path("statistics", views.statistics),
    path("persons/<int:number>", views.person),
    path("apply", views.apply),
    path("applications/<int:application_id>", views.application),
    path("applications/<int:application_id>/inquiry.pdf", views.inquiry_pdf),
    path("registrations/<int:number>/notice.pdf", views.notice_pdf),
    path("certificates/new", views.certificate),
    path("certificates/issue.pdf", views.certificate_pdf),
]

menu.add("/seals/", "印鑑登録", {Duty.INQUIRY, Duty.REGISTRATION, Duty.REVIEW}, order=120)
menu.add("/seals/certificates/new", "印鑑登録証明書", {Duty.CERTIFICATE}, order=125)
