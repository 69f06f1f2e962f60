# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The invented people, homes, units and devices."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from tests.identities import IDENTITIES
from vaka.access.roles import ROLES
from vaka.demo.authorities import AUTHORITIES, INTAKE, DemoAuthority, invent_units
from vaka.demo.certificates import CertificateAuthority
from vaka.demo.devices import DemoDevice, invent_devices
from vaka.demo.people import invent_people
from vaka.demo.personas import PERSONAS
from vaka.tenants.device_secrets import Algorithm, SecretDesk
from vaka.tenants.devices import Certificate, Digest, Network
from vaka.tenants.people import Person

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
EKBACKA = AUTHORITIES[0]


def desk(realm: str = "vaka") -> SecretDesk:
    return SecretDesk(UUID(int=1), IDENTITIES, realm, NOW)


def password_of(sender: str) -> str:
    """A password that is the sender's own, and does not hold it."""
    return f"secret of {sender[:3]}-{sender[3:]}"


def devices(tmp_path: Path, people: list[Person], authority: DemoAuthority = EKBACKA) -> list[DemoDevice]:
    issuer = CertificateAuthority(tmp_path)
    issuer.create(NOW)
    return invent_devices(authority, people, desk(), issuer, tmp_path / "certificates", NOW, Random(5), password_of)


def test_the_same_seed_gives_the_same_people() -> None:
    first, second = (invent_people(EKBACKA, 40, NOW, Random(7)) for _ in range(2))
    assert first == second
    assert first != invent_people(EKBACKA, 40, NOW, Random(8))
    later = invent_people(EKBACKA, 40, NOW + timedelta(days=3), Random(7))
    assert [person.id for person in later] == [person.id for person in first]


@pytest.mark.parametrize("authority", AUTHORITIES, ids=lambda authority: authority.slug)
def test_people_are_as_the_register_wants_them(authority: DemoAuthority) -> None:
    people = invent_people(authority, 300, NOW, Random(3))
    assert len({person.id for person in people}) == 300
    for person in people:
        assert person.born_on is not None
        assert 67 <= (NOW.date() - person.born_on).days / 365.25 < 98.01
        assert person.personal_number.startswith(f"{person.born_on:%Y%m%d}-9")
        assert person.city == authority.place
        assert person.area in authority.areas
        assert len(person.contacts) <= 3
        assert bool(person.absent_from) == bool(person.absent_until) == bool(person.absence_reason)
        assert all(note.expires_at is None or note.expires_at > NOW for note in person.notes)
    # Everything the one screen can show is there for somebody.
    assert any(person.risks for person in people)
    assert any(person.key_box for person in people)
    assert any(person.digital_lock for person in people)
    assert any(person.protected_identity for person in people)
    assert any(person.hearing for person in people)
    assert any(person.language != "svenska" for person in people)
    assert any(note.must_see for person in people for note in person.notes)


@pytest.mark.parametrize("authority", AUTHORITIES, ids=lambda authority: authority.slug)
def test_some_unit_answers_at_every_hour_in_every_area(authority: DemoAuthority) -> None:
    units, hours = invent_units(authority, Random(1))
    assert {line.unit_id for line in hours} == {unit.id for unit in units}
    for area in authority.areas:
        spans = {(line.from_minute, line.until_minute) for line in hours if line.area == area}
        assert spans == {(420, 1320), (1320, 420)}


def test_every_way_to_prove_oneself_is_there_even_in_a_small_demo(tmp_path: Path) -> None:
    people = invent_people(EKBACKA, 7, NOW, Random(1))
    kinds = Counter(
        (line.transport, type(line.device.authentication), line.algorithm) for line in devices(tmp_path, people)
    )
    assert kinds == Counter(
        {
            ("udp", Digest, "MD5"): 1, ("udp", Digest, "SHA-256"): 1, ("udp", Network, ""): 1,
            ("tcp", Digest, "MD5"): 1, ("tcp", Digest, "SHA-256"): 1,
            ("tls", Digest, "SHA-256"): 1, ("tls", Certificate, ""): 1,
        }
    )  # fmt: skip


def test_devices_belong_to_people_and_no_two_authorities_share_a_sender(tmp_path: Path) -> None:
    senders = []
    for authority in AUTHORITIES:
        people = invent_people(authority, 900, NOW, Random(2))[:9]
        made = devices(tmp_path, people, authority)
        assert [line.device.person_id for line in made] == [person.id for person in people]
        senders += [authority.first_sender + number for number in range(900)]
    assert len(set(senders)) == len(senders)


def test_passwords_do_not_come_from_the_seed(tmp_path: Path) -> None:
    made = devices(tmp_path, invent_people(EKBACKA, 20, NOW, Random(1)))
    for line in made:
        if isinstance(line.device.authentication, Digest):
            assert line.password == password_of(line.device.sender)
            proof = line.device.authentication
            algorithm: Algorithm = "MD5" if line.algorithm == "MD5" else "SHA-256"
            assert proof == desk().take_secret(line.device.sender, proof.username, line.password, algorithm)
        else:
            assert line.password == ""


def test_what_is_kept_is_the_hash_that_sip_uses() -> None:
    # RFC 7616 section 3.9.1: HA1 of Mufasa in both algorithms.
    taker = desk("http-auth@example.org")
    md5 = taker.take_secret("8031001", "Mufasa", "Circle of Life", "MD5")
    sha256 = taker.take_secret("8031001", "Mufasa", "Circle of Life", "SHA-256")
    assert (md5.ha1_md5, md5.ha1_sha256) == ("3d78807defe7de2157e2b0b6573a855f", None)
    assert sha256.ha1_md5 is None
    assert sha256.ha1_sha256 == "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"


def test_personas_have_roles_that_exist_in_authorities_that_exist() -> None:
    slugs = {authority.slug for authority in (*AUTHORITIES, INTAKE)}
    for persona in PERSONAS:
        supplier = persona.kind == "administrator"
        assert set(persona.authorities) <= ({""} if supplier else slugs)
        assert persona.role is not None
        assert supplier == (ROLES[persona.role].realm == "administrator")
    assert len({persona.persona for persona in PERSONAS}) == len(PERSONAS)
