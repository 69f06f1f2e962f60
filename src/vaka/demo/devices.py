# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Inventing devices, one in each home: every transport and every way to prove itself that real ones use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from random import Random

from vaka.demo.authorities import DemoAuthority, demo_identifier
from vaka.demo.certificates import CertificateAuthority
from vaka.tenants.device_secrets import SecretDesk
from vaka.tenants.devices import Certificate, Device, Digest, Network
from vaka.tenants.people import Person

CARE_PHONE = 2
"""Device type "local unit and controller" (SCAIP, dty)."""
EXCEPTION_REASON = "Äldre trygghetstelefon utan digest; byts ut före årets slut"
EXCEPTION_DAYS = 180
# (transport, how it proves itself), and how many of a hundred devices do so.
KINDS = (("udp", "MD5"), ("udp", "SHA-256"), ("udp", "network"), ("tcp", "MD5"), ("tcp", "SHA-256"),
         ("tls", "SHA-256"), ("tls", "certificate"))  # fmt: skip
WEIGHTS = (30, 15, 12, 10, 10, 10, 13)
MODELS = {"udp": "Trygghetstelefon UDP", "tcp": "Trygghetstelefon TCP", "tls": "Trygghetstelefon TLS"}
PLACES = ("Sovrum", "Vardagsrum", "Hall", "Kök")


@dataclass(frozen=True, slots=True)
class DemoDevice:
    """A device as both sides know it: its row in the registers, and what it needs to play its part."""

    device: Device
    transport: str
    algorithm: str
    """Digest algorithm, or ``""``."""
    password: str
    certificate: Path | None
    key: Path | None


def invent_devices(
    authority: DemoAuthority,
    people: list[Person],
    secrets: SecretDesk,
    issuer: CertificateAuthority,
    certificates: Path,
    now: datetime,
    chance: Random,
    password_for: Callable[[str], str],
) -> list[DemoDevice]:
    """Return one device for each person. Each kind is there from the seventh person on.

    Passwords come from ``password_for(sender)`` and not from ``chance``: whoever knows the seed must not know them.
    """
    devices = []
    for number, person in enumerate(people):
        transport, proof = KINDS[number] if number < len(KINDS) else chance.choices(KINDS, WEIGHTS)[0]
        sender = str(authority.first_sender + number)
        password, certificate, key = "", None, None
        authentication: Digest | Certificate | Network
        if proof == "certificate":
            certificate, key = certificates / f"{sender}.pem", certificates / f"{sender}.key"
            authentication = Certificate(issuer.issue_for_device(certificate, key, sender, now))
        elif proof == "network":
            authentication = Network(ip_network("127.0.0.0/8"), EXCEPTION_REASON, now + timedelta(days=EXCEPTION_DAYS))
        else:
            password = password_for(sender)
            # Some installers give the digest account a name of its own.
            username = sender if chance.random() < 0.8 else f"larm{sender}"
            # Only what the device can do is kept, so that only that is offered: many look at the first challenge alone.
            authentication = secrets.take_secret(sender, username, password, proof)  # type: ignore[arg-type]
        algorithm = proof if proof in ("MD5", "SHA-256") else ""
        device = Device(
            id=demo_identifier(chance),
            sender=sender,
            authentication=authentication,
            person_id=person.id,
            device_type=CARE_PHONE,
            model=MODELS[transport],
            placed=chance.choice(PLACES),
            interval_seconds=chance.choices((300, 900, 1800), (70, 15, 15))[0],
        )
        devices.append(DemoDevice(device, transport, algorithm, password, certificate, key))
    return devices
