# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Judging what a security key says (WebAuthn Level 3, sections 7.1 and 7.2): the guard around the library.

The library verifies signatures and chains. It lets through a page inside another's, an answer whose certificate names
another model than the key, a chain nobody asked to end anywhere, a key of another user, algorithms we do not use. All
of that is refused here, and this is the only module that imports it. No database; no clock but the one by which
certificates are judged.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from types import MappingProxyType
from typing import Any, Literal, cast
from uuid import UUID

from cryptography import x509
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_attestation_object,
    parse_cbor,
)
from webauthn.helpers.cose import COSECRV, COSEAlgorithmIdentifier
from webauthn.helpers.structs import AttestationFormat, AttestationObject

from vaka.crypto.policy import ForbiddenAlgorithmError, require_allowed
from vaka.identity.models import Model
from vaka.identity.refusing import KeyRefusedError, Reason

LONGEST_ANSWER = 24_000
"""Characters of what a browser sends, certificates of the key included."""
LONGEST_CREDENTIAL_ID = 1023  # bytes; WebAuthn section 4
_HEAD = 37  # bytes of authenticator data that are always there: hash of the site, flags, counter
_PRESENT, _VERIFIED, _CAN_BE_COPIED, _IS_COPIED = 0x01, 0x04, 0x08, 0x10
_MODEL_IN_CERTIFICATE = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")

ALGORITHMS: Mapping[int, tuple[str, int]] = MappingProxyType(
    {
        int(COSEAlgorithmIdentifier.ECDSA_SHA_256): ("ECDSA-P256-SHA256", int(COSECRV.P256)),
        int(COSEAlgorithmIdentifier.EDDSA): ("Ed25519", int(COSECRV.ED25519)),
    }
)
"""COSE's number (RFC 9053): our name for it, and the one curve it is used with."""
OFFERED = tuple(COSEAlgorithmIdentifier(number) for number in ALGORITHMS)

