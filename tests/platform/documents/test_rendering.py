"""What leaves the printer: bytes, pages, text layer, pictures."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest

from yakuba.core.findings import Refused
from yakuba.platform.documents import (
    OVERFLOW_LIST,
    IssueNumber,
    MissingGlyphs,
    Overflow,
    OverflowList,
    Rendered,
    Substitution,
    Template,
    TemplateFault,
    make_sandbox_seal,
    overflow_list,
    preview,
    render,
)
from yakuba.platform.documents.overflow_list import OverflowRow

ISSUE = IssueNumber(date(2026, 11, 21), "見本市", "T012", "P03", 123)
CREATED_AT = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
VARIANTS = ["邉", "邊", *("邉" + chr(selector) for selector in range(0xE0110, 0xE011E))]


def form(*texts: str) -> OverflowList:
    return OverflowList(tuple(OverflowRow("試験", "1", index, "氏名", text) for index, text in enumerate(texts, 1)))


def draw(data: OverflowList, *, specimen: bool = False, **options: Any) -> Rendered:
    return render(OVERFLOW_LIST, data, issue=ISSUE, created_at=CREATED_AT, specimen=specimen, **options)


def text_of(pdf: bytes) -> list[str]:
    """The text layer of each page, without white space."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [re.sub(r"\s", "", page.get_textpage().get_text_bounded()) for page in document]


def picture_of(pdf: bytes, page: int = 0) -> np.ndarray[Any, Any]:
    with pypdfium2.PdfDocument(pdf) as document:
        return np.array(document[page].render(scale=1, grayscale=True).to_numpy())


def test_the_same_data_give_the_same_bytes_and_the_time_is_passed_in() -> None:
    first, second = draw(form("山田")), draw(form("山田"))
    assert first == second
    later = render(OVERFLOW_LIST, form("山田"), issue=ISSUE, created_at=CREATED_AT + timedelta(days=1), specimen=False)
    assert later.content_hash != first.content_hash
    assert b"D:20261121013000Z" in first.pdf


def test_another_process_gives_the_same_bytes() -> None:
    script = """
        from datetime import UTC, date, datetime
        from yakuba.platform.documents import *
        from yakuba.platform.documents.overflow_list import OverflowRow
        issue = IssueNumber(date(2026, 11, 21), "見本市", "T012", "P03", 123)
        data = OverflowList((OverflowRow("試験", "1", 1, "氏名", "山田"),))
        print(render(OVERFLOW_LIST, data, issue=issue, created_at=datetime(2026, 11, 21, 1, 30, tzinfo=UTC),
                     specimen=False).content_hash)
    """
    assert run(script) == draw(form("山田")).content_hash


def test_the_file_declares_pdf_a_2b() -> None:
    pdf = draw(form("山田")).pdf
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf


def test_data_are_never_markup() -> None:
    hostile = '*太字* #panic("x") $x$ @y <z> `c` \\ // "'
    assert re.sub(r"\s", "", hostile) in text_of(draw(form(hostile)).pdf)[0]


def test_the_issue_number_and_the_page_stand_on_every_page() -> None:
    rendered = draw(form(*["長い一覧"] * 120))
    pages = text_of(rendered.pdf)
    assert rendered.page_count == len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert f"発行番号令和8年11月21日見本市T012P03000123{number}/{len(pages)}" in page


def test_a_serial_starts_at_one() -> None:
    with pytest.raises(ValueError, match="starts at 1"):
        dataclasses.replace(ISSUE, serial=0)


def test_a_specimen_says_so_on_every_page_and_hides_nothing() -> None:
    data = form(*["長い一覧"] * 120)
    plain, specimen = draw(data), draw(data, specimen=True)
    for page, (without, with_mark) in enumerate(zip(text_of(plain.pdf), text_of(specimen.pdf), strict=True)):
        assert with_mark.count("見本") == without.count("見本") + 1
        dark = picture_of(plain.pdf, page) < 100
        marked = picture_of(specimen.pdf, page)
        assert (marked[dark] < 110).all()  # what is black stays black
        shaded = (marked < 250) & (picture_of(plain.pdf, page) > 250)
        rows, columns = np.nonzero(shaded)
        assert rows.max() - rows.min() > 0.5 * marked.shape[0]
        assert columns.max() - columns.min() > 0.5 * marked.shape[1]
        assert marked[shaded].min() > 150  # and what lies under the mark can be read


def test_variants_are_different_pictures_and_keep_their_selectors() -> None:
    pictures = [picture_of(draw(form(variant * 8)).pdf) for variant in VARIANTS]
    for left in range(len(VARIANTS)):
        for right in range(left):
            assert (pictures[left] != pictures[right]).sum() > 8, (VARIANTS[left], VARIANTS[right])
    assert "邉\U000e0110" in text_of(draw(form("邉\U000e0110")).pdf)[0]


