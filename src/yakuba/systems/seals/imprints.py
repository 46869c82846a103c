"""The scanned imprint (印影): read as PNG, measured, cut out, and told apart from others.

Measures are micrometres of paper, by the resolution that the file itself states. Chance has no part: the same file always
gives the same imprint.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, UnidentifiedImageError

from yakuba.core.findings import Finding, Findings, Refused

from . import rules

MAX_BYTES = 2 * 1024 * 1024
MAX_SIDE_PX = 4_000
LEAST_DPI, LARGEST_DPI = 200, 1_200
MARGIN_UM = 1_000
"""White paper that stays around the ink of what is stored."""
SIDE = 32
BITS = SIDE * SIDE
"""Of a fingerprint: the ink's box in cells, each darker or lighter than the others' mean."""

_UM_PER_INCH = 25_400
_INK = 160
"""A pixel is ink where its darkest channel is below this: vermilion (朱肉) is bright in red only."""
_SPECK_UM = 250
"""Less ink than this in a row or column is dust."""
_GAP_UM = 4_000
"""So much white between two pieces of ink: two imprints. Within a seal without a frame it is less."""
_PALE, _FAINT = 200, 0.5
_ASKEW = 4
"""Degrees by which the same seal may be pressed askew and still be known."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """A measured imprint. `picture` is our own PNG (grey, ink and margin only), `fingerprint` BITS characters 0 and 1."""

    picture: bytes
    picture_width_um: int
    picture_height_um: int
    width_um: int
    height_um: int
    fingerprint: str


def measure(png: bytes) -> tuple[Imprint | None, Findings]:
    """An uploaded scan of one imprint, and every finding against it; no imprint where it can't be measured.

    A picture that isn't square on the paper, has no resolution, shows no ink, ink cut off by the edge, or two seals is refused.
    """
    findings = Findings()
    try:
        grey, pixel_um = _read(png)
    except Refused as refusal:
        findings.extend(refusal.findings)
        return None, findings
    ink = grey < _INK
    least = max(1, math.ceil(_SPECK_UM / pixel_um))
    rows, columns = _extent(ink.sum(axis=1), least), _extent(ink.sum(axis=0), least)
    if rows is None or columns is None:
        findings.error(
            "SEAL-E-034", "picture", "印影が見つかりません。", "白い紙に鮮明に押印し、読み取り直してください。"
        )
        return None, findings
    (top, bottom), (left, right) = rows, columns
    if top == 0 or left == 0 or bottom == ink.shape[0] or right == ink.shape[1]:
        findings.error(
            "SEAL-E-035", "picture", "印影が画像の端で切れています。", "周りに余白を残して読み取り直してください。"
        )
    gap = _GAP_UM / pixel_um
    if _widest_gap(ink.sum(axis=1), least) > gap or _widest_gap(ink.sum(axis=0), least) > gap:
        findings.error(
            "SEAL-E-036", "picture", "二つ以上の印影又は汚れがあります。", "印影を一つだけ読み取ってください。"
        )
    width_um, height_um = round((right - left) * pixel_um), round((bottom - top) * pixel_um)
    findings.extend(rules.check_size(width_um, height_um))
    box = grey[top:bottom, left:right]
    pale = int(((box >= _INK) & (box < _PALE)).sum())
    if pale > _FAINT * int((box < _INK).sum()):
        findings.warn(
            "SEAL-W-037",
            "picture",
            "印影が薄い、又は不鮮明です。",
            "押印し直すか、照合できる鮮明さかを確かめてください。",
        )
    if findings.errors:
        return None, findings
    cut = _cut_out(grey, top, bottom, left, right, round(MARGIN_UM / pixel_um))
    return (
        Imprint(
            picture=_png(cut, pixel_um),
            picture_width_um=round(cut.shape[1] * pixel_um),
            picture_height_um=round(cut.shape[0] * pixel_um),
            width_um=width_um,
            height_um=height_um,
            fingerprint=fingerprint(box),
        ),
        findings,
    )


def _read(png: bytes) -> tuple[NDArray[np.uint8], float]:
    """The darkest channel of each pixel on white, and micrometres a pixel. Raises Refused."""

    def refuse(code: str, message: str, remedy: str) -> Refused:
        return Refused([Finding(code, "picture", message, remedy)])

    if len(png) > MAX_BYTES:
        raise refuse("SEAL-E-032", "画像が2MBを超えています。", "印影の周りだけを読み取ってください。")
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
            if max(opened.size) > MAX_SIDE_PX:
                raise refuse(
                    "SEAL-E-032", f"画像が{MAX_SIDE_PX}画素を超えています。", "印影の周りだけを読み取ってください。"
                )
            opened.load()
            dpi = opened.info.get("dpi")
            picture = Image.new("RGBA", opened.size, "white")
            picture.alpha_composite(opened.convert("RGBA"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        if isinstance(error, Refused):
            raise
        raise refuse("SEAL-E-032", "PNG画像として読めません。", "PNG形式で読み取り直してください。") from error
    if dpi is None or abs(dpi[0] - dpi[1]) > 1 or not LEAST_DPI <= round(dpi[0]) <= LARGEST_DPI:
        raise refuse(
            "SEAL-E-033",
            f"画像に解像度（{LEAST_DPI}〜{LARGEST_DPI}dpi、縦横同じ）の情報がありません。",
            "実寸が分かるように、スキャナーの解像度を保存する設定で読み取り直してください。",
        )
    return np.asarray(picture.convert("RGB")).min(axis=2), _UM_PER_INCH / float(dpi[0])


def _extent(counts: NDArray[np.int64], least: int) -> tuple[int, int] | None:
    """First and one past the last place with ink."""
    places = np.flatnonzero(counts >= least)
    return None if not places.size else (int(places[0]), int(places[-1]) + 1)


def _widest_gap(counts: NDArray[np.int64], least: int) -> int:
    places = np.flatnonzero(counts >= least)
    return int(np.diff(places).max(initial=1)) - 1


def _cut_out(grey: NDArray[np.uint8], top: int, bottom: int, left: int, right: int, margin: int) -> NDArray[np.uint8]:
    """The ink's box on white paper with a margin on each side."""
    cut = np.full((bottom - top + 2 * margin, right - left + 2 * margin), 255, np.uint8)
    cut[margin:-margin, margin:-margin] = grey[top:bottom, left:right]
    return cut


