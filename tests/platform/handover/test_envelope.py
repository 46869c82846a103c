"""Sealed files: what goes in comes out; what was touched does not open."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.platform.handover import envelope, opener
from yakuba.platform.handover.opener import CHUNK_BYTES, NotOpened

KEY = bytes(range(32))
WHOLE = opener.with_file_key(KEY)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
X25519 = x25519.X25519PrivateKey.generate()


def pem_of(key: rsa.RSAPrivateKey | x25519.X25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip


def public_pem_of(key: rsa.RSAPrivateKey | x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip


def certificate_pem() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mihon")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, RSA.public_key(), 1, start, start + timedelta(days=365))
    return made.sign(RSA, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def seal(content: bytes, keys: list[dict[str, object]] | None = None, piece: int = 100_000) -> bytes:
    target = io.BytesIO()
    sealer = envelope.Sealer(target, KEY, keys or [envelope.KEPT])
    for start in range(0, len(content), piece):
        sealer.write(content[start : start + piece])
    sealer.finish()
    assert sealer.plain.digest() == hashlib.sha256(content).digest()
    assert sealer.sealed.digest() == hashlib.sha256(target.getvalue()).digest()
    assert sealer.size == len(content)
    return target.getvalue()


def unseal(data: bytes, unwrap: opener.Unwrap = WHOLE) -> bytes:
    return b"".join(opener.plain_chunks(io.BytesIO(data), unwrap))


SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", [99_999, CHUNK_BYTES, 5 * CHUNK_BYTES])
def test_what_was_sealed_opens(size: int, piece: int):
    content = hashlib.shake_256(b"mihon").digest(size)
    assert unseal(seal(content, piece=piece)) == content


@settings(max_examples=40)
@given(content=st.binary(max_size=3_000), piece=st.integers(1, 700))
def test_content_in_any_pieces(content: bytes, piece: int):
    assert unseal(seal(content, piece=piece)) == content


@pytest.mark.req("SEC-C-009")
@pytest.mark.parametrize("key", [RSA, X25519], ids=["rsa", "x25519"])
def test_only_the_recipients_key_opens(key: rsa.RSAPrivateKey | x25519.X25519PrivateKey):
    sealed = seal(b"mihon", [envelope.to_certificate(KEY, envelope.certificate(public_pem_of(key)))])
    assert b"mihon" not in sealed
    assert unseal(sealed, opener.with_private_key(pem_of(key))) == b"mihon"
    strangers = (
        pem_of(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        pem_of(x25519.X25519PrivateKey.generate()),
    )
    for stranger in strangers:
        with pytest.raises(NotOpened, match="開けません"):
            unseal(sealed, opener.with_private_key(stranger))


@pytest.mark.req("SEC-T-028")
def test_a_passphrase_opens_and_no_other_does():
    sealed = seal(b"mihon", [envelope.to_passphrase(KEY, "長い合言葉・見本")])
    assert unseal(sealed, opener.with_passphrase("長い合言葉・見本")) == b"mihon"
    with pytest.raises(NotOpened, match="開けません"):
        unseal(sealed, opener.with_passphrase("長い合言葉・別"))


def test_several_recipients_open_the_same_file():
    keys = [envelope.to_certificate(KEY, envelope.certificate(public_pem_of(key))) for key in (RSA, X25519)]
    sealed = seal(b"mihon", keys)
    assert {unseal(sealed, opener.with_private_key(pem_of(key))) for key in (RSA, X25519)} == {b"mihon"}


# -- touched files -----------------------------------------------------------------------------------------------------

CONTENT = hashlib.shake_256(b"three chunks").digest(2 * CHUNK_BYTES + 500)
SEALED = seal(CONTENT)
HEAD = len(opener.read_head(io.BytesIO(SEALED))[1])
STEP = CHUNK_BYTES + opener.TAG_BYTES


def _pieces(data: bytes) -> tuple[bytes, list[bytes]]:
    body = data[HEAD:]
    return data[:HEAD], [body[start : start + STEP] for start in range(0, len(body), STEP)]


TOUCHED: dict[str, Callable[[bytes, list[bytes]], bytes]] = {
    "last chunk missing": lambda head, chunks: head + b"".join(chunks[:-1]),
    "first chunk missing": lambda head, chunks: head + b"".join(chunks[1:]),
    "swapped": lambda head, chunks: head + chunks[1] + chunks[0] + chunks[2],
    "doubled": lambda head, chunks: head + chunks[0] + chunks[0] + chunks[1] + chunks[2],
    "something after it": lambda head, chunks: head + b"".join(chunks) + b"x",
    "another file's chunk": lambda head, chunks: head + chunks[0] + _pieces(seal(CONTENT))[1][1] + chunks[2],
    "no chunk": lambda head, chunks: head,
}


@pytest.mark.parametrize("touch", TOUCHED.values(), ids=TOUCHED)
def test_a_file_that_was_cut_moved_or_added_to_is_refused(touch: Callable[[bytes, list[bytes]], bytes]):
    with pytest.raises(NotOpened):
        unseal(touch(*_pieces(SEALED)))


@settings(max_examples=80, deadline=None)
@given(place=st.integers(0, len(SEALED) - 1), bit=st.integers(0, 7))
def test_no_bit_can_be_changed(place: int, bit: int):
    touched = bytearray(SEALED)
    touched[place] ^= 1 << bit
    with pytest.raises(NotOpened):
        unseal(bytes(touched))


@settings(max_examples=80, deadline=None)
@given(length=st.integers(0, len(SEALED) - 1))
def test_no_beginning_opens(length: int):
    with pytest.raises(NotOpened):
        unseal(SEALED[:length])


@settings(max_examples=200)
@given(data=st.binary(max_size=300))
def test_rubbish_is_refused_and_nothing_else(data: bytes):
    for start in (b"", opener.MAGIC):
        with pytest.raises(NotOpened):
            unseal(start + data)


@settings(max_examples=100)
@given(
    header=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["chunk", "nonce", "keys", "kind", "wrapped", "salt", "log_n"]), inner)
        ),
        max_leaves=8,
    )
)
def test_forged_headers_are_refused_and_nothing_else(header: object):
    text = json.dumps(header).encode()
    for unwrap in (WHOLE, opener.with_private_key(pem_of(X25519)), opener.with_passphrase("x")):
        with pytest.raises(NotOpened):
            unseal(opener.MAGIC + len(text).to_bytes(4, "big") + text + b"0" * 40, unwrap)


def test_a_forged_header_can_not_ask_for_all_memory():
    entry = {**envelope.to_passphrase(KEY, "x"), "log_n": 40}
    with pytest.raises(NotOpened, match="パスフレーズの設定"):
        unseal(seal(b"mihon", [entry]), opener.with_passphrase("x"))


# -- keys --------------------------------------------------------------------------------------------------------------


def test_certificates_and_bare_keys_are_read():
    read = envelope.certificate(certificate_pem())
    assert (read.not_before.year, read.not_after.year) == (2026, 2027)
    assert read.fingerprint == envelope.certificate(public_pem_of(RSA)).fingerprint


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----",
        public_pem_of(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 -- refused
        public_pem_of(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["empty", "broken", "short", "curve"],
)
def test_keys_that_nothing_can_be_wrapped_to(pem: bytes):
    with pytest.raises(envelope.UnusableKey):
        envelope.certificate(pem)


# -- the recipient's program -------------------------------------------------------------------------------------------


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As the recipient does: one file, nothing of the house beside it."""
    program = folder / "opener.py"
    program.write_text(Path(opener.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-I", str(program), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_recipients_program_stands_alone(tmp_path: Path):
    (tmp_path / "list.csv.ykh").write_bytes(
        seal(CONTENT, [envelope.to_certificate(KEY, envelope.certificate(public_pem_of(X25519)))])
    )
    (tmp_path / "private.pem").write_bytes(pem_of(X25519))
    (tmp_path / "other.pem").write_bytes(pem_of(RSA))
    stated = run(tmp_path, "list.csv.ykh", "--hash").stdout.strip()
    assert stated == hashlib.sha256((tmp_path / "list.csv.ykh").read_bytes()).hexdigest()
    refused = run(tmp_path, "list.csv.ykh", "--key", "other.pem")
    assert (refused.returncode, "開けません" in refused.stderr) == (1, True)
    assert not (tmp_path / "list.csv").exists()
    assert run(tmp_path, "list.csv.ykh", "--key", "private.pem").returncode == 0
    assert (tmp_path / "list.csv").read_bytes() == CONTENT
    assert (tmp_path / "list.csv").stat().st_mode & 0o777 == 0o600
    assert run(tmp_path, "list.csv.ykh", "--key", "private.pem").returncode == 1, "nothing is overwritten"


def test_a_cut_file_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "cut.ykh").write_bytes(SEALED[:-1])
    with (tmp_path / "cut.ykh").open("rb") as cut, pytest.raises(NotOpened):
        opener.open_to(cut, tmp_path / "cut", WHOLE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.ykh"]
