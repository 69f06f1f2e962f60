# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The certificate of an erasure: what was destroyed, how it was tried, what is left and until when. Pure.

A JSON document and an Ed25519 signature over its bytes, which openssl verifies with the public key beside it::

    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in certificate.json -sigfile certificate.sig

The document's digest stands in the authority's own log, so that another document under the same key is found out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vaka.crypto.signing import public_pem, sign
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.receipts import Receipt
from vaka.tenants.authorities import Authority
from vaka.tenants.ending import EndingOrder
from vaka.tenants.erasure import Certificate, ErasureOrder

FORMAT = "vaka-erasure-certificate/1"


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a certificate says that depends on who was erased."""

    names: str
    remains: tuple[str, ...]
    ciphertext: str
    also_hold: tuple[str, ...]
    outcomes: Mapping[str, str]
    attempt: tuple[str, ...]
    """Which counts of the attempt in a backup are given."""


_REMAINS = (
    "The entries of the authority's log, in which the person is a random identifier.",
    "The devices, without a person: what they send must reach an operator. They are taken out of use separately.",
    "Alarms and notes from before a device was this person's, also with the reception of unknown senders: they name "
    "nobody, and hold in letters to the authority or to the reception what the device said and its number.",
    "Files that the authority itself took out before, and what was printed or written down.",
)
_CIPHERTEXT = (
    "What is sealed under this person's key. In every copy of the key database that key lies under the root key "
    "version named here as destroyed. Whoever kept a copy of that root key from before opens it; the keyholder refuses "
    "such a pair of old copies where it remembers a newer generation."
)
_ALSO_HOLD = (
    "What stands for the personal number and the telephone number (HMAC-SHA256): whoever has the authority's lookup "
    "key can try numbers against it.",
    "When alarms were raised and ended and of which kind, never sealed; and what stands for the numbers of devices "
    "(HMAC-SHA256): whoever has the installation's key for them can try numbers against it.",
    "What a device said, its number, and where it is placed, that were written to the authority's own key or the "
    "reception's, because nobody was known to be its person.",
)
_OF_AUTHORITY_REMAINS = (
    "The authority's log, in which people are random identifiers. It is sealed, and can be read and verified, for as "
    "long as the authority has decided that it is kept.",
    "Orders, decisions and certificates of erasures and exports, rules of removal, limits, closing codes and units.",
    "In the supplier's directory and log: the authority's name, its officers' accounts, that the contract has ended.",
    "What a device sends from now on, which reaches the reception of unknown senders until the device is taken away.",
    "Files that the authority itself took out before, and what was printed or written down.",
)
_OF_AUTHORITY_CIPHERTEXT = (
    "What is sealed under this authority's keys, of everybody, and what was written to the authority itself. In every "
    "copy of the key database those keys lie under the root key version named here as destroyed. Whoever kept a copy "
    "of that root key from before opens them; the keyholder refuses such a pair of old copies where it remembers a "
    "newer generation."
)
_OF_AUTHORITY_ALSO_HOLD = (
    "What stands for personal numbers and telephone numbers (HMAC-SHA256). The lookup key they were made with is "
    "destroyed too: without a copy of it from before nobody can try numbers against them.",
    "When alarms were raised and ended and of which kind, never sealed; and what stands for the numbers of devices "
    "(HMAC-SHA256): whoever has the installation's key for them can try numbers against it.",
)
_IN_A_DEVICE = "purge by cryptographic erase: the root key was destroyed in a key device"
_IN_A_FILE = (
    "cryptographic erase: the root key's file was written over; on flash memory and copy-on-write file systems old "
    "blocks may survive until they are reused"
)
_REPLACED = (
    "what opens the file was replaced with it: a copy of the file from before opens with a copy of that from before, "
    "and not with what is there now"
)
_STAYS = "what opens the file stayed the same: whoever has it, and a copy of the file from before, opens that"
_OUTCOMES = {
    "tried": "the newest backup set from before the deletion, or the newest of all where there is none, was restored, "
    "and everything tried that is sealed about the person in it; the keyholder was asked for the keys by name, among "
    "all keys, and with the wrapped keys that the set holds",
    "not_configured": "not tried: the operator's settings name no directory of backup sets. Whether there are any is "
    "not known here",
    "none_there": "not tried: there is no whole backup set in the directory that the operator's settings name",
    "no_room": "not tried: there was no room to restore the set",
    "not_restored": "not tried: the set could not be restored",
    "unreadable": "not tried: the set was restored, and holds no register that this version can read",
    "too_long": "not tried: restoring the set took longer than the operator's settings allow",
}
_OUTCOMES_OF_AUTHORITY = {
    **_OUTCOMES,
    "tried": "the newest backup set from before the devices were let go, or the newest of all where there is none, was "
    "restored, and everything tried that is sealed about so many of the people in it, spread over the register, and in "
    "letters to the authority itself, up to 5,000 rows of a table for each; the keyholder was asked for the keys by "
    "name, for all keys of the authority, and with the wrapped keys that the set holds",
}
_ATTEMPT = (
    "set", "made", "keys_handed_out", "copies_tried", "copies_opened", "values_tried", "values_opened", "letters_tried",
    "letters_opened",
)  # fmt: skip
_ATTEMPT_OF_AUTHORITY = ("people_tried", "people_there", *_ATTEMPT)
_KEYS = ("subjects", "key_destroyed", "key_new", "root_destroyed", "root_new", "generation", "rewrapped")


def build_certificate(
    authority: Authority,
    order: ErasureOrder | EndingOrder,
    receipt: Receipt,
    tried: Receipt,
    *,
    copies_kept: timedelta,
    in_a_device: bool,
    credential_stays: bool,
    now: datetime,
) -> bytes:
    """Return the document about an order that was carried out: UTF-8, sorted, to be read by people and machines.

    What was destroyed and how it was tried is said as the sealed entries say it, which `receipt` and, of the attempt in
    a restored backup, `tried` prove; `copies_kept` is how long a backup is kept at most. Raises ValueError for an order
    that is not carried out, LedgerError where the entry is none.
    """
    if order.erased_at is None or order.decided_at is None:
        raise ValueError("nothing was erased")
    told, scope = parse_leaf(receipt.entry).detail, _scope_of(authority, order)
    ordered: dict[str, object] = {
        "id": str(order.id),
        "decision": order.decision,
        "scope": scope.names,
        "ordered": {"by": f"account:{order.ordered_by}", "at": _moment(order.ordered_at)},
        "approved": {"by": f"account:{order.decided_by}", "at": _moment(order.decided_at)},
    }
    if isinstance(order, EndingOrder):
        ordered |= {
            "waited_days": order.wait_days,
            "devices_let_go": _optional(order.released_at),
            "export_taken_out_before": {"sha256": order.export_digest, "none_because": order.no_export},
        }
    document = {
        "format": FORMAT,
        "issued": _moment(now),
        "authority": {"id": str(authority.id), "name": authority.name},
        "order": ordered,
        "method": {
            "vocabulary": "NIST SP 800-88 Rev. 2",
            "keys": _IN_A_DEVICE if in_a_device else f"{_IN_A_FILE}; {_STAYS if credential_stays else _REPLACED}",
            "rows": "deleted from the live database; the space they took is reused",
        },
        "deleted": {"at": _optional(order.removed_at), "rows": dict(order.removed)},
        "keys": {name: told.get(name) for name in _KEYS},
        "tried_afterwards": {
            "keys_handed_out": told.get("keys_handed_out"),
            "values_read_before": told.get("values_read_before"),
            "values_tried": told.get("values_tried"),
            "values_opened": told.get("values_opened"),
            "old_root_key": "the keyholder looked for it before it answered, and it was not there",
        },
        "tried_in_a_backup": _describe_attempt(tried, scope),
        "log": {
            "checkpoint_before": str(order.destroyed.get("checkpoint_before", "")),
            "entry": receipt.proof.index,
            "proof": receipt.proof.encode().decode(),
        },
        "backups": {
            "made_before": _moment(order.erased_at),
            "unreadable": scope.ciphertext,
            "also_hold": list(scope.also_hold),
            "kept_until_by_the_operators_setting": _moment(order.erased_at + copies_kept),
        },
        "final_from": _moment(order.erased_at),
        "remains": list(scope.remains),
    }
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def _describe_attempt(tried: Receipt, scope: _Scope) -> dict[str, object]:
    told = parse_leaf(tried.entry).detail
    return {
        "outcome": scope.outcomes.get(str(told.get("backup")), "not tried"),
        **{name: told.get(name) for name in scope.attempt},
        "entry": tried.proof.index,
        "proof": tried.proof.encode().decode(),
    }


def _scope_of(authority: Authority, order: ErasureOrder | EndingOrder) -> _Scope:
    if isinstance(order, EndingOrder):
        return _Scope(
            f"authority:{authority.id}", _OF_AUTHORITY_REMAINS, _OF_AUTHORITY_CIPHERTEXT, _OF_AUTHORITY_ALSO_HOLD,
            _OUTCOMES_OF_AUTHORITY, _ATTEMPT_OF_AUTHORITY,
        )  # fmt: skip
    return _Scope(f"person:{order.person_id}", _REMAINS, _CIPHERTEXT, _ALSO_HOLD, _OUTCOMES, _ATTEMPT)


def sign_certificate(seed: bytes, document: bytes) -> Certificate:
    """Return the document with its signature under a private key (32 bytes)."""
    return Certificate(document, sign(seed, document), public_pem(seed))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _optional(at: datetime | None) -> str | None:
    return None if at is None else _moment(at)
