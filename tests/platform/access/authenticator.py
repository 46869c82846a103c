"""A security key made of software: signs what a browser would let a real one sign (WebAuthn level 2, ES256)."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

from yakuba.platform.access.models import Account, SecurityKey

ORIGIN = "http://localhost"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class SoftKey:
    """`verifies`: whether it knows its owner (fingerprint, face, vein, PIN) or only shows that it is there."""

    verifies: bool = True
    rp_id: str = "localhost"
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    count: int = 0

    def register_directly(self, account: Account, at: datetime) -> SecurityKey:
        """Put it into the register of keys, as if the person had registered it."""
        return SecurityKey.objects.create(
            account=account,
            credential_id=self.credential_id,
            public_key=self._cose(),
            sign_count=0,
            name="見本のキー",
            created_at=at,
        )

    def answer(self, options: dict[str, Any], origin: str = ORIGIN) -> str:
        """To `navigator.credentials.get`."""
        client = self._client("webauthn.get", options, origin)
        data = self._data(0)
        signature = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._json(clientDataJSON=client, authenticatorData=data, signature=signature)

    def create(self, options: dict[str, Any], origin: str = ORIGIN) -> str:
        """To `navigator.credentials.create`, without attestation."""
        client = self._client("webauthn.create", options, origin)
        credential = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + self._cose()
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(_ATTESTED) + credential})
        return self._json(clientDataJSON=client, attestationObject=attestation)

    def _data(self, more: int) -> bytes:
        self.count += 1
        flags = _PRESENT | (_VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client(self, kind: str, options: dict[str, Any], origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": origin}).encode()

    def _cose(self) -> bytes:
        numbers = self.private.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})

    def _json(self, **response: bytes) -> str:
        identifier = bytes_to_base64url(self.credential_id)
        parts = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": identifier, "rawId": identifier, "type": "public-key", "response": parts})
