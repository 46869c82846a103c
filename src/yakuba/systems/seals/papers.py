"""The seal registry's papers: 印鑑登録証明書, 照会書・回答書, 抹消の通知書. From typed, worded items to a drawn paper."""

from __future__ import annotations

from dataclasses import dataclass, field

from yakuba.platform.documents import Template
from yakuba.platform.documents.certified import Closing

STATEMENT = "この写しは、登録された印影と相違ないことを証明します。"


@dataclass(frozen=True, slots=True)
class Picture:
    """An imprint: SVG text and the size in which it is drawn, in micrometres."""

    svg: str = field(metadata={"printed": False})
    width_um: int
    height_um: int


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """印鑑登録証明書. `second_label` is 旧氏 or 通称, empty where the record has neither."""

    title: str
    imprint: Picture
    name: str = field(metadata={"label": "氏名"})
    second_label: str
    second_name: str = field(metadata={"label": "旧氏・通称"})
    birth_date: str = field(metadata={"label": "生年月日"})
    address: str = field(metadata={"label": "住所"})
    closing: Closing


@dataclass(frozen=True, slots=True)
class InquirySheet:
    """照会書 with its 回答書 below."""

    title: str
    postal: str = field(metadata={"label": "郵便番号"})
    address: str = field(metadata={"label": "住所"})
    name: str = field(metadata={"label": "氏名"})
    inquiry_number: str
    received_on: str
    applicant: str = field(metadata={"label": "申請者"})
    answer_due_on: str
    closing: Closing


@dataclass(frozen=True, slots=True)
class NoticeSheet:
    """印鑑登録抹消通知書."""

    title: str
    postal: str = field(metadata={"label": "郵便番号"})
    address: str = field(metadata={"label": "住所"})
    name: str = field(metadata={"label": "氏名"})
    number: str
    ended_on: str
    reason: str = field(metadata={"label": "抹消の事由"})
    closing: Closing


_TEMPLATES = "systems/seals/templates/seals/papers"
CERTIFICATE = Template(f"{_TEMPLATES}/certificate.typ", CertificateSheet, "印鑑登録証明書")
INQUIRY = Template(f"{_TEMPLATES}/inquiry.typ", InquirySheet, "印鑑登録照会書・回答書")
NOTICE = Template(f"{_TEMPLATES}/notice.typ", NoticeSheet, "印鑑登録抹消通知書")
