"""What law says about a request: its way, its days, its evidence, its grounds and its money. Pure: no database, no clock.

個人情報の保護に関する法律 (the Act) 76条〜103条, its 施行令22条; for municipalities since 1 April 2023.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from yakuba.core.calendar import period_end_in_days, period_end_in_months, shift_period_end
from yakuba.core.findings import Finding, Findings
from yakuba.core.numbers import holds_individual_number

ACT = "個人情報の保護に関する法律"
IN_FORCE = date(2023, 4, 1)
"""From when the Act binds municipalities and prefectures."""


class Kind(StrEnum):
    """What is asked for."""

    DISCLOSURE = "disclosure"
    CORRECTION = "correction"
    SUSPENSION = "suspension"

    @property
    def label(self) -> str:
        return {"disclosure": "開示請求", "correction": "訂正請求", "suspension": "利用停止請求"}[self]

    @property
    def form_title(self) -> str:
        return f"保有個人情報{self.label}書"

    @property
    def articles(self) -> Articles:
        return _ARTICLES[self]


@dataclass(frozen=True, slots=True)
class Articles:
    """Articles of the Act: the right, the request, the decision's notice, its period, and the special period."""

    right: int
    request: int
    notice: int
    period: int
    special: int

    @property
    def request_article(self) -> str:
        return f"{ACT} 第{self.request}条"


_ARTICLES = {
    Kind.DISCLOSURE: Articles(76, 77, 82, 83, 84),
    Kind.CORRECTION: Articles(90, 91, 93, 94, 95),
    Kind.SUSPENSION: Articles(98, 99, 101, 102, 103),
}


# -- the way of a request ---------------------------------------------------------------------------------------------


class State(StrEnum):
    RECEIVED = "received"
    AMENDMENT = "amendment"
    PROPOSED = "proposed"
    DECIDED = "decided"
    NOTIFIED = "notified"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"

    @property
    def label(self) -> str:
        return _STATES[self]


_STATES = {
    State.RECEIVED: "受付・調査中",
    State.AMENDMENT: "補正待ち",
    State.PROPOSED: "決裁中",
    State.DECIDED: "決定済み（通知待ち）",
    State.NOTIFIED: "通知済み（実施待ち）",
    State.DONE: "完了",
    State.WITHDRAWN: "取下げ",
    State.TRANSFERRED: "移送",
}


class Action(StrEnum):
    RECEIVE = "receive"
    ASK_AMENDMENT = "ask_amendment"
    AMEND = "amend"
    EXTEND = "extend"
    EXTEND_SPECIALLY = "extend_specially"
    HEAR = "hear"
    OPINION = "opinion"
    INVESTIGATE = "investigate"
    PROPOSE = "propose"
    APPROVE = "approve"
    TAKE_BACK = "take_back"
    REVOKE = "revoke"
    NOTIFY = "notify"
    ORDER = "order"
    PAY = "pay"
    EXECUTE = "execute"
    CONTINUE = "continue"
    FINISH = "finish"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"

    @property
    def label(self) -> str:
        return _ACTIONS[self]


_ACTIONS = {
    Action.RECEIVE: "受付",
    Action.ASK_AMENDMENT: "補正の求め",
    Action.AMEND: "補正",
    Action.EXTEND: "期限の延長",
    Action.EXTEND_SPECIALLY: "期限の特例",
    Action.HEAR: "第三者への意見照会",
    Action.OPINION: "第三者の意見",
    Action.INVESTIGATE: "調査の記録",
    Action.PROPOSE: "決定の伺い",
    Action.APPROVE: "決定",
    Action.TAKE_BACK: "伺いの引戻し",
    Action.REVOKE: "決定の取消し",
    Action.NOTIFY: "決定の通知",
    Action.ORDER: "実施方法の申出",
    Action.PAY: "費用の収納",
    Action.EXECUTE: "実施",
    Action.CONTINUE: "残りの部分の処理",
    Action.FINISH: "終了",
    Action.WITHDRAW: "取下げ",
    Action.TRANSFER: "移送",
}

