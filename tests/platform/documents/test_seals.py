"""電子公印: size, colour, scanned pictures."""

from __future__ import annotations

import struct
import zlib

import pytest

from yakuba.core.findings import Refused
from yakuba.platform.documents import Seal, seal_from_png


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\x00" + b"\x00" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side_mm", [0, 26])
def test_a_seal_is_at_most_25_mm(side_mm: int) -> None:
    with pytest.raises(Refused) as refused:
        Seal("<svg/>", side_mm)
    assert [finding.code for finding in refused.value.findings] == ["seal-size"]


@pytest.mark.parametrize("picture", ['<svg><path fill="red"/></svg>', '<svg><g style="stroke: #c00"/></svg>'])
def test_a_seal_is_black_and_both_faults_come_at_once(picture: str) -> None:
    with pytest.raises(Refused) as refused:
        Seal(picture, 30)
    assert [finding.code for finding in refused.value.findings] == ["seal-size", "seal-colour"]


def test_a_scanned_seal_is_a_square_png() -> None:
    assert "data:image/png;base64," in seal_from_png(png(40, 40), 24).picture
    for wrong in (png(40, 41), b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + b"\0" * 40):
        with pytest.raises(Refused, match="正方形のPNG"):
            seal_from_png(wrong, 24)
