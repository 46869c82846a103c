"""What a person may do. A duty is given with a period; a purpose is stated for every enquiry."""

from __future__ import annotations

from enum import StrEnum


class Duty(StrEnum):
    INQUIRY = "inquiry"
    REGISTRATION = "registration"
    REVIEW = "review"
    CERTIFICATE = "certificate"
    INDIVIDUAL_NUMBER = "individual_number"
    BULK = "bulk"
    AUDIT = "audit"
    ADMINISTRATION = "administration"
    PERSONNEL = "personnel"
    APPROVAL = "approval"
    INFORMATION_MANAGEMENT = "information_management"
    SECURITY = "security"
    PROTECTION = "protection"
    PROTECTION_RELEASE = "protection_release"
    LINKAGE = "linkage"
    HANDOVER = "handover"
    RETENTION = "retention"
    DISCLOSURE = "disclosure"
    STATISTICS = "statistics"

    @property
    def label(self) -> str:
        return _DUTY_LABELS[self]


_DUTY_LABELS = {
    Duty.INQUIRY: "照会",
    Duty.REGISTRATION: "異動入力",
    Duty.REVIEW: "審査・決裁",
    Duty.CERTIFICATE: "証明発行",
    Duty.INDIVIDUAL_NUMBER: "個人番号の閲覧",
    Duty.BULK: "一括処理",
    Duty.AUDIT: "操作履歴の閲覧",
    Duty.ADMINISTRATION: "利用者・端末の管理",
    Duty.PERSONNEL: "人事異動情報の取込み",
    Duty.APPROVAL: "所属長・管理責任者の承認",
    Duty.INFORMATION_MANAGEMENT: "情報システム部門の確認",
    Duty.SECURITY: "セキュリティ責任者の確認",
    Duty.PROTECTION: "支援措置等の管理",
    Duty.PROTECTION_RELEASE: "支援措置等の一時解除",
    Duty.LINKAGE: "庁内連携の申請・照会",
    Duty.HANDOVER: "媒体・ファイルの授受",
    Duty.RETENTION: "保存期間満了の廃棄",
    Duty.DISCLOSURE: "開示請求等の処理",
    Duty.STATISTICS: "人口統計・異動集計",
}


class Purpose(StrEnum):
    """Why a person's record is opened (事務). The empty purpose does not exist."""

    MOVE_FILING = "move_filing"
    CERTIFICATE = "certificate"
    SEALS = "seals"
    COUNTER_INQUIRY = "counter_inquiry"
    REGISTER_CARE = "register_care"
    STATISTICS = "statistics"
    LINKED_AFFAIR = "linked_affair"
    HAND_OVER = "hand_over"
    PROTECTION = "protection"
    DISCLOSURE = "disclosure"
    AUDIT = "audit"
    SYSTEM = "system"

    @property
    def label(self) -> str:
        return _PURPOSE_LABELS[self]


_PURPOSE_LABELS = {
    Purpose.MOVE_FILING: "住民異動届の処理",
    Purpose.CERTIFICATE: "証明書の交付",
    Purpose.SEALS: "印鑑の登録の事務",
    Purpose.COUNTER_INQUIRY: "窓口での照会対応",
    Purpose.REGISTER_CARE: "住民基本台帳の正確な記録のための調査",
    Purpose.STATISTICS: "統計",
    Purpose.LINKED_AFFAIR: "庁内連携による事務",
    Purpose.HAND_OVER: "媒体・ファイルの授受",
    Purpose.PROTECTION: "支援措置等の事務",
    Purpose.DISCLOSURE: "開示請求等の事務",
    Purpose.AUDIT: "操作履歴の点検",
    Purpose.SYSTEM: "システム運用",
}
