"""What other rooms may use of 児童手当."""

from __future__ import annotations

from .rules import WITHIN_DAYS, Child, Income, Month, last_month, monthly_yen, pay_month, start_month

__all__ = ["WITHIN_DAYS", "Child", "Income", "Month", "last_month", "monthly_yen", "pay_month", "start_month"]
