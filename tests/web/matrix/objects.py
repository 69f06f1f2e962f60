# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One real object of every kind that an address or a form can name, in each of the two authorities.

They are made through the pages, by whoever may make them.
"""

import json
import re
from collections import Counter
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import psycopg
from joserfc.jwk import ECKey
from psycopg.types.json import Jsonb

from tests.identity.authenticator import SoftKey
from tests.platform import make_account, platform_as
from tests.web.browsers import Answer, Browser
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.matrix.applications import APPLICATIONS, Application, Opened
from tests.web.matrix.samples import ACTIVATION, REASON
from tests.web.matrix.scene import PLACES, Cast
from tests.web.matrix.vulnerable import enter_vulnerabilities
from tests.web.portal.conftest import Logs
from tests.web.portal.shelf import Shelf
from tests.web.portal.touching import options
from vaka.access.requests import request_role
from vaka.clock import SystemClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.web.times import LOCAL

Objects = Mapping[str, Mapping[str, str]]
"""By authority, and by the name samples give them."""

PROGRAM = json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]})
"""The key of a program that nobody runs."""
IDENTIFIER = "([0-9a-f-]{36})"
WORDS_OF = {"ekbacka": "KODORD ALVIK", "norrvik": "KODORD BJURSTA"}
"""What stands in every text that somebody writes about an authority: by it, to it, or of it. No other ever reads it."""
ENDED = (
    "update alarm set state = 'closed', closed_at = now(), closed_by = 'scheduler', escalate_at = null,"
    " version = version + 1 where id = %s"
)
CERTIFIED = (
    "update vaka.{} set state = 'certified', decided_by = gen_random_uuid(), decided_at = now(), removed_at = now(),"
    " erased_at = now(), entry = 1, certificate = '\\x7b7d', signature = decode(repeat('00', 64), 'hex'),"
    " public_key = 'none'{}"
)
"""What two officers and a night of the scheduler do: the walks need a certificate, and not how it comes about."""


async def furnish(installation: Installation, cast: Cast) -> Objects:
    """Make everything, in both authorities."""
    portal = next(one for one in APPLICATIONS if one.name == "portal")
    async with portal.open(installation, SystemClock()) as opened:
        made = {place: await _furnish(installation, cast, portal, opened, place) for place in PLACES}
    await enter_vulnerabilities(installation, WORDS_OF)
    for place in PLACES:
        await Logs(installation).seal(place)
    await Logs(installation).seal_platform()
    return made


async def _furnish(
    installation: Installation, cast: Cast, portal: Application, opened: Opened, place: str
) -> dict[str, str]:
    numbers = Counter(person.personal_number for _, person, _ in installation.people.values())
    people = [
        (name, person)
        for name, (slug, person, _) in installation.people.items()
        if slug == place and numbers[person.personal_number] == 1  # chance may give two of them one number
    ]
    (name, person), (_, held), (open_name, _), *_ = people

    async def as_(role: str) -> Browser:
        return await cast.browser(portal, opened, cast.who(role, place), "authority")

    records, archivist, auditor = await as_("records_officer"), await as_("archivist"), await as_("auditor")
    here = f"/log/{place}"
    said = f"{REASON} {WORDS_OF[place]}"
    order = {"person": str(person.id), "decision": said, "sure": "true"}
    await done(records.post(f"{here}/erasure", order))
    await done(records.post(f"{here}/end", {"decision": said, "no_export": said, "sure": "true"}))
    proposed = await done(archivist.post(f"{here}/removal", {"alarms": "60", "reason": said}))
    officer = await as_("contract_officer")
    activation = await done(officer.post(f"{here}/activation", {**ACTIVATION, "reason": said}))
    mail = {"way": "mail", "address": f"sakerhet@{place}.example", "server": "localhost:1", "certificate": ""}
    await done(officer.post(f"{here}/notices/way", mail))
    today = datetime.now(LOCAL).date().isoformat()
    rule = {"rule": str(uuid4()), "title": f"Sekretess i {place}", "words": said, "day": today}
    await done(officer.post(f"{here}/rules", rule))
    tomorrow = str(datetime.now(LOCAL).date() + timedelta(days=1))
    await done(officer.post(f"{here}/inquiries", {"kind": "other", "words": said, "wanted": tomorrow}))
    exercise = {"year": str(datetime.now(LOCAL).year), "wanted": said, "wished": said}
    await done(officer.post(f"{here}/exercises", exercise))
    contact = {"place": "1", "name": said, "phone": "08-46500400", "hours": said, "valid_until": tomorrow}
    await done(officer.post(f"{here}/contacts", contact))
    assert (await officer.post(f"{here}/tasks/calendar")).status == 200
    await done(archivist.post(f"{here}/holds", {"text": held.personal_number, "reason": said}))
    key = SoftKey(SETTINGS.portal.origin)
    day = datetime.now(LOCAL).date()
    visit = {
        "kind": "visit", "about": said, "looks_from": str(day), "looks_until": str(day), "starts": str(day),
        "ends": str(day + timedelta(days=1)), "answer": str(day),
    }  # fmt: skip
    await done(officer.post(f"{here}/audits", visit))
    minute = f"{datetime.now(LOCAL) - timedelta(minutes=1):%Y-%m-%dT%H:%M}"
    await done((await as_("log_reviewer")).post(f"{here}/checks/wrong", {"at": minute, "words": said}))
    page = await auditor.post(f"{here}/keys/add")
    await done(auditor.post(f"{here}/keys", {"name": "min egen", "answer": key.make(options(page))}))
    async with platform_as(installation.server, "setup") as setup:
        request = await request_role(
            setup, cast.who("archivist", place).account, "log_reviewer", installation.authorities[place].id,
            kind="exception", reason=said, control=said, actor="setup",
            valid_until=datetime.now(UTC) + timedelta(days=30), now=datetime.now(UTC),
        )  # fmt: skip
    spare = await make_account(installation.server, "Reserv Reservsson", now=datetime.now(UTC))
    program = {"purpose": said, "scope": "portal.see_access", "keys": PROGRAM, "days": "30"}
    approver = await as_("access_approver")
    await done(approver.post(f"{here}/programs", program))
    order_id = found(await records.get(f"{here}/erasure"), "order")
    ending_id = found(await records.get(f"{here}/end"), "order")
    certify(installation, place, "erasure_order")
    certify(installation, place, "authority_ending", ", wait_days = 1, released_at = now()")
    await cast.browser(portal, opened, cast.who("operator", place), "operator")
    colleague = cast.who("operator", place).account
    with psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE)) as onlooker:
        [(notice,)] = onlooker.execute(
            "select id from vaka.notice where authority_id = %s limit 1", (installation.authorities[place].id,)
        ).fetchall()
        [(session,)] = onlooker.execute("select id from vaka.session where account_id = %s", (colleague,)).fetchall()
    enter_finding(installation, place)
    enter_refused_exchange(installation, place)
    ended = installation.raise_alarm(name)
    installation.execute(place, ENDED, (ended,))
    document = enter_document(installation, place, colleague)
    return {
        "alarm": str(installation.raise_alarm(open_name)),
        "ended": str(ended),
        "person": str(person.id),
        "person_name": name,
        "personal_number": person.personal_number,
        "held": str(held.id),
        "colleague": str(colleague),
        "session": str(session),
        "spare": str(spare),
        "client": found(await approver.get(f"{here}/programs"), "client"),
        "holder": str(cast.who("access_approver", place).account),
        "order": order_id,
        "ending": ending_id,
        "proposal": proposed.header("location").rpartition("/")[2],
        "activation": activation.header("location").rpartition("/")[2],
        "way": found(await officer.get(f"{here}/notices"), "way"),
        "inquiry": enter_message_file(
            installation, place, inquiry=found(await officer.get(f"{here}/inquiries"), "inquiry"), number=1
        ),
        "exclusion": str(enter_exclusion(installation, place, colleague)),
        "audit": found(await officer.get(f"{here}/audits"), "audit"),
        "exercise": found(await officer.get(f"{here}/exercises"), "exercise"),
        "link": found(await officer.get(f"{here}/tasks"), "link"),
        "notice": str(notice),
        "key": found(await auditor.get(f"{here}/keys"), "key"),
        "request": str(request),
        "rule": rule["rule"],
        "entry": str(document),
        "file": str(enter_file(installation, place, document, colleague)),
        "case": enter_message_file(installation, place, case_id=str(enter_case(installation, place)), number=3),
        "emergency": str(enter_emergency(installation, colleague, spare)),
    }


def enter_document(installation: Installation, place: str, author: UUID) -> UUID:
    """Let a document that concerns one of the two, and is shown to it, stand in the supplier's register."""
    entry = uuid4()
    with psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(
            "insert into vaka.register_version"
            " (entry, number, register, state, fields, concerned, content, digest, made_by, made_at)"
            " values (%s, 1, 'documents', 'in_force', '{}', %s, 1, %s, %s, now())",
            (entry, [installation.authorities[place].id], bytes(32), author),
        )  # fmt: skip
        hand.execute(
            "insert into vaka.register_showing values ('documents', %s, 'entries', now()) on conflict do nothing",
            (installation.authorities[place].id,),
        )
    return entry


