"""What a file is, in three figures: compared before a load, written after an export."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from yakuba.core.findings import Finding, Findings, Refused


@dataclass(frozen=True, slots=True)
class Manifest:
    """`rows` without the header, `bytes` of the whole file, `sha256` of the whole file in hexadecimal."""

    rows: int
    bytes: int
    sha256: str

    def check(self, stated: Manifest) -> Findings:
        """One finding for each figure in which the file differs from what was `stated` about it."""
        findings = Findings()
        for name, label in (("rows", "行数"), ("bytes", "バイト数"), ("sha256", "SHA-256")):
            ours, theirs = getattr(self, name), getattr(stated, name)
            if ours != theirs:
                findings.error(
                    "RES-E-310", name, f"{label}が目録と合いません（ファイル {ours}、目録 {theirs}）。",
                    "ファイルが途中で切れたり変わったりしていないか確認し、受け取り直してください。",
                )  # fmt: skip
        return findings


def manifest_path(file: Path) -> Path:
    return file.with_name(file.name + ".manifest.json")


def read_manifest(file: Path) -> Manifest | None:
    """The manifest beside `file`, or None where there is none. Raises Refused for one that can't be read."""
    path = manifest_path(file)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(data["rows"], data["bytes"], data["sha256"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(
            [
                Finding(
                    "RES-E-311", path.name, f"目録を読めません（{type(error).__name__}）。",
                    "目録を受け取り直すか、目録なしで取り込むときは別の場所に移してください。",
                )
            ]
        ) from error  # fmt: skip
    return manifest


def manifest_text(manifest: Manifest) -> str:
    return json.dumps({"format": "yakuba-residents-register", "version": 1, **asdict(manifest)}, indent=1) + "\n"
