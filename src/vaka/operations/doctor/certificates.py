# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The certificate that devices are shown: for how many days it is good, and whether its key is its own."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from vaka.counted import counted
from vaka.errors import Sentence
from vaka.operations.doctor.findings import DAYS, Finding, good, unseen, wrong
from vaka.operations.doctor.place import Place

WARNED_BEFORE = timedelta(days=21)


def look_at_certificates(place: Place) -> Iterator[Finding]:
    """Whether what the receiver shows is good today and for three weeks more."""
    receiver = place.settings.receiver
    if receiver.tls_port is None:
        yield good("Mottagaren visar inget certifikat (receiver.tls_port).", "The receiver shows no certificate.")
        return
    chain, key = place.root / receiver.certificate, place.root / receiver.certificate_key
    try:
        certificates = x509.load_pem_x509_certificates(chain.read_bytes())
    except OSError:
        yield _unread(chain)
        return
    except ValueError:
        yield _unusable(chain)
        return
    for certificate in certificates:
        yield from _look_at_days(place, chain, certificate)
    try:
        own = load_pem_private_key(key.read_bytes(), None).public_key()
    except OSError:
        yield _unread(key)
        return
    except (ValueError, TypeError):
        yield _unusable(key)
        return
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if own.public_bytes(*form) != certificates[0].public_key().public_bytes(*form):
        yield wrong(
            Sentence(
                sv=f"Nyckeln {key} hör inte till certifikatet {chain}.",
                en=f"The key {key} is not that of the certificate {chain}.",
            ),
            Sentence(
                sv="Lägg dit den nyckel som certifikatet beställdes med.",
                en="Put the key there that the certificate was ordered with.",
            ),
        )


def _look_at_days(place: Place, path: Path, certificate: x509.Certificate) -> Iterator[Finding]:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    left = counted(DAYS, (ends - place.now).days)
    if place.now < begins:
        said = Sentence(
            sv=f"Certifikatet {path} gäller först från {begins:%Y-%m-%d}.",
            en=f"The certificate {path} is valid only from {begins:%Y-%m-%d}.",
        )
    elif ends <= place.now:
        said = Sentence(
            sv=f"Certifikatet {path} gick ut {ends:%Y-%m-%d}: larm över TLS kommer inte fram.",
            en=f"The certificate {path} expired on {ends:%Y-%m-%d}: no alarm comes in over TLS.",
        )
    elif ends - place.now < WARNED_BEFORE:
        said = Sentence(
            sv=f"Certifikatet {path} går ut om {left.sv}.", en=f"The certificate {path} expires in {left.en}."
        )
    else:
        yield good(f"Certifikatet gäller i {left.sv}.", f"The certificate is valid for {left.en}.")
        return
    yield wrong(
        said,
        Sentence(
            sv="Lägg dit ett nytt med sin nyckel (receiver.certificate). Mottagaren visar det inom tio sekunder.",
            en="Put a new one there with its key (receiver.certificate). The receiver shows it within ten seconds.",
        ),
    )


def _unread(path: Path) -> Finding:
    try:
        is_there = path.exists()
    except OSError:
        is_there = True
    if is_there or not path.parent.is_dir():
        return unseen(
            Sentence(sv=f"{path} går inte att läsa.", en=f"{path} cannot be read."),
            Sentence(
                sv="Kör detta som det konto som äger filen, eller som root.",
                en="Run this as the account that owns the file, or as root.",
            ),
        )
    return wrong(
        Sentence(sv=f"{path} saknas.", en=f"{path} is missing."),
        Sentence(
            sv="Lägg dit filen, ange en annan i vaka.toml, eller stäng TLS med receiver.tls_port = false.",
            en="Put the file there, name another in vaka.toml, or close TLS with receiver.tls_port = false.",
        ),
    )


def _unusable(path: Path) -> Finding:
    return wrong(
        Sentence(sv=f"{path} är inte i PEM, eller låst.", en=f"{path} is not in PEM, or it is locked."),
        Sentence(
            sv="Lägg dit det i PEM, nyckeln utan lösenord.", en="Put it there in PEM, the key without a passphrase."
        ),
    )