# Rows: where a request stands; columns: what may be done, and where it stands then. What isn't here is refused.
WAY: dict[State, dict[Action, State]] = {
    State.RECEIVED: {
        Action.ASK_AMENDMENT: State.AMENDMENT,
        Action.EXTEND: State.RECEIVED,
        Action.EXTEND_SPECIALLY: State.RECEIVED,
        Action.HEAR: State.RECEIVED,
        Action.OPINION: State.RECEIVED,
        Action.INVESTIGATE: State.RECEIVED,
        Action.PROPOSE: State.PROPOSED,
        Action.WITHDRAW: State.WITHDRAWN,
        Action.TRANSFER: State.TRANSFERRED,
    },
    State.AMENDMENT: {
        Action.AMEND: State.RECEIVED,
        Action.PROPOSE: State.PROPOSED,  # only once the days for the amendment are over
        Action.WITHDRAW: State.WITHDRAWN,
    },
    State.PROPOSED: {
        Action.EXTEND: State.PROPOSED,
        Action.APPROVE: State.DECIDED,
        Action.TAKE_BACK: State.RECEIVED,
    },
    State.DECIDED: {Action.NOTIFY: State.NOTIFIED, Action.REVOKE: State.RECEIVED},
    State.NOTIFIED: {
        Action.ORDER: State.NOTIFIED,
        Action.PAY: State.NOTIFIED,
        Action.REVOKE: State.RECEIVED,
        Action.EXECUTE: State.DONE,
        Action.CONTINUE: State.RECEIVED,  # the rest of a request with a special period
        Action.FINISH: State.DONE,
    },
    State.DONE: {Action.CONTINUE: State.RECEIVED},
    State.WITHDRAWN: {},
    State.TRANSFERRED: {},
}
ENDS = frozenset({State.DONE, State.WITHDRAWN, State.TRANSFERRED})
UNDECIDED = frozenset({State.RECEIVED, State.AMENDMENT, State.PROPOSED})
assert set(WAY) == set(State)

_DISCLOSURE_ONLY = frozenset({Action.HEAR, Action.OPINION, Action.ORDER, Action.PAY})


def next_state(kind: Kind, state: State, action: Action) -> State | None:
    """Where a request stands after an action; None where the action isn't open to it."""
    if action in _DISCLOSURE_ONLY and kind is not Kind.DISCLOSURE:
        return None
    return WAY[state].get(action)


def open_actions(kind: Kind, state: State) -> tuple[Action, ...]:
    return tuple(action for action in WAY[state] if next_state(kind, state, action) is not None)


# -- days -------------------------------------------------------------------------------------------------------------


def days_not_counted(amendments: Iterable[tuple[date, date]]) -> int:
    """補正に要した日数 (83条1項ただし書): from the day it was asked for to the day it came, the first not counted (民法140条)."""
    return sum((came - asked).days for asked, came in amendments)


def decision_due(received_on: date, days: int, *, extension: int = 0, not_counted: int = 0) -> date:
    """Last day for the decision: `days` from the day of the request, the first not counted; on a closed day the next open one.

    `extension`: days added by notice (83条2項, 94条2項, 102条2項). Source: 83条, 民法140条〜142条.
    """
    return shift_period_end(period_end_in_days(received_on, days + extension + not_counted))


REMEDY_DAYS = 90
"""For asking for correction or suspension after what was disclosed (90条3項, 98条3項)."""
OBJECTION_MONTHS = 3
"""For 審査請求 after the notice (行政不服審査法18条1項)."""
ORDER_DAYS = 30
"""For saying how one wants it disclosed, from the notice (87条4項)."""
OPPOSED_DAYS = 14
"""Between the decision and its execution when a third party is against it (86条3項): at least two whole weeks."""
EVIDENCE_DAYS = 30
"""A paper about a representative's authority is at most so old on the day of the request (施行令22条3項)."""


def remedy_last_day(disclosed_on: date) -> date:
    return shift_period_end(period_end_in_days(disclosed_on, REMEDY_DAYS))


def order_last_day(notified_on: date) -> date:
    return shift_period_end(period_end_in_days(notified_on, ORDER_DAYS))


def earliest_execution(decided_on: date, *, is_opposed: bool) -> date:
    """The first day on which it may be carried out. Two weeks lie whole between the days."""
    return decided_on + timedelta(days=OPPOSED_DAYS + 1) if is_opposed else decided_on


def keep_until(notified_on: date, executed_on: date | None) -> date:
    """The first day on which nothing of the request stands in the way of an erasure: objection and remedies are over."""
    last = shift_period_end(period_end_in_months(notified_on, OBJECTION_MONTHS))
    if executed_on is not None:
        last = max(last, remedy_last_day(executed_on))
    return last + timedelta(days=1)


