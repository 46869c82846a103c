"""The screens' own files, served by the application: under names that hold their content's hash, for ever."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from django.http import Http404, HttpRequest, HttpResponse

from yakuba.platform.access.request import public
from yakuba.platform.protection.exits import hands_out_nothing

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Static:
    path: str
    content: bytes
    packed: bytes
    type: str


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found = []
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if item.is_dir():
            found += _walk(item, f"{prefix}{item.name}/")
        elif item.name.rpartition(".")[2] in _TYPES:
            found.append((prefix + item.name, item.read_bytes()))
    return found


@cache
def _by_name() -> dict[str, Static]:
    """All files of `static/`, and those of django-ninja's API pages under `ninja/`."""
    rows = _walk(files("yakuba.web") / "static") + [
        (f"ninja/{name.removeprefix('ninja/')}", content) for name, content in _walk(files("ninja") / "static")
    ]
    made = {}
    for name, content in rows:
        stem, _, suffix = name.rpartition(".")
        path = name if name.startswith("ninja/") else f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
        made[name] = Static(path, content, gzip.compress(content, mtime=0), _TYPES[suffix])
    return made


@cache
def _by_path() -> dict[str, Static]:
    return {static.path: static for static in _by_name().values()}


def static_url(name: str) -> str:
    """The address of a file of `static/`. Raises KeyError: a screen can't name a file that isn't there."""
    return f"/static/{_by_name()[name].path}"


@public
@hands_out_nothing("files of the program")
def serve(request: HttpRequest, path: str) -> HttpResponse:
    """A file by its hashed name."""
    static = _by_path().get(path)
    if static is None:
        raise Http404
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(static.packed if is_packed else static.content, content_type=static.type)
    response["Cache-Control"] = _FOR_EVER if not path.startswith("ninja/") else "no-cache"
    response["Vary"] = "Accept-Encoding"
    if is_packed:
        response["Content-Encoding"] = "gzip"
    return response
