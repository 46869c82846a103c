from __future__ import annotations

from django.urls import path

from yakuba.platform.access import menu
from yakuba.platform.access.duties import Duty

from . import certificate_views, filing_views, views
from .extraction import views as extraction_views
from .statistics import views as statistics_views

urlpatterns = [
    path("search", views.search),
    path("<int:number>", views.person),
    path("<int:number>/individual-number", views.individual_number),
    path("households/<int:number>", views.household),
    path("towns", filing_views.town_picker),
    path("places", filing_views.place_picker),
    path("filings", filing_views.queue),
    path("filings/new/person", filing_views.person_block),
    path("filings/new/<slug:kind>", filing_views.enter),
    path("filings/<int:filing_id>", filing_views.open_filing),
    path("filings/<int:filing_id>/approve", filing_views.approve),
    path("filings/<int:filing_id>/return", filing_views.send_back),
    path("filings/<int:filing_id>/withdraw", filing_views.withdraw),
    path("extraction", extraction_views.extract),
    path("statistics", statistics_views.overview),
    path("statistics/<int:number>", statistics_views.report),
    path("statistics/<int:number>/<int:table>.csv", statistics_views.file),
    path("certificates/new", certificate_views.request_paper),
    path("certificates/preview.pdf", certificate_views.preview_pdf),
    path("certificates/issue.pdf", certificate_views.issue_pdf),
    path("certificates/deliver", certificate_views.deliver),
]

menu.add("/residents/search", "住民検索", {Duty.INQUIRY}, order=100)
menu.add("/residents/filings", "異動の一覧・審査", {Duty.REGISTRATION, Duty.REVIEW}, order=110)
menu.add("/residents/statistics", "人口統計", {Duty.STATISTICS}, order=150)
menu.add("/residents/extraction", "データ抽出", {Duty.BULK}, order=160)
