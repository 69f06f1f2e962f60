# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What partners send to the registry: taken in once, or refused, kept as refused, told of and shown (term 32)."""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.operations.exchange.partner import Partner
from tests.people import open_person
from tests.platform import platform_as
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import SETTINGS, Logs
from tests.web.portal.test_registry_keeping import CareSystem, care  # noqa: F401 - a fixture
from tests.web.portal.test_registry_people import rows
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.operations.exchange.refused import list_refused
from vaka.operations.exchange.trying import count_overlooked

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CONTACTS = [{"name": "Ny Granne", "phone": "070-1740652", "relation": "granne", "has_key": True}]


class Sender:
    """One partner of the register, and what it sends."""

    def __init__(self, door: Browser, installation: Installation, partner: Partner) -> None:
        self.door, self.installation, self.partner, self.entry = door, installation, partner, uuid4()
        self.write(1)

    def write(self, number: int, state: str = "in_force", **changed: Any) -> None:
        """Write a version in the register, past the pages that take two people for it."""
        later = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
        fields = {
            "exchanges": "partner", "firm": "Nordlunda larm", "what": "Kontakter, signerade", "contact": "Driften",
            "valid_until": later, "certificate_until": later, "certificate": self.partner.fingerprint, **changed,
        }  # fmt: skip
        with closing(self._superuser()) as superuser:
            superuser.execute("set session_replication_role = replica")
            superuser.execute(
                "insert into vaka.register_version (entry, number, register, state, fields, concerned, content, digest,"
                " made_by, made_at) values (%s, %s, 'partners', %s, %s, %s, %s, %s, %s, now())",
                (self.entry, number, state, Jsonb(fields), [self.installation.authorities["ekbacka"].id], number,
                 bytes(32), uuid4()),
            )  # fmt: skip

    def _superuser(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)

    @property
    def path(self) -> str:
        return self.path_of("ekbacka")

    def path_of(self, slug: str) -> str:
        return f"/api/registry/exchange/{slug}/{self.entry}/contacts"

    def body(self, person: str, contacts: Any = CONTACTS) -> bytes:
        return json.dumps({"person": person, "contacts": contacts}).encode()

    def sign(self, body: bytes, path: str | None = None, **how: Any) -> dict[str, str]:
        return self.partner.sign(f"{SETTINGS.registry.origin}{path or self.path}", body, datetime.now(UTC), **how)

    async def send(self, body: bytes, headers: dict[str, str] | None = None, path: str | None = None) -> Answer:
        return await self.door.send("POST", path or self.path, headers or self.sign(body, path), body)


@pytest.fixture
def sender(door: Browser, installation: Installation) -> Sender:
    return Sender(door, installation, Partner(datetime.now(UTC)))


@pytest.fixture
def told(logs: Logs) -> Callable[[int], list[tuple[str, Any]]]:
    """What Ekbacka's log says of refused messages since a mark."""

    def read(mark: int) -> list[tuple[str, Any]]:
        return [(str(one["object"]), one["detail"]["reason"]) for one in logs.since(mark, "ekbacka")
                if one["event"] == "exchange.refused"]  # fmt: skip

    return read


async def test_contacts_are_changed_once_and_all_else_stays(
    care: CareSystem, sender: Sender, installation: Installation, logs: Logs  # noqa: F811
) -> None:  # fmt: skip
    known = await care.enter()
    mark = logs.mark("ekbacka")
    answer = await sender.send(sender.body(known["id"]))
    assert (answer.status, json.loads(answer.text)) == (200, {"changed": True}), answer.text
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["event"], entry["actor"], entry["object"]) == (
        "person.changed", f"partner:{sender.entry}", f"person:{known['id']}",
    )  # fmt: skip
    assert entry["detail"]["fields"] == "contacts"
    assert len(rows(logs, "contact", "person_id", known["id"])) == 1
    [row] = rows(logs, "person", "id", known["id"])
    opened = open_person(installation.server, installation.authorities["ekbacka"], row)
    assert (opened["street"], opened["care_notes"]) == (known["street"], known["care_notes"])
    shown = json.loads((await care.read(known["id"])).text)["person"]["contacts"]
    assert [(one["name"], one["has_key"]) for one in shown] == [("Ny Granne", True)]