def enter_finding(installation: Installation, place: str) -> None:
    """Let a shortcoming that concerns one of the two stand in a register that it is shown."""
    shelf, authority = Shelf(installation), installation.authorities[place].id
    shelf.put("findings", "open", [authority], title=WORDS_OF[place], severity="high", due="2026-01-01")
    shelf.execute("insert into register_showing values ('findings', %s, 'entries', now())", authority)


def enter_refused_exchange(installation: Installation, place: str) -> None:
    """Let one of the two have a partner, a message of which was refused."""
    shelf, authority = Shelf(installation), installation.authorities[place].id
    partner = shelf.put("partners", "in_force", [authority], exchanges="partner", firm=WORDS_OF[place])
    shelf.execute("insert into register_showing values ('partners', %s, 'entries', now())", authority)
    shelf.execute(
        "insert into exchange_message (id, authority_id, partner, at, reason, size, sha256)"
        " values (gen_random_uuid(), %s, %s, now(), 'signature', 1, sha256('x'))", authority, partner,
    )  # fmt: skip


def enter_file(installation: Installation, place: str, entry: UUID, author: UUID) -> UUID:
    """Let a document have a file."""
    one = uuid4()
    with psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(
            "insert into vaka.attachment"
            " (id, entry, content, name, media_type, size, sha256, body, signed_at, made_by, made_at)"
            " values (%s, %s, 1, 'Rutin.txt', 'text/plain', length(%s), sha256(%s), %s, now(), %s, now())",
            (one, entry, *[place.encode()] * 3, author),
        )  # fmt: skip
    return one


