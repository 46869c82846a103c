"""The columns of the file, in their order."""

from __future__ import annotations

from ..items import NAMES

COLUMNS = ("number", "valid_from", *NAMES)
"""宛名番号, the legal day from which the state holds, then every item of `items.ITEMS`."""

PLACE = {name: place for place, name in enumerate(COLUMNS, 1)}
"""Column -> its place in the row, from 1."""

HEADER = ",".join(COLUMNS).encode()
"""The first line, without its line feed."""

MAX_LINE_BYTES = 65_536
"""No record of 128 items needs more: remark, the longest, has 400 characters."""
