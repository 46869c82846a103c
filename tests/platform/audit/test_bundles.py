"""What leaves the house with its proofs: the verifier needs nothing else, and misses nothing."""

from __future__ import annotations

import ast
import copy
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yakuba.platform.audit import bundles, checkpoints, log, merkle, signing, verification, verifier
from yakuba.platform.audit.models import Checkpoint, Entry, Node
from yakuba.platform.clock import FixedClock


def everything(clock: FixedClock, **more: Any) -> bundles.Question:
    return bundles.Question(clock.now() - timedelta(days=9), clock.now() + timedelta(days=1), **more)


def bundle(question: bundles.Question, **how: Any) -> dict[str, Any]:
    stream = io.StringIO()
    bundles.write(question, stream, **how)
    document: dict[str, Any] = json.loads(stream.getvalue())
    return document


@pytest.fixture
def filled(signed_log: Path, act: Callable[..., log.Act], clock: FixedClock) -> Path:
    """Three checkpoints; person 5 is in every tenth entry, clerk1 wrote every third."""
    for batch in range(3):
        log.append_many(
            act(account=f"clerk{number % 3}", subjects=(5, 6) if number % 10 == 0 else (7,), detail={"n": f"見本{number}"})
            for number in range(batch * 100, batch * 100 + 100)
        )  # fmt: skip
        clock.advance(timedelta(hours=1))
        checkpoints.seal(clock)
    return signed_log


def keys() -> list[verifier.VerificationKey]:
    return signing.verification_keys()


def test_a_bundle_of_a_person_or_an_account_proves_each_entry(filled: Path, clock: FixedClock):
    of_person = bundle(everything(clock, subject=5))
    assert of_person["count"] == len(of_person["entries"]) == 30
    assert verifier.check_bundle(of_person, keys()) == ([], 30)
    assert all(5 in json.loads(entry["text"])["subjects"] for entry in of_person["entries"])
    of_account = bundle(everything(clock, account="clerk1"))
    assert verifier.check_bundle(of_account, keys()) == ([], 100)
    assert {json.loads(entry["text"])["account"] for entry in of_account["entries"]} == {"clerk1"}
    nobody = bundle(everything(clock, subject=404))
    assert verifier.check_bundle(nobody, keys()) == ([], 0)


def test_a_period_is_cut_at_its_moments(filled: Path, clock: FixedClock):
    first = Checkpoint.objects.get(number=1).at
    later = bundle(bundles.Question(first, clock.now()))
    assert verifier.check_bundle(later, keys()) == ([], 200)


