from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return HttpResponse("画面を開き直してください。", status=403, content_type="text/plain; charset=utf-8")