Ceremony = Literal["webauthn.create", "webauthn.get"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where keys are made and used."""

    origin: str
    """Of the one page from which answers are taken."""
    identifier: str
    """The relying party's: a host name, the origin's own or one above it."""


@dataclass(frozen=True, slots=True)
class KeyRule:
    """What a key must be."""

    device_bound: bool
    """It cannot be copied to another device."""
    attested: bool
    """It proves to be of a listed model."""


RULES: Mapping[str, KeyRule] = MappingProxyType(
    {"user": KeyRule(device_bound=False, attested=False), "administrator": KeyRule(device_bound=True, attested=True)}
)
"""By the class of the account."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sent, taken apart. Nothing of it is believed yet."""

    credential_id: bytes
    client_data: bytes
    said: Mapping[str, Any]
    challenge: bytes
    attestation: bytes = b""
    authenticator_data: bytes = b""
    signature: bytes = b""
    user: bytes | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key that was made says of itself."""

    credential_id: bytes
    public_key: bytes
    algorithm: str
    model: UUID
    device_bound: bool
    attested: bool
    sign_count: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the key that should have signed."""

    credential_id: bytes
    public_key: bytes
    algorithm: str
    site: str
    device_bound: bool
    attested: bool
    sign_count: int


def read_answer(text: str, ceremony: Ceremony) -> Answer:
    """Take apart what a browser sent. Raises KeyRefusedError (malformed, ceremony)."""
    try:
        sent = _plain_object(text if len(text) <= LONGEST_ANSWER else "")
        inner = sent["response"]
        credential_id = _bytes(sent["id"])
        if sent.get("type") != "public-key" or not 1 <= len(credential_id) <= LONGEST_CREDENTIAL_ID:
            raise ValueError("no public key")
        client_data = _bytes(inner["clientDataJSON"])
        said = _plain_object(client_data.decode("utf-8"))
        if said["type"] != ceremony:
            raise KeyRefusedError(Reason.CEREMONY)
        challenge = _bytes(said["challenge"])
        if ceremony == "webauthn.create":
            attestation = _bytes(inner["attestationObject"])
            return Answer(credential_id, client_data, said, challenge, attestation=attestation)
        user = inner.get("userHandle")
        return Answer(
            credential_id, client_data, said, challenge,
            authenticator_data=_bytes(inner["authenticatorData"]), signature=_bytes(inner["signature"]),
            user=None if user is None else _bytes(user),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise KeyRefusedError(Reason.MALFORMED) from None


def judge_new_key(answer: Answer, challenge: bytes, site: Site, rule: KeyRule, models: Mapping[UUID, Model]) -> NewKey:
    """Return what was made, if it may be used. Raises KeyRefusedError."""
    _require_own_page(answer, challenge, site)
    try:
        made = parse_attestation_object(answer.attestation)
        data = cast("dict[str, Any]", parse_cbor(answer.attestation))["authData"]
        credential = made.auth_data.attested_credential_data
        if credential is None or not compare_digest(credential.credential_id, answer.credential_id):
            raise ValueError("not the key that was made")
        model = UUID(bytes=credential.aaguid)
    except Exception:  # whatever a parser makes of a stranger's bytes, it is not an answer
        raise KeyRefusedError(Reason.MALFORMED) from None
    flags = _require_touched(data, site)
    algorithm = _require_allowed_key(credential.credential_public_key)
    device_bound = not flags & _CAN_BE_COPIED
    if rule.device_bound and not device_bound:
        raise KeyRefusedError(Reason.SYNCED)
    roots = _require_model(made, model, models) if rule.attested else ()
    if not rule.attested and made.fmt not in (AttestationFormat.NONE, AttestationFormat.PACKED):
        raise KeyRefusedError(Reason.ATTESTATION)
    try:
        verified = verify_registration_response(
            credential=_for_library(answer), expected_challenge=challenge, expected_rp_id=site.identifier,
            expected_origin=site.origin, require_user_verification=True, supported_pub_key_algs=list(OFFERED),
            pem_root_certs_bytes_by_fmt={AttestationFormat.PACKED: list(roots)},
        )  # fmt: skip
    except Exception:
        raise KeyRefusedError(Reason.ATTESTATION if rule.attested else Reason.SIGNATURE) from None
    return NewKey(
        verified.credential_id, verified.credential_public_key, algorithm, model, device_bound, rule.attested,
        verified.sign_count,
    )  # fmt: skip


def judge_touch(answer: Answer, challenge: bytes, site: Site, rule: KeyRule, known: Known, user: bytes) -> int:
    """Return the key's new counter, if it was the known key that signed. Raises KeyRefusedError."""
    if known.credential_id != answer.credential_id:
        raise KeyRefusedError(Reason.UNKNOWN_KEY)
    if answer.user is not None and not compare_digest(answer.user, user):
        raise KeyRefusedError(Reason.KEY_OF_ANOTHER)
    _require_own_page(answer, challenge, site)
    flags = _require_touched(answer.authenticator_data, site)
    if known.site != site.identifier:
        raise KeyRefusedError(Reason.SITE)
    if _require_allowed_key(known.public_key) != known.algorithm:
        raise KeyRefusedError(Reason.ALGORITHM)
    try:
        verified = verify_authentication_response(
            credential=_for_library(answer), expected_challenge=challenge, expected_rp_id=site.identifier,
            expected_origin=site.origin, credential_public_key=known.public_key, credential_current_sign_count=0,
            require_user_verification=True,
        )  # fmt: skip
    except Exception:
        raise KeyRefusedError(Reason.SIGNATURE) from None
    # What follows is judged once it is known that the key itself said it.
    if bool(flags & _CAN_BE_COPIED) == known.device_bound:
        raise KeyRefusedError(Reason.BACKUP_CHANGED)
    if rule.device_bound and not known.device_bound:
        raise KeyRefusedError(Reason.SYNCED)
    if rule.attested and not known.attested:
        raise KeyRefusedError(Reason.ATTESTATION)
    # A key that does not count says 0 for ever (section 6.1.1).
    if verified.new_sign_count <= known.sign_count and (verified.new_sign_count or known.sign_count):
        raise KeyRefusedError(Reason.COUNTER)
    return verified.new_sign_count


def to_text(data: bytes) -> str:
    """Return bytes as browsers write them (base64url without padding)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _require_own_page(answer: Answer, challenge: bytes, site: Site) -> None:
    if not compare_digest(answer.challenge, challenge):
        raise KeyRefusedError(Reason.OTHER_ACT)
    if answer.said.get("origin") != site.origin:
        raise KeyRefusedError(Reason.ORIGIN)
    # The library reads the first, judges neither, and does not know the second.
    if answer.said.get("crossOrigin", False) is not False or "topOrigin" in answer.said:
        raise KeyRefusedError(Reason.CROSS_ORIGIN)


def _require_touched(data: bytes, site: Site) -> int:
    """Return the flags of authenticator data that somebody made who was there and proved who he is."""
    if len(data) < _HEAD:
        raise KeyRefusedError(Reason.MALFORMED)
    flags = data[32]
    if not compare_digest(data[:32], sha256(site.identifier.encode()).digest()):
        raise KeyRefusedError(Reason.SITE)
    if not flags & _PRESENT:
        raise KeyRefusedError(Reason.NOT_PRESENT)
    if not flags & _VERIFIED:
        raise KeyRefusedError(Reason.NOT_VERIFIED)
    if flags & _IS_COPIED and not flags & _CAN_BE_COPIED:
        raise KeyRefusedError(Reason.MALFORMED)
    return flags


def _require_allowed_key(public_key: bytes) -> str:
    """Return our name of the algorithm that a public key (COSE) is for, if the cryptographic policy has it."""
    try:
        decoded = decode_credential_public_key(public_key)
        number, curve = int(decoded.alg), getattr(decoded, "crv", None)
    except Exception:
        raise KeyRefusedError(Reason.MALFORMED) from None
    name, wanted = ALGORITHMS.get(number, ("", 0))
    if not name or curve != wanted:
        raise KeyRefusedError(Reason.ALGORITHM)
    try:
        require_allowed(name, "security key")
    except ForbiddenAlgorithmError:
        raise KeyRefusedError(Reason.ALGORITHM) from None
    try:
        decoded_public_key_to_cryptography(decoded)  # a point that lies on the curve
    except Exception:
        raise KeyRefusedError(Reason.MALFORMED) from None
    return name


def _require_model(made: AttestationObject, model: UUID, models: Mapping[UUID, Model]) -> tuple[bytes, ...]:
    """Return under whose roots the key's certificate must stand. Without any the library would ask for none."""
    statement = made.att_stmt
    if made.fmt != AttestationFormat.PACKED or not statement.x5c:
        raise KeyRefusedError(Reason.ATTESTATION)
    if statement.alg is None or int(statement.alg) not in ALGORITHMS:
        raise KeyRefusedError(Reason.ALGORITHM)
    listed = models.get(model)
    if listed is None:
        raise KeyRefusedError(Reason.MODEL)
    try:
        extensions = x509.load_der_x509_certificate(statement.x5c[0]).extensions
        named = extensions.get_extension_for_oid(_MODEL_IN_CERTIFICATE).value
        is_issuer = extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except Exception:
        raise KeyRefusedError(Reason.ATTESTATION) from None
    # An octet string (tag 4, 16 bytes long) within the extension's own.
    if is_issuer or getattr(named, "value", b"") != b"\x04\x10" + model.bytes:
        raise KeyRefusedError(Reason.ATTESTATION)
    return listed.roots


def _for_library(answer: Answer) -> dict[str, Any]:
    inner = {"clientDataJSON": to_text(answer.client_data)}
    if answer.attestation:
        inner["attestationObject"] = to_text(answer.attestation)
    else:
        inner |= {"authenticatorData": to_text(answer.authenticator_data), "signature": to_text(answer.signature)}
    identifier = to_text(answer.credential_id)
    return {"id": identifier, "rawId": identifier, "type": "public-key", "response": inner}


def _bytes(text: object) -> bytes:
    """Decode base64url, and nothing that only looks like it. Raises ValueError."""
    if not isinstance(text, str) or not text.isascii():
        raise ValueError("no base64url")
    plain = text.rstrip("=")
    data = urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    if to_text(data) != plain:
        raise ValueError("no base64url")
    return data


def _plain_object(text: str) -> dict[str, Any]:
    """Read a JSON object in which no name stands twice. Raises ValueError."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    read = json.loads(text, object_pairs_hook=once)
    if not isinstance(read, dict):
        raise ValueError("no object")
    return read
