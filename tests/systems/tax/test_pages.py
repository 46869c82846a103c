from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from yakuba.systems.tax.law import pages, relative, taxpayer

LAW = Path(__file__).parents[3] / "docs" / "law"


def test_the_pages_of_the_law_are_those_of_the_rules() -> None:
    """When this fails: `./yakuba tax pages docs/law`."""
    made = pages.pages()
    standing = {
        str(path.relative_to(LAW)): path.read_text(encoding="utf-8") for path in LAW.rglob("*") if path.is_file()
    }
    assert sorted(standing) == sorted(made)
    assert [name for name in made if standing[name] != made[name]] == []


def test_a_page_says_formula_article_rounding_and_the_amounts_of_each_year() -> None:
    page = pages.pages()["taxpayer/salary_income_yen.md"]
    for said in (
        "給与所得の速算表の率",
        "所得税法 第28条",
        "1未満切捨て",
        "令和3年度から令和7年度まで",
        "令和8年度から",
        "-650,000",
    ):
        assert said in page
    assert "［" not in page.split("```")[1]  # no name of a variable in a formula


def test_the_graph_shows_every_concept_of_the_year_once() -> None:
    for book in (taxpayer(), relative()):
        year = book.at(book.last)
        drawing = ET.fromstring(pages.graph(book))  # noqa: S314 - our own drawing
        drawn = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")][1:]
        labels = [one.label for one in year.inputs.values()] + [rule.label for rule in year.rules]
        assert sorted(map(str, drawn)) == sorted(labels)