async def test_term_32_2_what_comes_again_has_no_second_effect(
    care: CareSystem, sender: Sender, logs: Logs, told: Callable[[int], list[tuple[str, Any]]]  # noqa: F811
) -> None:  # fmt: skip
    """Byte for byte, and with another body under a nonce that was used."""
    known = await care.enter()
    body = sender.body(known["id"])
    headers = sender.sign(body, nonce="0123456789abcdef")
    assert (await sender.send(body, headers)).status == 200
    assert (await sender.send(sender.body(known["id"], []))).status == 200
    mark = logs.mark("ekbacka")
    assert (await sender.send(body, headers)).status == 409
    other = sender.body(known["id"], CONTACTS * 2)
    assert (await sender.send(other, sender.sign(other, nonce="0123456789abcdef"))).status == 409
    assert rows(logs, "contact", "person_id", known["id"]) == []
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["exchange.refused"] * 2
    assert told(mark) == [(f"partner:{sender.entry}", "repeated")] * 2


async def test_term_32_1_what_is_refused_is_kept_told_of_and_shown(
    care: CareSystem, sender: Sender, installation: Installation, logs: Logs,  # noqa: F811
    told: Callable[[int], list[tuple[str, Any]]],
) -> None:  # fmt: skip
    """One byte changed: nothing happens, an entry says so, and what stood in it is nowhere."""
    known = await care.enter()
    mark, before = logs.mark("ekbacka"), rows(logs, "contact", "person_id", known["id"])
    body = sender.body(known["id"])
    answer = await sender.send(body.replace(b"070-1740652", b"070-1740653"), sender.sign(body))
    assert (answer.status, "digest" in answer.text) == (403, True)
    assert rows(logs, "contact", "person_id", known["id"]) == before
    assert told(mark) == [(f"partner:{sender.entry}", "digest")]
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["actor"], entry["outcome"]) == ("registry", "failure")
    for role, authority in (("portal", installation.authorities["ekbacka"].id), ("office", None)):
        async with platform_as(installation.server, role) as platform:
            newest = (await list_refused(platform, authority))[0]
        assert (newest.partner, newest.firm, newest.reason) == (sender.entry, "Nordlunda larm", "digest")
        assert newest.sha256.hex() == entry["detail"]["sha256"]
    async with platform_as(installation.server, "portal") as platform:
        assert await list_refused(platform, uuid4()) == []
    # A certificate of a version that there is not, and a time that no calendar has: refused with an entry, too.
    headers = sender.sign(body)
    shown = bytearray(sender.partner.certificate)
    shown[shown.index(b"\xa0\x03\x02\x01") + 4] = 7
    for changed in (
        {"vaka-partner-certificate": f":{b64encode(shown).decode()}:"},
        {"signature-input": re.sub(r"created=\d+", "created=999999999999", headers["signature-input"])},
    ):
        assert (await sender.send(body, {**headers, **changed})).status == 403
    assert [reason for _, reason in told(mark)] == ["digest", "certificate", "form"]
    for name in ("exchange_message", "contact"):
        assert "1740653" not in str(logs.since(mark, "ekbacka")), name


async def test_term_32_5_an_agreement_that_ended_or_was_withdrawn_lets_nothing_in(
    care: CareSystem, sender: Sender, installation: Installation, logs: Logs,  # noqa: F811
    told: Callable[[int], list[tuple[str, Any]]],
) -> None:  # fmt: skip
    """That such an agreement makes the term red, `partners` finds (tests/assurance/test_register_collectors.py)."""
    known, mark = await care.enter(), logs.mark("ekbacka")
    gone = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    body = sender.body(known["id"])
    sender.write(2, valid_until=gone)
    assert (await sender.send(body)).status == 403
    sender.write(3, certificate_until=gone)
    assert (await sender.send(body)).status == 403
    sender.write(4, "withdrawn")
    assert (await sender.send(body)).status == 403
    # Withdrawn, it names no partner in force: those are counted by the day, and the first has an entry.
    assert [reason for _, reason in told(mark)][:2] == ["expired", "expired"]
    async with platform_as(installation.server, "portal") as platform:
        [counted] = [
            one for one in await list_refused(platform, installation.authorities["ekbacka"].id) if one.partner is None
        ]
    assert counted.reason == "partner"


