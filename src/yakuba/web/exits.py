"""The exits of the shell's own screens, and what a view says about what it hands out."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from ninja.openapi.views import default_home
from ninja.operation import PathView

from yakuba.platform.protection.exits import Exit, ExitKind, HandingOut, Way, declare, handing_out

AUDIT_LIST = declare(
    Exit("web:audit:list", ExitKind.LIST, Way.LISTING, "操作履歴", "宛名番号、操作、対象（世帯番号を含むことがある）")
)
AUDIT_FILE = declare(
    Exit(
        "web:audit:file",
        ExitKind.FILE,
        Way.FILE,
        "操作履歴の書出し",
        "宛名番号、操作、対象（世帯番号を含むことがある）",
    )
)
CASES_LIST = declare(
    Exit("web:cases:list", ExitKind.LIST, Way.LISTING, "開示請求等の一覧", "請求者の氏名、宛名番号、請求の種類・期限")
)
CASE_SCREEN = declare(
    Exit("web:case:screen", ExitKind.SCREEN, Way.DISPLAY, "開示請求等の画面", "請求者の氏名・住所、請求の内容と経過")
)
FLAGS_SCREEN = declare(
    Exit("web:flags:screen", ExitKind.SCREEN, Way.DISPLAY, "支援措置等の設定", "氏名、世帯員、抑止の種類・期間・理由")
)
FLAGS_LIST = declare(Exit("web:flags:list", ExitKind.LIST, Way.LISTING, "支援措置等の一覧", "氏名、抑止の種類・期間"))
RELEASES_LIST = declare(Exit("web:releases:list", ExitKind.LIST, Way.LISTING, "一時解除の一覧", "宛名番号、解除の内容"))


@lru_cache(maxsize=4096)
def of_view(view: Callable[..., Any], method: str) -> HandingOut | None:
    """What a view hands out when it is asked by this method; None where it doesn't say."""
    if isinstance(view, partial) and view.func is default_home:
        return HandingOut(reason="the API's root is no page")
    paths = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
    api = next((path for path in paths if isinstance(path, PathView)), None)
    if api is None:
        return handing_out(view)
    operation = next((operation for operation in api.operations if method in operation.methods), None)
    return HandingOut(reason="no such method") if operation is None else handing_out(operation.view_func)