def _png(grey: NDArray[np.uint8], pixel_um: float) -> bytes:
    file = io.BytesIO()
    dpi = _UM_PER_INCH / pixel_um
    Image.fromarray(grey).save(file, "PNG", dpi=(dpi, dpi))
    return file.getvalue()


def fingerprint(box: NDArray[np.uint8]) -> str:
    """Where the ink is, coarsely: the same seal pressed and scanned again differs in few bits.

    `box`: grey pixels of the ink's box. Its proportions are lost and compared apart.
    """
    return _cells(_small(box))


def likenesses(box: NDArray[np.uint8]) -> tuple[str, ...]:
    """Fingerprints of an imprint as it is (first), and as if it had been pressed a little askew, or from another side."""
    small = _small(box)
    found = []
    for angle in sorted(range(-_ASKEW, _ASKEW + 1), key=abs):
        askew = small.rotate(angle, Image.Resampling.BILINEAR, expand=True) if angle else small
        cells = _cells(askew.crop(askew.point(lambda value: 255 if value > 127 else 0).getbbox()))
        grid = np.frombuffer(cells.encode("ascii"), np.uint8).reshape(SIDE, SIDE)
        found += [np.rot90(grid, turns).tobytes().decode("ascii") for turns in range(4)]
    return tuple(found)


def box_of(picture: bytes) -> NDArray[np.uint8]:
    """The ink's box of a stored picture."""
    with Image.open(io.BytesIO(picture), formats=["PNG"]) as opened:
        margin = round(MARGIN_UM / (_UM_PER_INCH / float(opened.info["dpi"][0])))
        return np.asarray(opened)[margin:-margin, margin:-margin]


def _small(box: NDArray[np.uint8]) -> Image.Image:
    """Ink as white on black, four pixels a cell: what is left of an imprint to be compared."""
    mask = Image.fromarray(np.where(box < _INK, 255, 0).astype(np.uint8))
    return mask.resize((SIDE * 4, SIDE * 4), Image.Resampling.BOX)


def _cells(small: Image.Image) -> str:
    soft = small.filter(ImageFilter.GaussianBlur(small.width / SIDE / 2))
    cells = np.asarray(soft.resize((SIDE, SIDE), Image.Resampling.BOX), np.int32)
    return "".join("1" if cell else "0" for cell in (cells > cells.mean()).ravel())


def distance(one: str, other: str) -> int:
    """In how many bits two fingerprints differ."""
    return sum(a != b for a, b in zip(one, other, strict=True))


def svg(picture: bytes, width_um: int, height_um: int) -> str:
    """A stored picture as SVG text for a paper; the caller places it at its true size."""
    import base64

    encoded = base64.b64encode(picture).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_um} {height_um}">'
        f'<image width="{width_um}" height="{height_um}" preserveAspectRatio="none"'
        f' href="data:image/png;base64,{encoded}"/></svg>'
    )


def answer_due(sent_on: date, days: int) -> date:
    """回答期限: the last day on which an answer to a letter sent on `sent_on` is in time."""
    return date.fromordinal(sent_on.toordinal() + days)