def enter_exclusion(installation: Installation, place: str, by: UUID) -> UUID:
    """Let the supplier have proposed that a term does not concern an authority."""
    one = uuid4()
    with psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(
            "insert into vaka.exclusion (id, authority_id, term, reason, proposed_by, proposed_at)"
            " values (%s, %s, 19, %s, %s, now())", (one, installation.authorities[place].id, WORDS_OF[place], by),
        )  # fmt: skip
    return one


def enter_case(installation: Installation, place: str) -> UUID:
    """Let an incident touch one of the two."""
    entry, authority, words = uuid4(), installation.authorities[place].id, WORDS_OF[place]
    by = installation.accounts["adam"]
    with psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(
            "insert into vaka.security_case (id, kind, severity, regulated, known_at, opened_at, "
            " acknowledge_minutes, receipt_minutes, tell_minutes, fix_hours)"
            " values (%s, 'incident', 'low', false, now(), now(), 60, 60, 60, 60)",
            (entry,),
        )
        hand.execute(
            "insert into vaka.case_entry (case_id, number, kind, side, tlp, authority_id, text, facts, made_by,"
            " made_at, digest) values (%s, 1, 'opened', 'supplier', 'AMBER', %s, %s, %s, %s, now(), %s),"
            " (%s, 2, 'touched', 'product', 'AMBER', %s, '', '{}', null, now(), %s),"
            " (%s, 3, 'noted', 'supplier', 'AMBER', %s, %s, %s, %s, now(), %s)",
            (entry, authority, words, Jsonb({"title": words}), by, bytes(32), entry, authority, bytes(32),
             entry, authority, words, Jsonb({"file": file_facts(place)}), by, bytes(32)),
        )  # fmt: skip
    return entry


def file_facts(place: str) -> dict[str, str | int]:
    """What an entry of a case says of its file."""
    said = WORDS_OF[place].encode()
    return {
        "name": f"{WORDS_OF[place]}.txt", "media_type": "text/plain", "size": len(said),
        "sha256": sha256(said).hexdigest(),
    }  # fmt: skip


def enter_message_file(
    installation: Installation, place: str, *, number: int, case_id: str | None = None, inquiry: str | None = None
) -> str:
    """Let something that was said in a case or a question have a file; return of which of them."""
    said = WORDS_OF[place].encode()
    with psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(
            "insert into vaka.message_file"
            " (id, case_id, inquiry, number, name, media_type, size, sha256, body, signed_at)"
            " values (gen_random_uuid(), %s, %s, %s, %s, 'text/plain', length(%s), sha256(%s), %s, now())",
            (case_id, inquiry, number, f"{WORDS_OF[place]}.txt", *[said] * 3),
        )
    found = case_id or inquiry
    assert found is not None
    return found


def enter_emergency(installation: Installation, one: UUID, other: UUID) -> UUID:
    """Let an emergency access have been, which is no authority's."""
    entry = uuid4()
    with psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(
            "insert into vaka.break_glass (id, first_account, first_key, begun_at, second_account, second_key,"
            " session_id, opened_at, expires_at, reason, binding, review_by, ended_at)"
            " values (%s, %s, gen_random_uuid(), now() - interval '2 hours', %s, gen_random_uuid(), gen_random_uuid(),"
            " now() - interval '2 hours', now() - interval '1 hour', 'Avbrott', %s, now() + interval '7 days', now())",
            (entry, one, other, bytes(32)),
        )
    return entry


def certify(installation: Installation, place: str, table: str, more: str = "") -> None:
    """Let what was ordered be certified, as nobody may."""
    database = installation.authorities[place].database_name
    with psycopg.connect(installation.server.conninfo(SUPERUSER, database), autocommit=True) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(CERTIFIED.format(table, more).encode())


async def done(sending: Awaitable[Answer]) -> Answer:
    """Return the answer to what must work."""
    answer = await sending
    assert answer.status == 303, answer.text
    return answer


def found(page: Answer, name: str) -> str:
    """Return an identifier that a page has in one of its forms."""
    met = re.search(rf'name="{name}" value="{IDENTIFIER}"', page.text)
    assert met is not None, page.text
    return met[1]