# -- who asks, and how he shows it -------------------------------------------------------------------------------------


class Requester(StrEnum):
    PERSON = "person"
    LEGAL_REPRESENTATIVE = "legal"
    AGENT = "agent"

    @property
    def label(self) -> str:
        return {"person": "本人", "legal": "法定代理人", "agent": "任意代理人"}[self]


class Channel(StrEnum):
    COUNTER = "counter"
    POST = "post"

    @property
    def label(self) -> str:
        return {"counter": "窓口", "post": "郵送"}[self]


class FormType(StrEnum):
    PRESCRIBED = "prescribed"
    FREE = "free"

    @property
    def label(self) -> str:
        return {"prescribed": "指定様式", "free": "任意の書式"}[self]


class Document(StrEnum):
    """What was shown. No number of a document is kept."""

    MY_NUMBER_CARD = "my_number_card"
    DRIVING_LICENCE = "driving_licence"
    PASSPORT = "passport"
    RESIDENCE_CARD = "residence_card"
    HANDBOOK = "handbook"
    INSURANCE = "insurance"
    IDENTITY_COPY = "identity_copy"
    RESIDENT_COPY = "resident_copy"
    FAMILY_REGISTER = "family_register"
    REGISTRATION = "registration"
    MANDATE = "mandate"
    SEAL_CERTIFICATE = "seal_certificate"
    PRINCIPAL_IDENTITY = "principal_identity"

    @property
    def label(self) -> str:
        return _DOCUMENTS[self]


_DOCUMENTS = {
    Document.MY_NUMBER_CARD: "個人番号カード",
    Document.DRIVING_LICENCE: "運転免許証",
    Document.PASSPORT: "旅券",
    Document.RESIDENCE_CARD: "在留カード・特別永住者証明書",
    Document.HANDBOOK: "身体障害者手帳等",
    Document.INSURANCE: "資格確認書等",
    Document.IDENTITY_COPY: "本人確認書類の写し（郵送）",
    Document.RESIDENT_COPY: "住民票の写し（郵送）",
    Document.FAMILY_REGISTER: "戸籍謄本・戸籍全部事項証明書",
    Document.REGISTRATION: "成年後見登記の登記事項証明書",
    Document.MANDATE: "委任状",
    Document.SEAL_CERTIFICATE: "委任者の印鑑登録証明書",
    Document.PRINCIPAL_IDENTITY: "委任者の本人確認書類の写し",
}
_SHOWN = frozenset(
    {
        Document.MY_NUMBER_CARD, Document.DRIVING_LICENCE, Document.PASSPORT, Document.RESIDENCE_CARD,
        Document.HANDBOOK, Document.INSURANCE,
    }
)  # fmt: skip
DATED = frozenset(
    {Document.RESIDENT_COPY, Document.FAMILY_REGISTER, Document.REGISTRATION, Document.MANDATE, Document.SEAL_CERTIFICATE}
)  # fmt: skip
"""Documents that count only when they were made within the 30 days before the request."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing to be shown: any one of `any_of`."""

    what: str
    any_of: frozenset[Document]
    article: str


_ORDER = f"{ACT}施行令 第22条"
_IDENTITY: dict[Channel, tuple[Evidence, ...]] = {
    Channel.COUNTER: (Evidence("請求者の本人確認書類", _SHOWN, f"{_ORDER}第1項"),),
    Channel.POST: (
        Evidence("請求者の本人確認書類の写し", frozenset({Document.IDENTITY_COPY}), f"{_ORDER}第2項"),
        Evidence("請求者の住民票の写し等", frozenset({Document.RESIDENT_COPY}), f"{_ORDER}第2項"),
    ),
}
_AUTHORITY: dict[Requester, tuple[Evidence, ...]] = {
    Requester.PERSON: (),
    Requester.LEGAL_REPRESENTATIVE: (
        Evidence(
            "法定代理人の資格を証明する書類",
            frozenset({Document.FAMILY_REGISTER, Document.REGISTRATION}),
            f"{_ORDER}第3項",
        ),
    ),
    Requester.AGENT: (
        Evidence("委任状", frozenset({Document.MANDATE}), f"{_ORDER}第3項"),
        Evidence(
            "委任の意思を確かめる書類",
            frozenset({Document.SEAL_CERTIFICATE, Document.PRINCIPAL_IDENTITY}),
            f"{_ORDER}第3項",
        ),
    ),
}