def test_the_verifier_runs_alone(filled: Path, clock: FixedClock, tmp_path: Path):
    """A copy of the one file, in a process that can't import the house."""
    tool, file = tmp_path / "verifier.py", tmp_path / "bundle.json"
    tool.write_text(Path(verifier.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    file.write_text(json.dumps(bundle(everything(clock, subject=5))), encoding="utf-8")
    command = [sys.executable, "-I", str(tool), str(file), "--key", keys()[0].text]
    kept = ["--checkpoint", str(checkpoints.places()[1])]
    good = subprocess.run(command, capture_output=True, text=True, env={"PYTHONUTF8": "1"})
    assert good.returncode == 0, good.stdout + good.stderr
    assert "記録30件" in good.stdout
    elsewhere = subprocess.run([*command, *kept], capture_output=True, text=True, env={"PYTHONUTF8": "1"})
    assert elsewhere.returncode == 1, "a head in between that is not in the bundle can't be joined"
    file.write_text(file.read_text(encoding="utf-8").replace("clerk0", "clerk9"), encoding="utf-8")
    bad = subprocess.run(command, capture_output=True, text=True, env={"PYTHONUTF8": "1"})
    assert bad.returncode == 1
    assert "変更されています" in bad.stdout
    imports = {
        (node.module or "").partition(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0]
        for node in ast.walk(ast.parse(tool.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imports - set(sys.stdlib_module_names) == {"cryptography"}


def test_a_kept_checkpoint_joins_the_bundle_by_its_size(filled: Path, clock: FixedClock):
    kept = Checkpoint.objects.get(number=2)
    document = bundle(everything(clock, subject=5), since=kept.size)
    assert verifier.check_bundle(document, keys(), [kept.note]) == ([], 30)
    with pytest.raises(LookupError):
        bundle(everything(clock), since=kept.size + 1)


def _leaves_of(document: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every value of a document that means something for the proof."""
    if isinstance(document, dict):
        return [path for name, value in document.items() for path in _leaves_of(value, (*at, name))]
    if isinstance(document, list):
        return [path for index, value in enumerate(document) for path in _leaves_of(value, (*at, index))]
    return [at]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_part_of_a_bundle_can_be_changed(filled: Path, clock: FixedClock, data: st.DataObject):
    document = bundle(everything(clock, subject=5))
    meaningful = [path for path in _leaves_of(document) if path[0] not in {"question", "keys"}]
    path = data.draw(st.sampled_from(meaningful))
    bent = copy.deepcopy(document)
    place: Any = bent
    for step in path[:-1]:
        place = place[step]
    value = place[path[-1]]
    if isinstance(value, int):
        place[path[-1]] = value + data.draw(st.sampled_from([-1, 1]))
    else:
        at = data.draw(st.integers(0, len(value) - 1).filter(lambda n: value[n] not in "+/=\n—"))
        swapped = "1" if value[at] != "1" else "2"
        place[path[-1]] = value[:at] + swapped + value[at + 1 :]
    wrong, _ = verifier.check_bundle(bent, keys())
    assert wrong, path


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d["entries"].pop(),
        lambda d: d["entries"].append(d["entries"][0]),
        lambda d: d["checkpoints"].pop(),
        lambda d: d["checkpoints"].clear(),
        lambda d: d["consistency"].clear(),
        lambda d: d.update(format="other"),
        lambda d: d["entries"][0].update(text="[]"),
        lambda d: d["entries"][0].update(text=None),
        lambda d: d["checkpoints"].append("nonsense"),
    ],
    ids=["entry gone", "entry twice", "newest head gone", "no heads", "no growth", "format", "no entry", "no text", "no head"],
)  # fmt: skip
def test_parts_that_are_missing_or_too_many_are_told(filled: Path, clock: FixedClock, damage: Callable[[Any], Any]):
    document = bundle(everything(clock, subject=5))
    damage(document)
    wrong, _ = verifier.check_bundle(document, keys())
    assert wrong


def test_another_key_verifies_nothing(filled: Path, clock: FixedClock):
    stranger = signing.SigningKey(keys()[0].origin, bytes(32)).public
    wrong, holding = verifier.check_bundle(bundle(everything(clock)), [stranger])
    assert wrong
    assert holding == 0


def test_a_key_can_be_changed_and_the_old_one_goes_on_proving(filled: Path, clock: FixedClock):
    old = keys()[0]
    signing.change()
    log.append(log.Act(clock.now(), "a", "t", "o", "audit", log.Operation.VIEW, log.Result.DONE))
    checkpoints.seal(clock)
    assert verification.verify().breaches == []
    document = bundle(everything(clock))
    assert verifier.check_bundle(document, keys())[0] == []
    assert verifier.check_bundle(document, [old])[0], "the new head wants the new key"
    assert [key.origin for key in keys()] == [old.origin] * 2


def test_a_lost_key_is_not_replaced_in_silence(filled: Path):
    secret = filled / "secrets" / "audit-signing.json"
    assert secret.stat().st_mode & 0o777 == 0o600
    secret.unlink()
    with pytest.raises(signing.NoSigningKey, match="audit key --new"):
        signing.create_if_missing()
    with pytest.raises(signing.NoSigningKey):
        signing.load()
    signing.change()
    signing.create_if_missing()


def test_a_verification_key_is_read_back_or_refused():
    key = signing.SigningKey("yakuba/見本/audit", bytes(range(32))).public
    assert verifier.VerificationKey.parse(key.text) == key
    for text in ("", "a+b", key.text.replace("yakuba", "yakubo"), key.text[:-4], "a+00000000+!!!"):
        with pytest.raises(verifier.Broken):
            verifier.VerificationKey.parse(text)


def test_checkpoints_reach_every_place_once_and_after_a_cut(filled: Path, clock: FixedClock):
    for place in checkpoints.places():
        notes = list(Checkpoint.objects.order_by("number").values_list("note", flat=True))
        assert checkpoints.kept_notes(place) == notes
        assert checkpoints.publish() == []
        assert checkpoints.kept_notes(place) == notes
        text = place.read_text(encoding="utf-8")
        place.write_text(text[: text.rindex("{") + 20], encoding="utf-8")  # a crash in the middle of a line
        assert checkpoints.kept_notes(place) == notes[:-1]
        checkpoints.publish()
        assert checkpoints.kept_notes(place) == notes


def test_a_place_that_cannot_be_written_stops_nobody(
    filled: Path, clock: FixedClock, settings: Any, tmp_path: Path, caplog: Any
):
    (tmp_path / "file").write_text("")
    settings.AUDIT_OUTSIDE = str(tmp_path / "file")
    log.append(log.Act(clock.now(), "a", "t", "o", "audit", log.Operation.VIEW, log.Result.DONE))
    assert checkpoints.seal(clock) == 1
    assert "保管できません" in caplog.text
    assert checkpoints.publish() == checkpoints.places()[1:]


def test_every_level_of_the_tree_is_kept(
    signed_log: Path, act: Any, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
):
    """With tiles of four leaves a hundred entries reach the fourth kept level."""
    for module in (checkpoints, merkle, verification):
        monkeypatch.setattr(module, "TILE", 2)
    for count in (3, 1, 20, 77, 200):
        log.append_many(act() for _ in range(count))
        checkpoints.seal(clock)
    assert set(Node.objects.values_list("level", flat=True)) == {2, 4, 6, 8}
    assert Node.objects.filter(level=2).count() == 301 // 4
    assert verification.verify().breaches == []
    document = bundle(everything(clock))
    assert verifier.check_bundle(document, keys()) == ([], 301)


def test_sealing_takes_each_entry_once(signed_log: Path, act: Any, clock: FixedClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checkpoints, "LEAVES_AT_ONCE", 10)
    log.append_many(act() for _ in range(35))
    assert checkpoints.seal(clock) == 35
    assert checkpoints.seal(clock) == 0
    assert Checkpoint.objects.count() == 4
    assert bundles.unsealed(everything(clock)) == 0
    log.append(act())
    assert bundles.unsealed(everything(clock)) == 1
    assert Entry.objects.count() == 36
    assert verification.verify().breaches == []
