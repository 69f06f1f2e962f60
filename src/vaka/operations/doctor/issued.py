# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What our own issuers issued on this machine: whether it is renewed in time, and for how long the issuers are good."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from cryptography import x509

from vaka.counted import counted
from vaka.crypto.policy import load_policy
from vaka.errors import Sentence
from vaka.operations.certificates.components import Component, list_components
from vaka.operations.certificates.issuers import list_issuers
from vaka.operations.doctor.findings import DAYS, Finding, good, unseen, wrong
from vaka.operations.doctor.place import Place

_NOTHING = timedelta()
_PATIENCE = timedelta(days=7)
"""So long renewing may fail before it is told of: the timer runs each day, and four weeks are left."""


def look_at_issued(place: Place) -> Iterator[Finding]:
    """Whether each certificate was renewed when it was due, and each issuer outlasts what it is to issue next."""
    try:
        (issuers, unfit), (components, broken) = list_issuers(place.root), list_components(place.root)
    except PermissionError:
        yield _unseen(place)
        return
    found = [
        *(_of_broken(place, f"{name}-ca.pem", error) for name, error in unfit.items()),
        *(_of_broken(place, f"issued/{name}", error) for name, error in broken.items()),
        *_of_issuers(place, issuers), *_of_components(place, components),
    ]  # fmt: skip
    yield from found
    if not found:
        yield good("Det som egna utfärdare utfärdat förnyas i tid.", "What our own issuers issued is renewed in time.")


def _of_broken(place: Place, file: str, error: Exception) -> Finding:
    if isinstance(error, PermissionError):
        return _unseen(place)
    where = place.root / "tls" / file
    return wrong(
        Sentence(
            sv=f"{where} går inte att läsa, eller är inget certifikat som vi gjort.",
            en=f"{where} cannot be read, or is no certificate of our making.",
        ),
        Sentence(
            sv="Utfärda om det (vaka certificates issue), eller lägg tillbaka utfärdarens fil därifrån andra har den.",
            en="Issue it anew (vaka certificates issue), or put an issuer's file back from where others have it.",
        ),
    )


def _unseen(place: Place) -> Finding:
    return unseen(
        Sentence(
            sv=f"Certifikaten i {place.root / 'tls'} får inte läsas.",
            en=f"The certificates in {place.root / 'tls'} may not be read.",
        ),
        Sentence(sv="Kör detta som kontot som äger dem.", en="Run this as the account that owns them."),
    )


def _of_issuers(place: Place, issuers: Mapping[str, x509.Certificate]) -> Iterator[Finding]:
    lasts = load_policy().certificates
    for name, issuer in issuers.items():
        left = issuer.not_valid_after_utc - place.now
        if left >= lasts.certificate + lasts.renew_before:
            continue
        days = counted(DAYS, left.days)
        said = Sentence(
            sv=f"Certifikatutfärdaren {name} går ut om {days.sv}, och det den utfärdar likaså.",
            en=f"The issuer {name} ends in {days.en}, and what it issues with it.",
        )
        if left < _NOTHING:
            said = Sentence(
                sv=f"Certifikatutfärdaren {name} har gått ut, och det den utfärdat likaså.",
                en=f"The issuer {name} has ended, and what it issued with it.",
            )
        mend = Sentence(
            sv="Grunda en ny med ett annat namn, låt alla lita på båda, och utfärda om från den nya.",
            en="Found another of another name, let all trust both, and issue anew from that one.",
        )
        yield wrong(said, mend)


def _of_components(place: Place, components: Sequence[Component]) -> Iterator[Finding]:
    for one in components:
        left = one.ends - place.now
        if not one.is_due(place.now) or left >= load_policy().certificates.renew_before - _PATIENCE:
            continue
        days = counted(DAYS, left.days)
        said = Sentence(
            sv=f"Certifikatet {one.name} går ut om {days.sv} och har inte förnyats.",
            en=f"The certificate {one.name} ends in {days.en}, and was not renewed.",
        )
        if left < _NOTHING:
            said = Sentence(
                sv=f"Certifikatet {one.name} har gått ut och har inte förnyats.",
                en=f"The certificate {one.name} has ended, and was not renewed.",
            )
        mend = Sentence(
            sv="Se efter varför: systemctl status vaka-certificates.timer, sedan vaka certificates renew.",
            en="See why: systemctl status vaka-certificates.timer, then vaka certificates renew.",
        )
        yield wrong(said, mend)