def evidence(requester: Requester, channel: Channel) -> tuple[Evidence, ...]:
    """What this requester must show when he comes this way."""
    return _IDENTITY[channel] + _AUTHORITY[requester]


@dataclass(frozen=True, slots=True)
class Shown:
    """A document that was shown; `issued_on` where its age counts."""

    document: Document
    issued_on: date | None = None


# -- the request ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a request says. `subject` is the 宛名番号 of the person concerned; `sources` empty: everything that is held.

    A representative names the person in `subject_name` and `subject_address`. `disclosed_on`: when that which is to be
    corrected or stopped was disclosed.
    """

    kind: Kind
    requester: Requester
    channel: Channel
    form_type: FormType
    received_on: date
    subject: int
    requester_name: str
    requester_address: str
    requester_phone: str = ""
    subject_name: str = ""
    subject_address: str = ""
    matter: str = ""
    sources: tuple[str, ...] = ()
    with_number: bool = False
    claim: str = ""
    reason: str = ""
    disclosed_on: date | None = None
    shown: tuple[Shown, ...] = ()
    confirmed: tuple[str, ...] = ()


_TEXTS = (
    ("requester_name", "請求者の氏名"), ("requester_address", "請求者の住所又は居所"), ("requester_phone", "電話番号"),
    ("subject_name", "本人の氏名"), ("subject_address", "本人の住所又は居所"), ("matter", "請求の対象"),
    ("claim", "請求の趣旨"), ("reason", "請求の理由"),
)  # fmt: skip
MAX_TEXT = 2000


def check(request: Request, *, today: date, takes_free_form: bool) -> Findings:
    """Everything that is wrong with a request, the required items of 77条1項, 91条1項, 99条1項 and the evidence first."""
    findings, article = Findings(), request.kind.articles.request_article
    required = [("requester_name", "請求者の氏名"), ("requester_address", "請求者の住所又は居所"), ("matter", "請求の対象（保有個人情報を特定するに足りる事項）")]  # fmt: skip
    if request.requester is not Requester.PERSON:
        required += [("subject_name", "本人の氏名"), ("subject_address", "本人の住所又は居所")]
    if request.kind is not Kind.DISCLOSURE:
        required += [("claim", "請求の趣旨"), ("reason", "請求の理由")]
    for name, label in required:
        if not getattr(request, name).strip():
            findings.error(
                "DSC-E-001", name, f"{label}がありません。", "請求者に返し、記入を求めてください。", article=f"{article}第1項"
            )  # fmt: skip
    for name, label in _TEXTS:
        text = getattr(request, name)
        if holds_individual_number(text):
            findings.error(
                "DSC-E-002",
                name,
                f"{label}に個人番号が書かれています。",
                "請求書に個人番号は要りません。番号を消してから受け付けてください。",
            )
        if len(text) > MAX_TEXT:
            findings.error("DSC-E-003", name, f"{label}が長すぎます（{MAX_TEXT}字まで）。", "要点を入力してください。")
    if request.received_on > today:
        findings.error("DSC-E-004", "received_on", "受付日が未来の日付です。", "今日までの日付を入力してください。")
    elif request.received_on < IN_FORCE:
        findings.error(
            "DSC-E-005",
            "received_on",
            f"{IN_FORCE.isoformat()}より前の請求は、各団体の個人情報保護条例によるもので、扱えません。",
            "当時の条例により処理してください。",
            article=ACT,
        )
    if request.form_type is FormType.FREE and not takes_free_form:
        findings.warn(
            "DSC-W-006",
            "form_type",
            "指定様式による請求を求めています。",
            "記載事項がそろっていれば請求は有効です。そのまま受け付けるときは確認してください。",
            article=article,
        )
    findings.extend(evidence_findings(request.requester, request.channel, request.shown, request.received_on))
    if request.kind is not Kind.DISCLOSURE:
        findings.extend(_after_disclosure(request))
    return findings


def evidence_findings(
    requester: Requester, channel: Channel, shown: Iterable[Shown], received_on: date
) -> Iterable[Finding]:
    """What of a requester's evidence is missing or too old."""
    given = {one.document: one for one in shown}
    for wanted in evidence(requester, channel):
        found = [given[document] for document in sorted(wanted.any_of) if document in given]
        if not found:
            names = "、".join(document.label for document in Document if document in wanted.any_of)
            yield Finding(
                "DSC-E-010", "shown", f"{wanted.what}が確認されていません。", f"次のどれかを確認してください：{names}。",
                article=wanted.article,
            )  # fmt: skip
            continue
        if not any(_is_fresh(one, received_on) for one in found):
            yield Finding(
                "DSC-E-011",
                "shown",
                f"{wanted.what}は、請求日前{EVIDENCE_DAYS}日以内に作られたものが要ります。",
                "作成日を確かめ、新しい書類を求めてください。",
                article=wanted.article,
            )


