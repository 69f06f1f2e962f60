# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The certificate of an erasure: what was destroyed, how it was tried, what is left and until when. Pure.

A JSON document and an Ed25519 signature over its bytes, which openssl verifies with the public key beside it::

    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in certificate.json -sigfile certificate.sig

The document's digest stands in the authority's own log, so that another document under the same key is found out.
"""

import json
from datetime import UTC, datetime, timedelta

from vaka.crypto.signing import public_pem, sign
from vaka.ledger.receipts import Receipt
from vaka.tenants.authorities import Authority
from vaka.tenants.erasure import Certificate, ErasureOrder

FORMAT = "vaka-erasure-certificate/1"
_REMAINS = (
    "The entries of the authority's log, in which the person is a random identifier.",
    "The devices, without a person: what they send must reach an operator. They are taken out of use separately.",
    "Files that the authority itself took out before, and what was printed or written down.",
)
_HORIZON = (
    "Every copy of the key database holds this person's key only under the root key version named here as destroyed. "
    "It can be opened by nobody who did not keep a copy of that root key and of what opens it, both from "
    "before. The keyholder refuses to start on such a pair of copies where it remembers a newer generation."
)


def build_certificate(
    authority: Authority, order: ErasureOrder, receipt: Receipt, *, copies_kept: timedelta, now: datetime
) -> bytes:
    """Return the document about an order that was carried out: UTF-8, sorted, to be read by people and machines.

    `receipt` proves its entry; `copies_kept` is how long a backup is kept at most. Raises ValueError for an order that
    is not carried out.
    """
    if order.erased_at is None or order.decided_at is None:
        raise ValueError("nothing was erased")
    destroyed = dict(order.destroyed)
    document = {
        "format": FORMAT,
        "issued": _moment(now),
        "authority": {"id": str(authority.id), "name": authority.name},
        "order": {
            "id": str(order.id),
            "decision": order.decision,
            "scope": f"person:{order.person_id}",
            "ordered": {"by": f"account:{order.ordered_by}", "at": _moment(order.ordered_at)},
            "approved": {"by": f"account:{order.decided_by}", "at": _moment(order.decided_at)},
        },
        "method": {
            "vocabulary": "NIST SP 800-88 Rev. 2",
            "keys": "purge by cryptographic erase: AES-256-GCM, one key for each person",
            "rows": "deleted from the live database; the space they took is reused",
        },
        "deleted": {"at": _optional(order.removed_at), "rows": dict(order.removed)},
        "keys": {name: destroyed.get(name) for name in _KEYS},
        "tried_afterwards": {
            "key_handed_out": destroyed.get("key_handed_out"),
            "values_read_before": destroyed.get("values_read_before"),
            "values_tried": destroyed.get("values_tried"),
            "values_opened": destroyed.get("values_opened"),
            "old_root_key": "asked to open what an old copy of the key database holds, and had not the key",
        },
        "log": {
            "checkpoint_before": destroyed.get("checkpoint_before", ""),
            "entry": receipt.proof.index,
            "proof": receipt.proof.encode().decode(),
        },
        "backups": {
            "made_before": _moment(order.erased_at),
            "hold": "ciphertext that no key opens",
            "why": _HORIZON,
            "gone_by": _moment(order.erased_at + copies_kept),
        },
        "final_from": _moment(order.erased_at),
        "remains": list(_REMAINS),
    }
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


_KEYS = ("subjects", "key_destroyed", "key_new", "root_destroyed", "root_new", "generation", "rewrapped")


def sign_certificate(seed: bytes, document: bytes) -> Certificate:
    """Return the document with its signature under a private key (32 bytes)."""
    return Certificate(document, sign(seed, document), public_pem(seed))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _optional(at: datetime | None) -> str | None:
    return None if at is None else _moment(at)
