# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""That an assertion counts once. The pending sign-in sees to it too; this holds also where an issuer answers twice."""

import hashlib
from datetime import datetime, timedelta

from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.pending import QUERIES, Connection
from vaka.identity.reasons import Reason
from vaka.identity.saml_guard import SKEW, Judged

_SPARE = timedelta(minutes=5)


async def require_unseen(connection: Connection, judged: Judged, said: Said, now: datetime) -> None:
    """Remember an assertion (as signin). Raises SignInRefusedError (REPLAYED) where it was here before."""
    known_by = f"vaka assertion v1\0{judged.assertion.issuer}\0{judged.identifier}"
    done = await connection.execute(
        QUERIES["note_assertion"],
        {
            "assertion_hash": hashlib.sha256(known_by.encode()).digest(), "expires_at": judged.expires_at,
            "forgotten": now - SKEW - _SPARE,
        },
    )  # fmt: skip
    if done.rowcount == 0:
        raise SignInRefusedError(Reason.REPLAYED, said)
