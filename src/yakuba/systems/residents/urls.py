from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("search", views.search),
    path("<int:number>", views.person),
    path("<int:number>/individual-number", views.individual_number),
    path("households/<int:number>", views.household),
]
