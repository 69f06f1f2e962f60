# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The cryptographic bill of materials (CycloneDX 1.6): which algorithms are used for what, which keys there are. Pure.

It is drawn from the policy that is asked before anything is used, and from the register the keyholder keeps; it holds
no key, and nobody a key is about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from vaka.crypto.policy import Algorithm, CryptoPolicy
from vaka.keys.calls import Registered

_KEY_BITS = 256
_SEALS_WITH = "algorithm/AES-256-GCM/encryption"
_LOOKS_UP_WITH = "algorithm/HMAC-SHA256/lookup"
_SIGNS_WITH = "algorithm/Ed25519/signature"
_CERTIFIES_WITH = "/".join(("algorithm", "ECDSA-P256-SHA256", "certificate-signature"))
_LOOKUP, _SIGNING, _ISSUING = "lookup", "signing", "certificate"
_USED_WITH = {_LOOKUP: _LOOKS_UP_WITH, _SIGNING: _SIGNS_WITH, _ISSUING: _CERTIFIES_WITH}
_FOR = {_LOOKUP: "looking up by", _SIGNING: "signing", _ISSUING: "issuing certificates as"}
_STATES = {"current": "active", "due": "active", "destroyed": "destroyed"}


@dataclass(frozen=True, slots=True)
class _Kind:
    """What CycloneDX calls the algorithms of a purpose."""

    primitive: str
    functions: tuple[str, ...]


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "encryption": _Kind("ae", ("encrypt", "decrypt")),
        "derivation": _Kind("kdf", ("keyderive",)),
        "lookup": _Kind("mac", ("tag",)),
        "agreement": _Kind("key-agree", ("keygen", "keyderive")),
        "signature": _Kind("signature", ("sign", "verify")),
        "security key": _Kind("signature", ("verify",)),
        "binding": _Kind("mac", ("tag",)),
        "digest": _Kind("hash", ("digest",)),
        "device login": _Kind("hash", ("digest",)),
        "assertion signature": _Kind("signature", ("sign", "verify")),
        "assertion digest": _Kind("hash", ("digest",)),
        "assertion encryption": _Kind("block-cipher", ("decrypt",)),
        "assertion key": _Kind("pke", ("decapsulate",)),
        "certificate signature": _Kind("signature", ("sign", "verify")),
    }
)


def bill_of_materials(
    policy: CryptoPolicy, keys: Sequence[Registered], *, serial: UUID, version: str, now: datetime
) -> dict[str, Any]:
    """Return the bill as JSON takes it. Raises KeyError where the policy knows a purpose that this does not."""
    algorithms = sorted(policy.algorithms.values(), key=lambda one: (one.name, one.purpose))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": now.isoformat(timespec="seconds"),
            "component": {"type": "application", "bom-ref": "vaka", "name": "vaka", "version": version},
        },
        "components": [*map(_algorithm, algorithms), *map(_key, keys)],
        "dependencies": [{"ref": "vaka", "dependsOn": [_reference(one) for one in algorithms]}],
    }


def _algorithm(one: Algorithm) -> dict[str, Any]:
    kind = _KINDS[one.purpose]
    described = f"for {one.purpose} ({one.source})"
    return {
        "type": "cryptographic-asset",
        "bom-ref": _reference(one),
        "name": one.name,
        "description": f"{described}. Exception: {one.exception}" if one.exception else described,
        "cryptoProperties": {
            "assetType": "algorithm",
            "algorithmProperties": {
                "primitive": kind.primitive,
                "parameterSetIdentifier": str(one.bits),
                "cryptoFunctions": list(kind.functions),
            },
        },
    }


def _key(one: Registered) -> dict[str, Any]:
    dates = {"creationDate": one.created, "activationDate": one.created, "expirationDate": one.rotate_by}
    return {
        "type": "cryptographic-asset",
        "bom-ref": f"key/{one.id}",
        "name": f"{one.kind} key" if one.keys == 1 else f"{one.keys} {one.kind} keys",
        "description": f"of {one.owner}" + (f", for {_FOR[one.kind]} {one.purpose}" if one.purpose else ""),
        "cryptoProperties": {
            "assetType": "related-crypto-material",
            "relatedCryptoMaterialProperties": {
                "type": "private-key" if one.kind in (_SIGNING, _ISSUING) else "secret-key",
                "id": one.id,
                "state": _STATES[one.state],
                "size": _KEY_BITS,
                "algorithmRef": _USED_WITH.get(one.kind, _SEALS_WITH),
                **{name: when.isoformat(timespec="seconds") for name, when in dates.items() if when is not None},
            },
        },
    }


def _reference(one: Algorithm) -> str:
    return f"algorithm/{one.name}/{one.purpose.replace(' ', '-')}"
