"""A process that puts, finds and opens 個人番号 without end, and writes down what was promised to it.

`python -m tests.platform.vault.writer DATA OUT FIRST STEP`: from YAKUBA_DATABASE_URL; ends when standard input closes. Each
line of OUT (digits, id) is written after the number's commit.
"""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

import django


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "yakuba.nodes.settings"
    os.environ["YAKUBA_DATA"] = sys.argv[1]
    django.setup()
    from django.db import connections
    from tests.django_fixtures import APPLICATION_ROLE, ROLES_PREFIX

    connections.settings["default"].update(DUTY_ROLES=ROLES_PREFIX, APPLICATION_ROLE=APPLICATION_ROLE)
    from yakuba.core.numbers import IndividualNumber
    from yakuba.platform.clock import SystemClock
    from yakuba.platform.vault import store

    serial, step, clock = int(sys.argv[3]), int(sys.argv[4]), SystemClock()
    with Path(sys.argv[2]).open("w", buffering=1) as out:
        while not select.select([sys.stdin], [], [], 0.005)[0]:
            numbers = []
            # Each second number is every writer's, so that they meet.
            for n in (serial, serial // step * 2 + 50_000_000):
                payload = f"{n:011d}"
                numbers.append(IndividualNumber(payload + IndividualNumber.check_digit(payload)))
            ids = store.put(numbers, clock.now())
            for number, id_ in zip(numbers, ids, strict=True):
                assert store.find(number) == id_
                assert store.open_number(id_, store._sealed([id_])[id_]) == number.reveal()
                out.write(f"{number.reveal()} {id_}\n")
            serial += step


if __name__ == "__main__":
    main()
