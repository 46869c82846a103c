"""A process that changes keys: `python -m tests.platform.vault.rotator DATA`, from YAKUBA_DATABASE_URL; may be killed anywhere.

Goes on with what a killed one left, then rotates once more, takes everything over, and retires what is empty.
"""

from __future__ import annotations

import os
import sys

import django


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "yakuba.nodes.settings"
    os.environ["YAKUBA_DATA"] = sys.argv[1]
    django.setup()
    from django.db import connections
    from tests.django_fixtures import APPLICATION_ROLE, ROLES_PREFIX

    connections.settings["default"].update(DUTY_ROLES=ROLES_PREFIX, APPLICATION_ROLE=APPLICATION_ROLE)
    from yakuba.platform.access.desk import system_desk
    from yakuba.platform.access.duties import Duty
    from yakuba.platform.clock import SystemClock
    from yakuba.platform.jobs import runner
    from yakuba.platform.vault import rotation

    rotation.CHUNK_ROWS = 50
    desk = system_desk("test", {Duty.SECURITY}, SystemClock())
    runner.execute(rotation.resume(desk).pk, desk.clock)
    print("resumed", flush=True)  # noqa: T201
    _, job = rotation.rotate(desk)
    print("rotated", flush=True)  # noqa: T201
    runner.execute(job.pk, desk.clock)
    print("taken over", flush=True)  # noqa: T201
    for key in rotation.status(desk):
        if key.state == "active" and not key.held:
            rotation.retire(desk, key.id)
    print("retired", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