def _is_fresh(shown: Shown, received_on: date) -> bool:
    if shown.document not in DATED:
        return True
    return shown.issued_on is not None and 0 <= (received_on - shown.issued_on).days <= EVIDENCE_DAYS


def _after_disclosure(request: Request) -> Iterable[Finding]:
    right = f"{ACT} 第{request.kind.articles.right}条"
    if request.disclosed_on is None:
        yield Finding(
            "DSC-E-012", "disclosed_on", "開示を受けた日がありません。", "開示を受けた保有個人情報かを確かめてください。",
            article=f"{right}第1項",
        )  # fmt: skip
    elif request.disclosed_on > request.received_on:
        yield Finding("DSC-E-013", "disclosed_on", "開示を受けた日が請求日より後です。", "日付を確かめてください。")
    elif request.received_on > remedy_last_day(request.disclosed_on):
        findings = Findings()
        findings.warn(
            "DSC-W-014",
            "disclosed_on",
            f"開示を受けた日から{REMEDY_DAYS}日を過ぎた請求です。",
            "期間外であることを請求者に伝え、それでも受け付けるときは確認してください。",
            article=f"{right}第3項",
        )
        yield from findings


# -- the decision -----------------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"

    def label(self, kind: Kind) -> str:
        return _OUTCOMES[kind][self]


