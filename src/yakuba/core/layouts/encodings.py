"""The character encodings that a record layout can declare (文字コード)."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass


class UndecodableBytes(ValueError):
    """Bytes that the encoding does not know, or knows under other bytes too; `at` is the offset of the first."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Encoding:
    """Text to bytes and back. `decode` accepts exactly what `encode` writes, so that nothing changes on the way."""

    name: str
    title: str
    decode: Callable[[bytes], str]
    encode: Callable[[str], bytes]
    is_single_byte: bool = False


_JIS_X_0201 = {byte: chr(byte) for byte in range(0x20, 0x7F)}
_JIS_X_0201.update({0x5C: "¥", 0x7E: "‾"})
_JIS_X_0201.update({byte: chr(0xFF61 + byte - 0xA1) for byte in range(0xA1, 0xE0)})
_JIS_X_0201_DECODING = "".join(_JIS_X_0201.get(byte, "\ufffe") for byte in range(256))  # U+FFFE: undefined
_JIS_X_0201_ENCODING = {ord(character): byte for byte, character in _JIS_X_0201.items()}


def _decode_jis_x_0201(raw: bytes) -> str:
    try:
        return codecs.charmap_decode(raw, "strict", _JIS_X_0201_DECODING)[0]
    except UnicodeDecodeError as error:
        message = f"JIS X 0201にない符号（16進{raw[error.start]:02X}）です。"
        raise UndecodableBytes(message, error.start) from error


def _encode_jis_x_0201(text: str) -> bytes:
    try:
        return codecs.charmap_encode(text, "strict", _JIS_X_0201_ENCODING)[0]
    except UnicodeEncodeError as error:
        raise ValueError(f"「{text[error.start]}」は半角カナ（JIS X 0201）で書けません。") from error


def _windows_ibm_extensions() -> dict[str, bytes]:
    """The characters that Windows writes as IBM extensions (FA5C–FC4B), but Python's cp932 as NEC selected ones."""
    extensions = {}
    for lead in (0xFA, 0xFB, 0xFC):
        for trail in (*range(0x40, 0x7F), *range(0x80, 0xFD)):
            code = bytes((lead, trail))
            character = code.decode("cp932", "ignore")
            if len(character) == 1 and character.encode("cp932")[0] in (0xED, 0xEE):
                extensions[character] = code
    return extensions


_WINDOWS_IBM_EXTENSIONS = _windows_ibm_extensions()


def _to_cp932(text: str) -> bytes:
    if _WINDOWS_IBM_EXTENSIONS.keys().isdisjoint(text):
        return text.encode("cp932")
    return b"".join(_WINDOWS_IBM_EXTENSIONS.get(character) or character.encode("cp932") for character in text)


def _multibyte(name: str, title: str, to_bytes: Callable[[str], bytes]) -> Encoding:
    def decode(raw: bytes) -> str:
        if raw.isascii():
            return raw.decode("ascii")
        try:
            text = raw.decode(name)
        except UnicodeDecodeError as error:
            raise UndecodableBytes(f"{title}にない符号（16進{raw[error.start]:02X}）です。", error.start) from error
        written = to_bytes(text)
        if written != raw:
            at = next(i for i, (a, b) in enumerate(zip(raw, written, strict=True)) if a != b)
            raise UndecodableBytes(f"{title}で二通りに書ける文字の、標準でない方の符号（16進{raw[at]:02X}）です。", at)
        return text

    def encode(text: str) -> bytes:
        try:
            return to_bytes(text)
        except UnicodeEncodeError as error:
            raise ValueError(f"「{error.object[error.start]}」は{title}で書けません。") from error

    return Encoding(name, title, decode, encode)


ENCODINGS = {
    encoding.name: encoding
    for encoding in (
        Encoding("jis_x_0201", "半角カナ（JIS X 0201）", _decode_jis_x_0201, _encode_jis_x_0201, is_single_byte=True),
        _multibyte("ascii", "英数字（ASCII）", lambda text: text.encode("ascii")),
        _multibyte("cp932", "シフトJIS（Windows-31J）", _to_cp932),
        _multibyte("shift_jis_2004", "シフトJIS（JIS X 0213:2004）", lambda text: text.encode("shift_jis_2004")),
        _multibyte("utf-8", "UTF-8", lambda text: text.encode("utf-8")),
    )
}
