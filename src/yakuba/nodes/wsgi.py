"""The staff's screens and the JSON API as a WSGI application."""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yakuba.nodes.settings")
application = get_wsgi_application()

get_resolver().url_patterns  # noqa: B018 -- every screen is loaded now, not while the first person waits
# What stands now stands until the process ends: the collector, which runs within somebody's request, passes it by.
gc.collect()
gc.freeze()
