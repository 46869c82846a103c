"""請求書等の様式: blank forms for the web page and the counter. None has a place for an 個人番号."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from yakuba.platform.clock import JAPAN
from yakuba.platform.documents import IssueNumber, Rendered, Template, render

from . import document, rules


@dataclass(frozen=True, slots=True)
class Place:
    """A place to write in, `height_mm` high; or `choices`, one of which is circled."""

    label: str
    height_mm: int = 10
    choices: str = ""


@dataclass(frozen=True, slots=True)
class Blank:
    title: str
    addressee: str
    opening: str
    places: tuple[Place, ...]
    notes: tuple[str, ...]


TEMPLATE = Template("platform/disclosure/templates/blank.typ", Blank, "様式")
_WHO = (
    Place("請求者の氏名"), Place("請求者の住所又は居所", 14), Place("電話番号"),
    Place("請求者の区分\n（該当に○）", 12, "本人　・　法定代理人　・　任意代理人"), Place("本人の氏名\n（代理人による請求のとき）", 12),
    Place("本人の住所又は居所\n（代理人による請求のとき）", 14),
)  # fmt: skip
_PROOF = "本人確認書類（個人番号カード、運転免許証など）をお持ちください。郵送のときは、その写しと、30日以内に作成された住民票の写しを同封してください。"
_AGENT = "法定代理人は戸籍謄本・登記事項証明書など、任意代理人は委任状と、印鑑登録証明書又は本人の本人確認書類の写しも必要です（30日以内に作成されたもの）。"
_NO_NUMBER = "この請求書に個人番号（マイナンバー）を書かないでください。"


def names() -> dict[str, str]:
    """Address of each form -> its title."""
    return {**{kind.value: kind.form_title for kind in rules.Kind}, "mandate": "委任状"}


def compose(name: str, addressee: str) -> Blank:
    """Raises KeyError for an unknown form."""
    title = names()[name]
    if name == "mandate":
        return Blank(
            title, addressee, "次の者を代理人と定め、下の請求に関する一切の権限を委任します。",
            (
                Place("委任する日"), Place("代理人の氏名"), Place("代理人の住所", 14), Place("請求の種類\n（該当に○）", 12, "開示　・　訂正　・　利用停止"),
                Place("請求の対象", 24), Place("委任者の氏名（自署）", 12), Place("委任者の住所", 14), Place("委任者の電話番号"),
            ),
            ("印鑑登録証明書を添えるときは、登録した印鑑を押してください。",),
        )  # fmt: skip
    kind = rules.Kind(name)
    places = (Place("請求日"), *_WHO, Place("開示・訂正等を求める情報\n（特定できる事項）", 30))
    if kind is rules.Kind.DISCLOSURE:
        places += (Place("希望する方法\n（該当に○）", 12, "閲覧　・　写しの交付（窓口　・　郵送）"),)
    else:
        places += (Place("開示を受けた日"), Place("請求の趣旨", 20), Place("請求の理由", 26))
    opening = f"{kind.articles.request_article}第1項の規定により、次のとおり請求します。"
    return Blank(title, addressee, opening, places, (_PROOF, _AGENT, _NO_NUMBER))


def draw(name: str, at: datetime) -> Rendered:
    """The form as PDF. Raises KeyError for an unknown one."""
    house = document.house()
    issue = IssueNumber(at.astimezone(JAPAN).date(), house.name, "-", "-", 1)  # the template prints none
    return render(
        TEMPLATE,
        compose(name, f"{house.organ}　様"),
        issue=issue,
        created_at=at.astimezone(UTC),
        specimen=house.is_sandbox,
    )
