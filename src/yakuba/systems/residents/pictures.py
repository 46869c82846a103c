"""Pages of a PDF as PNG pictures for a screen."""

from __future__ import annotations

import base64
import struct
import threading
import zlib

import pypdfium2

_DPI = 96
_MAX_PAGES = 10
_lock = threading.Lock()  # PDFium is not made for threads


def png_pages(pdf: bytes) -> list[str]:
    """The first pages as `data:` addresses of grey PNG pictures, at most ten."""
    with _lock:
        document = pypdfium2.PdfDocument(pdf)
        try:
            pictures = []
            for index in range(min(len(document), _MAX_PAGES)):
                page = document[index]
                bitmap = page.render(scale=_DPI / 72 * 1.25, grayscale=True)
                pictures.append(_png(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer)))
                bitmap.close()
                page.close()
        finally:
            document.close()
    return ["data:image/png;base64," + base64.b64encode(picture).decode() for picture in pictures]


def _png(width: int, height: int, stride: int, grey: bytes) -> bytes:
    """An 8-bit grey PNG (PNG specification, ISO/IEC 15948) from rows of `stride` bytes."""
    rows = b"".join(b"\0" + grey[row * stride : row * stride + width] for row in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b"")
