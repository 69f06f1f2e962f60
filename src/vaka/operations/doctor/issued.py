# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What our own issuers issued on this machine: whether it is renewed in time, and for how long the issuers are good."""

from collections.abc import Iterator
from datetime import timedelta

from vaka.crypto.policy import load_policy
from vaka.errors import Sentence
from vaka.operations.certificates.components import list_components
from vaka.operations.certificates.issuers import list_issuers
from vaka.operations.doctor.findings import Finding, good, unseen, wrong
from vaka.operations.doctor.place import Place

_PATIENCE = timedelta(days=7)
"""So long renewing may fail before it is told of: the timer runs each day, and four weeks are left."""


def look_at_issued(place: Place) -> Iterator[Finding]:
    """Whether each certificate was renewed when it was due, and each issuer outlasts what it is to issue next."""
    lasts = load_policy().certificates
    try:
        issuers, components = list_issuers(place.root), list_components(place.root)
    except (OSError, ValueError):
        yield unseen(
            Sentence(
                sv=f"Certifikaten i {place.root / 'tls/issued'} går inte att läsa, eller är inga.",
                en=f"The certificates in {place.root / 'tls/issued'} cannot be read, or are none.",
            ),
            Sentence(
                sv="Kör detta som kontot som äger dem. Är en fil trasig, utfärda om den: vaka certificates issue.",
                en="Run this as the account that owns them. Is a file broken, issue it anew: vaka certificates issue.",
            ),
        )
        return
    for name, issuer in issuers.items():
        left = issuer.not_valid_after_utc - place.now
        if left < lasts.certificate + lasts.renew_before:
            yield wrong(
                Sentence(
                    sv=f"Certifikatutfärdaren {name} går ut om {left.days} dagar, och det den utfärdar likaså.",
                    en=f"The issuer {name} ends in {left.days} days, and what it issues with it.",
                ),
                Sentence(
                    sv="Grunda en ny med ett annat namn, låt alla lita på båda, och utfärda om från den nya.",
                    en="Found another of another name, let all trust both, and issue anew from that one.",
                ),
            )
    for one in components:
        left = one.ends - place.now
        if one.is_due(place.now) and left < lasts.renew_before - _PATIENCE:
            yield wrong(
                Sentence(
                    sv=f"Certifikatet {one.name} går ut om {left.days} dagar och har inte förnyats.",
                    en=f"The certificate {one.name} ends in {left.days} days, and was not renewed.",
                ),
                Sentence(
                    sv="Se efter varför: systemctl status vaka-certificates.timer, sedan vaka certificates renew.",
                    en="See why: systemctl status vaka-certificates.timer, then vaka certificates renew.",
                ),
            )
    yield good("Det som egna utfärdare utfärdat förnyas i tid.", "What our own issuers issued is renewed in time.")