async def test_term_32_3_an_unknown_an_old_and_a_revoked_certificate_let_nothing_in(
    care: CareSystem, sender: Sender, door: Browser, installation: Installation, logs: Logs,  # noqa: F811
    told: Callable[[int], list[tuple[str, Any]]],
) -> None:  # fmt: skip
    known, mark = await care.enter(), logs.mark("ekbacka")
    body, own = sender.body(known["id"]), sender.partner
    sender.partner = Partner(datetime.now(UTC))
    assert (await sender.send(body)).status == 403
    old = Sender(door, installation, Partner(datetime.now(UTC), days=-1))
    assert (await old.send(body)).status == 403
    sender.write(2)  # the register has the new certificate from here on
    assert (await sender.send(body)).status == 200
    sender.partner = own
    assert (await sender.send(body)).status == 403
    assert [reason for _, reason in told(mark)] == ["certificate", "certificate_dates", "certificate"]


async def test_term_32_4_a_partner_speaks_for_itself_and_to_its_own_authority(
    care: CareSystem, sender: Sender, door: Browser, installation: Installation, logs: Logs,  # noqa: F811
    told: Callable[[int], list[tuple[str, Any]]],
) -> None:  # fmt: skip
    """A right signature at another partner's address, and at an authority that the agreement does not name."""
    known, mark = await care.enter(), logs.mark("ekbacka")
    other = Sender(door, installation, Partner(datetime.now(UTC)))
    body = sender.body(known["id"])
    assert (await other.send(body, path=sender.path)).status == 403
    assert told(mark) == [(f"partner:{sender.entry}", "certificate")]
    slug = next(one for one in installation.authorities if one != "ekbacka")
    assert (await sender.send(body, path=sender.path_of(slug))).status == 403
    assert (await sender.send(body, path=sender.path_of("ingen"))).status == 404


async def test_term_32_6_what_is_large_packed_xml_or_something_else_has_no_effect(
    care: CareSystem, sender: Sender, logs: Logs, told: Callable[[int], list[tuple[str, Any]]]  # noqa: F811
) -> None:  # fmt: skip
    known, mark = await care.enter(), logs.mark("ekbacka")
    large = sender.body(known["id"]) + b" " * 17_000
    assert (await sender.send(large)).status == 413
    assert (await sender.send(large * 3)).status == 413
    bomb = gzip.compress(b"[" * 1_000_000)
    assert (await sender.send(bomb, sender.sign(bomb) | {"content-encoding": "gzip"})).status == 415
    xml = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    assert (await sender.send(xml, sender.sign(xml, media="application/xml"))).status == 415
    for body in (b"[" * 5000, xml, sender.body("nobody"), sender.body(str(UUID(int=7))),
                 sender.body(known["id"], [{"name": "x", "phone": "070-1740652", "more": 1}]),
                 sender.body(known["id"], CONTACTS * 21)):  # fmt: skip
        assert (await sender.send(body)).status == 400
    assert [reason for _, reason in told(mark)] == ["large", "packed", "media", *["content"] * 6]
    assert len(rows(logs, "contact", "person_id", known["id"])) == 2


async def test_who_cannot_sign_takes_no_refusal_from_a_partner(
    sender: Sender, installation: Installation, logs: Logs, told: Callable[[int], list[tuple[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Strangers are counted in a row of the day; a partner is heard beside them, and what it signed beside the rest."""
    monkeypatch.setattr("vaka.web.registry.exchange.MOST_REFUSED", 2)
    mark, body, unsigned = logs.mark("ekbacka"), sender.body(str(UUID(int=7))), {"content-type": "text/plain"}

    async def strangers() -> int:
        async with platform_as(installation.server, "office") as platform:
            return sum(one.times for one in await list_refused(platform, None) if one.partner is None)

    before = await strangers()
    sent = [await sender.send(b"{}", unsigned, sender.path.replace(str(sender.entry), str(uuid4()))) for _ in range(3)]
    # Another test may have sent of this minute already: what matters is that in the end it is too often.
    assert sent[-1].status == 429
    assert before <= await strangers() <= before + 2
    assert len(told(mark)) <= 1
    mark = logs.mark("ekbacka")
    assert [(await sender.send(b"{}", unsigned)).status for _ in range(3)] == [415, 415, 429]
    assert [(await sender.send(body)).status for _ in range(3)] == [400, 400, 429]
    assert [reason for _, reason in told(mark)] == ["media", "media", "content", "content"]


def test_the_guard_is_tried_and_a_guard_that_lets_all_in_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from vaka.operations.exchange import guard

    now = datetime.now(UTC)
    assert count_overlooked(now) == 0
    monkeypatch.setattr(guard, "judge", lambda *_: b"")
    assert count_overlooked(now) == 7
