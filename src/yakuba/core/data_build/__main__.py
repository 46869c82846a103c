"""The build program: `python -m yakuba.core.data_build SOURCE_FOLDER TARGET_FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from yakuba.core.data_build import addresses, characters


def main(arguments: list[str]) -> int:
    """Compile every file; the answer is the exit status."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m yakuba.core.data_build SOURCE_FOLDER TARGET_FOLDER\n")
        return 2
    source, target = (Path(argument) for argument in arguments)
    for name, content in {**characters.compile_files(source), **addresses.compile_files(source)}.items():
        (target / name).write_bytes(content)
        sys.stdout.write(f"{name}: {len(content)} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
