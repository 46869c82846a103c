"""The scan of a seal: measured, cut out, told apart."""

from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from yakuba.sandbox.seal_pictures import draw
from yakuba.systems.seals import imprints


def page(*boxes: tuple[float, float, float, float], dpi: int | None = 300, side_mm: float = 40.0) -> bytes:
    """White paper with black boxes (left, top, width, height) in millimetres."""
    scale = (dpi or 300) / 25.4
    grey = np.full((round(side_mm * scale),) * 2, 255, np.uint8)
    for left, top, width, height in boxes:
        grey[
            round(top * scale) : round((top + height) * scale), round(left * scale) : round((left + width) * scale)
        ] = 0
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG", **({"dpi": (dpi, dpi)} if dpi else {}))
    return file.getvalue()


def codes(png: bytes) -> list[str]:
    return [finding.code for finding in imprints.measure(png)[1]]


@pytest.mark.parametrize("dpi", [200, 300, 400, 600, 1200])
@pytest.mark.parametrize("side", [8.3, 13.5, 24.8])
def test_measured_to_a_tenth_of_a_millimetre_at_any_resolution(dpi: int, side: float) -> None:
    imprint, findings = imprints.measure(page((5, 5, side, side), dpi=dpi))
    assert imprint is not None, list(findings)
    assert abs(imprint.width_um - side * 1000) <= 130
    assert abs(imprint.height_um - side * 1000) <= 130
    assert abs(imprint.picture_width_um - imprint.width_um - 2 * imprints.MARGIN_UM) <= 260


@pytest.mark.parametrize(
    ("png", "expected"),
    [
        (page((5, 5, 7.9, 7.9)), ["SEAL-E-030"]),
        (page((5, 5, 25.3, 25.3)), ["SEAL-E-031"]),
        (page((5, 5, 13, 13), dpi=None), ["SEAL-E-033"]),
        (page((5, 5, 13, 13), dpi=96), ["SEAL-E-033"]),
        (page(), ["SEAL-E-034"]),
        (page((0, 5, 13, 13)), ["SEAL-E-035"]),
        (page((2, 2, 10, 10), (20, 2, 10, 10)), ["SEAL-E-036", "SEAL-E-031"]),
        (b"GIF89a", ["SEAL-E-032"]),
        (b"", ["SEAL-E-032"]),
        (page((5, 5, 13, 13))[:200], ["SEAL-E-032"]),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * (imprints.MAX_BYTES + 1), ["SEAL-E-032"]),
    ],
    ids=["small", "large", "no-dpi", "coarse", "white", "cut", "two", "gif", "empty", "torn", "heavy"],
)
def test_what_is_refused(png: bytes, expected: list[str]) -> None:
    assert codes(png) == expected


def test_dust_is_no_ink() -> None:
    imprint, _ = imprints.measure(page((5, 5, 13, 13), (30, 30, 0.1, 0.1)))
    assert imprint is not None
    assert abs(imprint.width_um - 13_000) <= 130


def test_a_pale_imprint_is_asked_about() -> None:
    png = page((5, 5, 13, 13))
    with Image.open(io.BytesIO(png)) as opened:
        grey = np.asarray(opened).copy()
    inner = grey[90:180, 90:180]
    inner[inner == 0] = 180
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG", dpi=(300, 300))
    assert codes(file.getvalue()) == ["SEAL-W-037"]


def test_what_is_stored_is_our_own_picture_and_measures_the_same_again() -> None:
    first, _ = imprints.measure(draw("見本", 1))
    assert first is not None
    again, findings = imprints.measure(first.picture)
    assert again is not None, list(findings)
    assert (again.width_um, again.fingerprint) == (first.width_um, first.fingerprint)
    with Image.open(io.BytesIO(first.picture)) as opened:
        assert opened.mode == "L"
        assert set(opened.info) <= {"dpi"}


NAMES = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "伊東", "渡辺", "山本", "加藤", "加東", "佐々木", "花子")


def least(one: bytes, other: bytes) -> int:
    """The least distance of what is pressed now from what is stored."""
    stored, _ = imprints.measure(one)
    pressed, _ = imprints.measure(other)
    assert stored is not None
    assert pressed is not None
    return min(
        imprints.distance(stored.fingerprint, print_)
        for print_ in imprints.likenesses(imprints.box_of(pressed.picture))
    )


@pytest.mark.parametrize(
    ("angle", "dpi", "noise"), [(0, 300, 20), (3, 300, 5), (-4, 400, 5), (92, 300, 5), (-178, 600, 15)]
)
def test_the_same_seal_is_known_again_and_others_are_not(angle: float, dpi: int, noise: float) -> None:
    for place, name in enumerate(NAMES[:5]):
        stored = draw(name, place, side_mm=13.5)
        assert least(stored, draw(name, place, side_mm=13.5, angle=angle, dpi=dpi, noise=noise)) <= 36
    for one, other in list(combinations(range(len(NAMES)), 2))[:12]:
        assert least(draw(NAMES[one], 1, side_mm=13.5), draw(NAMES[other], 1, side_mm=13.5, angle=angle)) > 36