_OUTCOMES = {
    Kind.DISCLOSURE: {Outcome.FULL: "全部を開示する", Outcome.PARTIAL: "一部を開示する", Outcome.NONE: "開示しない"},
    Kind.CORRECTION: {Outcome.FULL: "訂正する", Outcome.PARTIAL: "一部を訂正する", Outcome.NONE: "訂正しない"},
    Kind.SUSPENSION: {Outcome.FULL: "利用を停止する", Outcome.PARTIAL: "一部の利用を停止する", Outcome.NONE: "利用を停止しない"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """Why something is not done. `partial`: it can concern a part."""

    code: str
    text: str
    article: str
    kinds: frozenset[Kind]
    partial: bool = True


_ALL = frozenset(Kind)
_D, _C, _S = frozenset({Kind.DISCLOSURE}), frozenset({Kind.CORRECTION}), frozenset({Kind.SUSPENSION})
GROUNDS: tuple[Ground, ...] = (
    Ground("harm", "本人の生命、健康、生活又は財産を害するおそれがある情報", "第78条第1項第1号", _D),
    Ground("third_party", "本人以外の個人に関する情報", "第78条第1項第2号", _D),
    Ground("corporation", "法人等に関する情報", "第78条第1項第3号", _D),
    Ground("public_safety", "犯罪の予防、捜査その他の公共の安全に支障を及ぼすおそれがある情報", "第78条第1項第5号", _D),
    Ground("deliberation", "審議、検討又は協議に関する情報", "第78条第1項第6号", _D),
    Ground("affairs", "事務又は事業の適正な遂行に支障を及ぼすおそれがある情報", "第78条第1項第7号", _D),
    Ground("existence", "存否を答えるだけで不開示情報を開示することとなるもの", "第81条", _D, partial=False),
    Ground("not_held", "請求に係る保有個人情報を保有していない", "第76条第1項", _ALL),
    Ground("form", "形式上の不備が、補正を求めた期間内に補正されない", "第77条第3項・第91条第3項・第99条第3項", _ALL, partial=False),
    Ground("correct", "内容が事実でないとは認められない", "第92条", _C),
    Ground("beyond_purpose", "利用目的の達成に必要な範囲を超える訂正", "第92条", _C),
    Ground("lawful", "第98条第1項各号に該当しない", "第100条", _S),
    Ground("hinders", "利用停止により事務の適正な遂行に著しい支障を及ぼすおそれがある", "第100条ただし書", _S),
)  # fmt: skip
_GROUND = {ground.code: ground for ground in GROUNDS}


def grounds_of(kind: Kind) -> list[Ground]:
    return [ground for ground in GROUNDS if kind in ground.kinds]


def ground(code: str) -> Ground:
    """Raises KeyError for an unknown one."""
    return _GROUND[code]


def check_decision(
    kind: Kind,
    outcome: Outcome,
    grounds: Sequence[str],
    reason: str,
    *,
    withheld: Collection[str],
    masked: int,
    kept_back: int,
) -> Findings:
    """What is wrong with a decision. `withheld`: sources that are left out; of the others, `masked` places are about other
    people and `kept_back` lines would hinder an affair.
    """
    findings = Findings()
    known = {ground.code: ground for ground in grounds_of(kind)}
    if unknown := [code for code in grounds if code not in known]:
        findings.error(
            "DSC-E-020", "grounds", f"この請求には使えない理由があります：{'、'.join(unknown)}。", "一覧から選んでください。"
        )  # fmt: skip
    if outcome is Outcome.FULL:
        if grounds:
            findings.error(
                "DSC-E-021", "grounds", "全部を認める決定に、認めない理由があります。", "理由を外してください。"
            )
        if withheld or masked or kept_back:
            findings.error(
                "DSC-E-022",
                "outcome",
                f"載せない部分（{len(withheld)}種類、{masked}か所、{kept_back}行）があるため、全部の開示になりません。",
                "「一部を開示する」を選び、理由を示してください。",
                article=f"{ACT} 第79条",
            )
    else:
        if not grounds:
            findings.error(
                "DSC-E-023", "grounds", "認めない部分の理由が選ばれていません。", "根拠の規定を選んでください。",
                article=f"{ACT} 第{kind.articles.notice}条",
            )  # fmt: skip
        if not reason.strip():
            findings.error(
                "DSC-E-024", "reason", "理由の説明がありません。", "請求者が分かるように理由を書いてください。",
                article="行政手続法 第8条（条例に同じ定めがある場合を含む。）",
            )  # fmt: skip
    whole = [code for code in grounds if code in known and not known[code].partial]
    if outcome is Outcome.PARTIAL and whole:
        findings.error(
            "DSC-E-025", "grounds", "全部を認めないときだけの理由が選ばれています。", "理由か決定の内容を直してください。"
        )  # fmt: skip
    for code, count, message in (
        ("third_party", masked, "本人以外の情報が{}か所あります。"),
        ("affairs", kept_back, "事務の遂行に支障を及ぼすおそれがあるため載せない行が{}行あります。"),
    ):
        if count and outcome is Outcome.PARTIAL and code not in grounds:
            wanted = _GROUND[code]
            findings.error(
                "DSC-E-026", "grounds", message.format(count), f"「{wanted.text}」を理由に加えてください。",
                article=f"{ACT} {wanted.article}",
            )  # fmt: skip
    if holds_individual_number(reason):
        findings.error("DSC-E-002", "reason", "理由に個人番号が書かれています。", "番号を消してください。")
    return findings


# -- how it is carried out, and what it costs --------------------------------------------------------------------------


class Method(StrEnum):
    VIEW = "view"
    COPY = "copy"

    @property
    def label(self) -> str:
        return {"view": "閲覧", "copy": "写しの交付"}[self]


class Payment(StrEnum):
    CASH = "cash"
    REGISTERED_CASH = "registered_cash"
    MONEY_ORDER = "money_order"
    PAYMENT_SLIP = "payment_slip"

    @property
    def label(self) -> str:
        return {
            "cash": "現金", "registered_cash": "現金書留", "money_order": "定額小為替", "payment_slip": "納入通知書"
        }[self]  # fmt: skip


def cost_yen(method: Method, delivery: Channel, sides: int, *, side_yen: int, postage_yen: int) -> int:
    """What copies and their way cost (89条2項の条例・実費): `side_yen` each side; viewing costs nothing.

    Raises ValueError for negative figures.
    """
    if min(sides, side_yen, postage_yen) < 0:
        raise ValueError("counts and amounts are not negative")
    if method is Method.VIEW:
        return 0
    return sides * side_yen + (postage_yen if delivery is Channel.POST else 0)