def test_a_missing_glyph_is_refused_with_every_character_and_item() -> None:
    data = OverflowList((OverflowRow("😀票", "1", 1, "氏名", "山\U000e0101田한"),))
    with pytest.raises(MissingGlyphs) as refused:
        draw(data)
    assert [glyph.sequence for glyph in refused.value.missing] == ["😀", "山\U000e0101", "한"]
    assert [finding.field for finding in refused.value.findings] == ["帳票", "文字列", "文字列"]
    assert "U+5C71 U+E0101" in refused.value.findings[1].message
    with pytest.raises(MissingGlyphs):
        preview(OVERFLOW_LIST, data, issue=ISSUE, specimen=True)


def test_a_missing_glyph_of_the_issue_number_is_refused() -> None:
    issue = dataclasses.replace(ISSUE, terminal="😀")
    with pytest.raises(MissingGlyphs):
        render(OVERFLOW_LIST, form(), issue=issue, created_at=CREATED_AT, specimen=False)


def test_an_allowed_substitution_is_drawn_and_reported() -> None:
    substitution = Substitution("山\U000e0101", "山", "字形差のない基底文字")
    unused = Substitution("한", "韓", "使わない")
    rendered = draw(form("山\U000e0101田"), substitutions=[substitution, unused])
    assert "山田" in text_of(rendered.pdf)[0]
    assert [glyph.substitution for glyph in rendered.missing_glyphs] == [substitution]
    (finding,) = rendered.findings()
    assert "字形差のない基底文字" in finding.message
    with pytest.raises(ValueError, match="can't be drawn either"):
        draw(form("山"), substitutions=[Substitution("山\U000e0101", "😀", "")])


def test_a_template_takes_its_own_data_only() -> None:
    with pytest.raises(TypeError, match="takes OverflowList, not str"):
        render(OVERFLOW_LIST, "山田", issue=ISSUE, created_at=CREATED_AT, specimen=False)
    number = OverflowList((OverflowRow("試験", "1", 1.5, "氏名", ""),))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not float"):
        draw(number)


def test_a_template_that_is_not_there_is_a_fault_of_the_program() -> None:
    template = Template("platform/documents/templates/none.typ", OverflowList, "無い")
    with pytest.raises(TemplateFault):
        render(template, form(), issue=ISSUE, created_at=CREATED_AT, specimen=False)
    assert draw(form()).page_count == 1


def test_previews_are_one_picture_a_page() -> None:
    data = form(*["長い一覧"] * 120)
    count = draw(data).page_count
    pngs = preview(OVERFLOW_LIST, data, issue=ISSUE, specimen=True)
    assert [png[:8] for png in pngs] == [b"\x89PNG\r\n\x1a\n"] * count
    svgs = preview(OVERFLOW_LIST, data, issue=ISSUE, specimen=True, image_format="svg")
    assert [svg[:4] for svg in svgs] == [b"<svg"] * count


def test_threads_share_the_compiler() -> None:
    expected = {name: draw(form(name)).content_hash for name in ("山田", "川田", "森田", "林田")}
    drawn: dict[str, set[str]] = {name: set() for name in expected}

    def work(name: str) -> None:
        for _ in range(5):
            drawn[name].add(draw(form(name)).content_hash)

    threads = [threading.Thread(target=work, args=[name]) for name in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert drawn == {name: {content_hash} for name, content_hash in expected.items()}


def test_a_process_forked_after_drawing_refuses_instead_of_hanging() -> None:
    script = """
        import os
        from datetime import UTC, date, datetime
        from yakuba.platform.documents import *
        issue = IssueNumber(date(2026, 11, 21), "見本市", "T012", "P03", 123)
        def draw():
            render(OVERFLOW_LIST, OverflowList(()), issue=issue,
                   created_at=datetime(2026, 11, 21, tzinfo=UTC), specimen=False)
        draw()
        child = os.fork()
        if child == 0:
            try:
                draw()
            except RuntimeError as error:
                os._exit(7 if "spawn" in str(error) else 1)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    assert run(script) == "7"


def test_the_overflow_list_names_paper_number_page_item_and_text() -> None:
    long = "極" * 400
    paper = Rendered(b"", 2, (), (Overflow("本籍", long, 2),), "")
    listed = overflow_list([(OVERFLOW_LIST, ISSUE, paper)])
    text = text_of(draw(listed).pdf)[0]
    assert long in text
    assert "令和8年11月21日見本市T012P03000123" in text.split("番号", 1)[1]
    assert "該当はありません。" in text_of(draw(OverflowList(())).pdf)[0]


def test_a_sandbox_seal_is_a_black_square_of_22_mm_that_says_it_is_a_specimen() -> None:
    seal = make_sandbox_seal()
    assert seal.side_mm == 22
    assert "<text" not in seal.picture
    assert make_sandbox_seal("見本之印").picture != seal.picture
    with pytest.raises(Refused, match="25mm以内"):
        make_sandbox_seal(side_mm=26)
    with pytest.raises(Refused, match="書体に無い文字"):
        make_sandbox_seal("見本😀")
    with pytest.raises(ValueError, match="1 to 16"):
        make_sandbox_seal("")


def run(script: str) -> str:
    """The last line that a Python process of its own prints."""
    source = str(Path(__file__).parents[3] / "src")
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PYTHONPATH": source, "PYTHONIOENCODING": "utf-8"},
    )
    return result.stdout.strip()
