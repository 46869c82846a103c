"""The exits of the seal registry. A seal, its number and its card tell nothing of where somebody lives; papers and letters do."""

from __future__ import annotations

from yakuba.platform.protection.exits import Exit, ExitKind, Way, declare

RECORD_SCREEN = declare(
    Exit(
        "seals:record:screen",
        ExitKind.SCREEN,
        Way.DISPLAY,
        "印鑑登録の画面",
        "氏名、印影、登録番号、登録証、経過、住所",
    )
)
RECORD_API = declare(
    Exit("seals:record:api", ExitKind.API, Way.DISPLAY, "印鑑登録一人（API）", "氏名、登録番号、登録証、経過")
)
ENTRY_SCREEN = declare(
    Exit("seals:entry:screen", ExitKind.SCREEN, Way.DISPLAY, "印鑑登録の申請の入力・審査", "氏名、生年月日、印影、指摘")
)
ENTRY_API = declare(
    Exit("seals:entry:api", ExitKind.API, Way.DISPLAY, "印鑑登録の申請・審査（API）", "対象者の宛名番号、指摘")
)
QUEUE_SCREEN = declare(
    Exit("seals:queue:screen", ExitKind.SCREEN, Way.LISTING, "印鑑登録の一覧", "氏名、申請の状態、回答期限、抹消の事由")
)
CERTIFICATE_SCREEN = declare(
    Exit("seals:request:screen", ExitKind.SCREEN, Way.DISPLAY, "印鑑登録証明書の請求の入力", "氏名、登録証の番号")
)
PREVIEW_SCREEN = declare(
    Exit(
        "seals:preview:screen", ExitKind.SCREEN, Way.ISSUE, "印鑑登録証明書の試し刷り", "証明書の内容", takes_use=False
    )
)
CERTIFICATE_PAPER = declare(
    Exit("seals:certificate:paper", ExitKind.PAPER, Way.ISSUE, "印鑑登録証明書", "氏名、生年月日、住所、印影")
)
INQUIRY_PAPER = declare(Exit("seals:inquiry:paper", ExitKind.PAPER, Way.ISSUE, "印鑑登録の照会書", "氏名、住所"))
NOTICE_PAPER = declare(Exit("seals:notice:paper", ExitKind.PAPER, Way.ISSUE, "印鑑登録抹消の通知書", "氏名、住所"))
