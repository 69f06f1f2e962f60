# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every privileged act of the portal takes a touch over exactly that act (term 15), and the list is complete."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey

from tests.identity.authenticator import SoftKey
from tests.platform import platform_as
from tests.web.asking import day_after, propose
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import SETTINGS, Logs, enter, person_of
from tests.web.portal.test_activation import FIELDS
from tests.web.portal.touching import hidden, options, shown
from vaka.access.requests import request_role
from vaka.clock import LOCAL, SystemClock, TurnedClock
from vaka.identity.challenges import LIFETIMES
from vaka.identity.confirming import Act
from vaka.settings import AccessSettings
from vaka.web.desk.application import ADDRESSES as DESK
from vaka.web.portal.application import ADDRESSES
from vaka.web.portal.confirmed import CONFIRMED, UNCONFIRMED
from vaka.web.portal.opening import open_portal
from vaka.web.portal.portal import Portal
from vaka.web.routes import PUBLIC

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LOG = "/log/ekbacka"
STRICT = SETTINGS.model_copy(update={"access": AccessSettings(step_up="required")})
ELSA = "Elsa Nyström"
GIVES_A_FILE = re.compile(r"/(proof|certificate|csv|checkpoint|published/\{file:path\}|\{file\}|files/\{number\})$")
YEAR = str(datetime.now(LOCAL).year)


@dataclass(frozen=True)
class Case:
    """One act: who does it, where its form goes, and how it is filled in."""

    path: str
    """As the route table has it."""
    persona: str
    form: Callable[[Installation, Logs, Portal], Awaitable[tuple[str, dict[str, str]]]]
    """What is filled in, and where it is sent."""
    event: str
    changed: dict[str, str]
    """Fields that somebody changes between the touch and the sending."""


def plain(path: str, **fields: str) -> Callable[[Installation, Logs, Portal], Awaitable[tuple[str, dict[str, str]]]]:
    async def fill(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
        elsa = str(person_of(installation, ELSA))
        return path, {name: elsa if value == "{elsa}" else value for name, value in timed(fields).items()}

    return fill


def timed(fields: Mapping[str, str]) -> dict[str, str]:
    """With the times they name as of now: the cases are listed when a run begins, and sent up to an hour later."""
    now = SystemClock().now()
    known = {
        "{tomorrow}": day_after(now, 1),
        "{in a month}": day_after(now, 31),
        "{two minutes ago}": a_minute(2),
    }
    return {name: known.get(value, value) for name, value in fields.items()}


def a_minute(before: int) -> str:
    return f"{SystemClock().now().astimezone(LOCAL) - timedelta(minutes=before):%Y-%m-%dT%H:%M}"


async def saved_checkpoint(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    await logs.seal()
    lovisa = await enter(portal, installation, "lovisa")
    return f"{LOG}/checks", {"pasted": (await lovisa.get(f"{LOG}/checkpoint")).text, "at": a_minute(1)}


async def order_of_erasure(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    gun = await enter(portal, installation, "gun")
    await gun.post(f"{LOG}/erasure", {"person": str(person_of(installation, ELSA)), "decision": "SN 1", "sure": "true"})
    [order] = re.findall(r'name="order" value="([0-9a-f-]{36})"', (await gun.get(f"{LOG}/erasure")).text)
    return f"{LOG}/erasure/decide", {"order": order, "verdict": "approved", "sure": "true"}


async def order_of_ending(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    gun = await enter(portal, installation, "gun")
    sent = await gun.post(f"{LOG}/end", {"decision": "SN 1", "no_export": "Redan flyttat", "sure": "true"})
    assert sent.status == 303, sent.text
    found = re.findall(r'name="order" value="([0-9a-f-]{36})"', (await gun.get(f"{LOG}/end")).text)
    return f"{LOG}/end/decide", {"order": found[0], "verdict": "withdrawn"}


async def held_person(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    arvid, elsa = await enter(portal, installation, "arvid"), str(person_of(installation, ELSA))
    assert (await arvid.post(f"{LOG}/holds", {"person": elsa, "reason": "JO 1"})).status == 303
    return f"{LOG}/holds/lift", {"person": elsa, "reason": "JO 1 avslutat"}


async def asked_role(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    beata, agneta = await enter(portal, installation, "beata"), await enter(portal, installation, "agneta")
    sent = await agneta.post(f"{LOG}/access/designate", await designation(agneta))
    assert sent.status == 303, sent.text
    async with platform_as(installation.server, "setup") as setup:
        await request_role(
            setup, installation.accounts["vera"], "operator", installation.authorities["ekbacka"].id, reason="Ny",
            actor="setup:uid-0", now=datetime.now(UTC),
        )  # fmt: skip
    pair = r'name="request" value="([0-9a-f-]{36})"><input type="hidden" name="digest" value="(\w+)"'
    request, digest = re.findall(pair, (await beata.get(f"{LOG}/access")).text)[0]
    return f"{LOG}/access/decide", {"request": request, "digest": digest, "verdict": "approved"}


async def way_of_notices(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    agneta = await enter(portal, installation, "agneta")
    assert (await agneta.post(f"{LOG}/notices/way", MAILBOX)).status == 303
    [way] = re.findall(r'name="way" value="([0-9a-f-]{36})"', (await agneta.get(f"{LOG}/notices")).text)
    return f"{LOG}/notices/end", {"way": way}


async def contact_named(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    agneta = await enter(portal, installation, "agneta")
    assert (await agneta.post(f"{LOG}/contacts", CONTACT)).status == 303
    return f"{LOG}/contacts/end", {"place": CONTACT["place"]}


async def undesignated(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    return f"{LOG}/access/designate", await designation(await enter(portal, installation, "agneta"))


async def proposed_exclusion(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    logs.execute("platform", "truncate vaka.exclusion cascade", unguarded=True)
    await propose(installation, portal.clock.now())
    agneta = await enter(portal, installation, "agneta")
    page = (await agneta.get(f"{LOG}/exclusions")).text
    fields = dict(re.findall(r'name="(exclusion|digest)" value="([^"]*)"', page))
    return f"{LOG}/exclusions/agree", {**fields, "last": day_after(portal.clock.now(), 30)}


async def designation(agneta: Browser) -> dict[str, str]:
    pair = r'name="role" value="operator"><input type="hidden" name="holders" value="(\w+)"'
    [holders] = re.findall(pair, (await agneta.get(f"{LOG}/access")).text)
    return {"role": "operator", "holders": holders, "wanted": "designated", "reason": "KS 1"}


async def proposal(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    agneta, arvid = await enter(portal, installation, "agneta"), await enter(portal, installation, "arvid")
    where = (await agneta.post(f"{LOG}/removal", {"alarms": "60", "reason": "KS 1"})).header("location")
    [digest] = re.findall(r'name="digest" value="([0-9a-f]{64})"', (await arvid.get(where)).text)
    return f"{where}/approve", {"digest": digest, "sure": "yes"}


async def rules_of_codes(installation: Installation, logs: Logs, portal: Portal) -> tuple[str, dict[str, str]]:
    agneta, beata = await enter(portal, installation, "agneta"), await enter(portal, installation, "beata")
    where = (await agneta.post(f"{LOG}/activation", FIELDS)).header("location")
    [digest] = re.findall(r'name="digest" value="([0-9a-f]{64})"', (await beata.get(where)).text)
    return f"{where}/approve", {"digest": digest, "sure": "yes"}


PROGRAMS_KEYS = json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]})
CONTACT = {"place": "1", "name": "Säkerhetsfunktionen", "mail": "", "phone": "08-46500400", "hours": "Dygnet runt",
           "valid_until": (datetime.now(UTC) + timedelta(days=90)).date().isoformat()}  # fmt: skip
MAILBOX = {"way": "mail", "address": "larm@ekbacka.example", "server": "localhost:1", "certificate": ""}
TAKE_OUT = {"format": "csv", "reason": "audit", "reference": "KS 2026/9"}
CASES = [
    Case("/log/{authority}/export", "lovisa", plain(f"{LOG}/export", **TAKE_OUT), "log.exported",
         {"object": "log:vaka.example/other"}),
    Case("/log/{authority}/access/report/{year}/csv", "beata", plain(f"{LOG}/access/report/{YEAR}/csv"),
         "log.exported", {}),
    Case("/log/{authority}/access/report/{year}/pdf", "beata", plain(f"{LOG}/access/report/{YEAR}/pdf"),
         "log.exported", {}),
    *(Case(f"/log/{{authority}}/reports/{{report}}/{{year}}/{form}", "agneta",
           plain(f"{LOG}/reports/{report}/{YEAR}/{form}"), "report.taken", {})
      for form, report in (("csv", "changes"), ("pdf", "terms"))),
    Case("/log/{authority}/terms/pack", "beata", plain(f"{LOG}/terms/pack"), "evidence.packed", {}),
    Case("/log/{authority}/rules", "agneta",
         plain(f"{LOG}/rules", rule=str(uuid4()), title="Sekretess", words="Läs.", day="{tomorrow}"),
         "rule.published", {"words": "Läs inte."}),
    Case("/log/{authority}/retention", "agneta", plain(f"{LOG}/retention", days="730", reason="KS 1"),
         "retention.set", {"days": "400"}),
    Case("/log/{authority}/removal/{proposal}/approve", "arvid", proposal, "removal.approved", {"digest": "0" * 64}),
    Case("/log/{authority}/activation/{proposal}/approve", "beata", rules_of_codes, "activation.approved",
         {"digest": "0" * 64}),
    Case("/log/{authority}/holds", "arvid", plain(f"{LOG}/holds", person="{elsa}", reason="JO 1"), "hold.placed",
         {"person": str(UUID(int=7))}),
    Case("/log/{authority}/holds/lift", "arvid", held_person, "hold.lifted", {"reason": "JO 2"}),
    Case("/log/{authority}/erasure", "gun", plain(f"{LOG}/erasure", person="{elsa}", decision="SN 1", sure="true"),
         "erasure.ordered", {"person": str(UUID(int=7))}),
    Case("/log/{authority}/erasure/decide", "rakel", order_of_erasure, "erasure.decided", {"verdict": "declined"}),
    Case("/log/{authority}/end/export", "gun", plain(f"{LOG}/end/export", reason="KS 1"), "export.begun",
         {"reason": "KS 2"}),
    Case("/log/{authority}/end", "gun",
         plain(f"{LOG}/end", decision="SN 1", no_export="Redan flyttat", sure="true"), "ending.ordered",
         {"decision": "SN 2"}),
    Case("/log/{authority}/end/decide", "gun", order_of_ending, "ending.decided", {"verdict": "cancelled"}),
    Case("/log/{authority}/access/decide", "beata", asked_role, "role.approved", {"digest": "0" * 64}),
    Case("/log/{authority}/programs", "lovisa",
         plain(f"{LOG}/programs", purpose="Hämtar loggen", scope="portal.read_log", keys=PROGRAMS_KEYS, days="30"),
         "client.registered", {"days": "31"}),
    Case("/log/{authority}/contacts", "agneta", plain(f"{LOG}/contacts", **CONTACT), "contact.set",
         {"phone": "08-46500499"}),
    Case("/log/{authority}/contacts/end", "agneta", contact_named, "contact.ended", {"place": "2"}),
    Case("/log/{authority}/notices/way", "agneta", plain(f"{LOG}/notices/way", **MAILBOX), "notice_way.set",
         {"address": "someone@else.example"}),
    Case("/log/{authority}/notices/end", "agneta", way_of_notices, "notice_way.ended", {"way": str(UUID(int=7))}),
    Case("/log/{authority}/notices/minutes", "agneta", plain(f"{LOG}/notices/minutes", minutes="30"),
         "notice_rule.set", {"minutes": "1440"}),
    Case("/log/{authority}/checks", "lovisa", saved_checkpoint, "log.verified", {"at": "{two minutes ago}"}),
    Case("/log/{authority}/exclusions/agree", "agneta", proposed_exclusion, "exclusion.approved",
         {"last": "{in a month}"}),
    Case("/log/{authority}/exercises/days", "agneta", plain(f"{LOG}/exercises/days", days="10"), "exercise_rule.set",
         {"days": "90"}),
    Case("/log/{authority}/tasks/digest", "agneta", plain(f"{LOG}/tasks/digest", weekday="3"), "digest_rule.set",
         {"weekday": "0"}),
    Case("/log/{authority}/tasks/calendar", "agneta", plain(f"{LOG}/tasks/calendar"), "calendar_link.made", {}),
    Case("/log/{authority}/access/designate", "agneta", undesignated, "role.designated", {"role": "shift_leader"}),
]  # fmt: skip
IDS = [case.event + case.path.rpartition("}")[2].replace("/", "-") for case in CASES]
OF_KEYS = {"/log/{authority}/keys/add", "/log/{authority}/keys/remove"}
"""Walked in test_keys.py."""


@pytest.fixture(autouse=True)
def as_it_was(installation: Installation, logs: Logs) -> Iterator[None]:
    """No keys and nothing ordered, before and after."""

    def forget() -> None:
        logs.execute(
            "platform",
            "truncate vaka.security_key, vaka.security_key_challenge, vaka.api_client, vaka.api_token,"
            " vaka.api_assertion, vaka.notice_way, vaka.case_contact cascade; delete from vaka.notice_rule;"
            " delete from vaka.digest_rule; delete from vaka.calendar_link; delete from vaka.exercise_rule;"
            " update vaka.role_grant set request_id = null;"
            " delete from vaka.designated_role; delete from vaka.role_request; delete from vaka.unauthorised_grant;"
            f" delete from vaka.role_grant where account_id = '{installation.accounts['vera']}'",
            unguarded=True,
        )
        logs.execute(
            "ekbacka",
            "delete from vaka.erasure_order; delete from vaka.authority_ending; delete from vaka.legal_hold;"
            " delete from vaka.authority_export;"
            " truncate vaka.removal_rules, vaka.removal_preview, vaka.activation_rules;"
            " update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x'"
            " where state not in ('closed', 'merged')",
            unguarded=True,
        )

    open_alarms = logs.ask("ekbacka", "select id, state, closed_at, closed_by from vaka.alarm"
                            " where state not in ('closed', 'merged')", {})  # fmt: skip
    forget()
    yield
    forget()
    for row in open_alarms:
        logs.execute("ekbacka", f"update vaka.alarm set state = '{row['state']}', closed_at = null, closed_by = null"
                     f" where id = '{row['id']}'", unguarded=True)  # fmt: skip


@pytest.fixture
async def strict(installation: Installation) -> AsyncIterator[Portal]:
    """A portal in which everybody must touch a key."""
    async with open_portal(installation.server, STRICT, TurnedClock(SystemClock().now())) as portal:
        yield portal


async def enrolled(browser: Browser) -> SoftKey:
    key = SoftKey(SETTINGS.portal.origin)
    page = await browser.post(f"{LOG}/keys/add")
    answer = await browser.post(f"{LOG}/keys", {"name": "nyckel", "answer": key.make(options(page))})
    assert answer.status == 303
    return key


def log_of(event: str) -> str:
    """Which log an event stands in."""
    of_the_platform = (
        "report.", "role.", "rule.", "client.", "contact.", "exclusion.", "notice_", "digest_", "calendar_",
        "exercise_", "log.verified",
    )  # fmt: skip
    return "platform" if event.startswith(of_the_platform) else "ekbacka"


def told(logs: Logs, mark: int, event: str) -> list[dict[str, object]]:
    return [one for one in logs.since(mark, log_of(event)) if one["event"] == event]


def mark_of(logs: Logs, event: str) -> int:
    return logs.mark(log_of(event))


# --- the list ---------------------------------------------------------------------------------------------------------


def test_every_address_that_changes_something_or_gives_a_file_is_in_one_of_the_two() -> None:
    acting = {
        one.path for one in ADDRESSES
        if one.needs is not PUBLIC and ("POST" in one.methods or GIVES_A_FILE.search(one.path))
    }  # fmt: skip
    assert CONFIRMED.keys() & UNCONFIRMED.keys() == set()
    assert CONFIRMED.keys() | UNCONFIRMED.keys() == acting
    assert all(len(why) > 20 for why in UNCONFIRMED.values())


def test_each_of_them_that_takes_a_touch_is_walked_here() -> None:
    assert {case.path for case in CASES} | OF_KEYS == CONFIRMED.keys()
    assert all(case.event in CONFIRMED[case.path] for case in CASES)


def test_the_desk_takes_no_touch_for_anything() -> None:
    """An alarm is received, shown and answered whatever a key does; the desk gives no file and decides no access."""
    assert not [one.path for one in DESK if GIVES_A_FILE.search(one.path)]
    assert {one.needs.value.partition(".")[0] for one in DESK if one.needs is not PUBLIC} == {"desk"}


# --- each act ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_term_15_5_without_a_key_it_is_not_done(
    case: Case, portal: Portal, strict: Portal, installation: Installation, logs: Logs
) -> None:
    path, form = await case.form(installation, logs, portal)
    browser, mark = await enter(strict, installation, case.persona), mark_of(logs, case.event)
    answer = await browser.post(path, form)
    assert (answer.status, answer.header("location")) == (303, f"{LOG}/keys?needed=1"), answer.text
    assert told(logs, mark, case.event) == []


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_term_15_5_it_is_done_for_one_touch_and_once(
    case: Case, portal: Portal, strict: Portal, installation: Installation, logs: Logs
) -> None:
    path, form = await case.form(installation, logs, portal)
    browser = await enter(strict, installation, case.persona)
    key, mark, before = await enrolled(browser), mark_of(logs, case.event), logs.mark("platform")
    page = await browser.post(path, form)
    assert page.status == 200
    assert told(logs, mark, case.event) == [], "nothing happens before the touch"
    sent = {**hidden(page), "answer": key.touch(options(page))}
    answer = await browser.post(path, sent)
    assert answer.status in (200, 303), answer.body
    assert b"data-options" not in answer.body
    entries = [one for one in told(logs, mark, case.event) if one["detail"].get("kind") != "standing"]  # type: ignore[attr-defined]
    [touched] = [one for one in logs.since(before, "platform") if one["event"] == "security_key.used"]
    assert [one["detail"]["step_up"] for one in entries] == [touched["detail"]["step_up"]]  # type: ignore[index]
    assert touched["detail"]["act"] == case.event
    # The same answer once more, to the letter, does nothing.
    again, mark = await browser.post(path, sent), mark_of(logs, case.event)
    assert again.status >= 400, again.text
    assert told(logs, mark, case.event) == []


@pytest.mark.parametrize("case", [case for case in CASES if case.changed], ids=lambda case: case.event)
async def test_term_15_5_what_was_changed_after_the_touch_is_refused(
    case: Case, portal: Portal, strict: Portal, installation: Installation, logs: Logs
) -> None:
    path, form = await case.form(installation, logs, portal)
    browser = await enter(strict, installation, case.persona)
    key, mark = await enrolled(browser), mark_of(logs, case.event)
    page = await browser.post(path, form)
    before = logs.mark("platform")
    answer = await browser.post(path, {**hidden(page), **timed(case.changed), "answer": key.touch(options(page))})
    assert answer.status == 403, answer.text
    assert told(logs, mark, case.event) == []
    [refused] = [one for one in logs.since(before, "platform") if one["event"] == "security_key.refused"]
    assert refused["detail"]["reason"] == "other_act"


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_term_15_5_a_touch_of_long_ago_is_worth_nothing(
    case: Case, portal: Portal, strict: Portal, installation: Installation, logs: Logs
) -> None:
    path, form = await case.form(installation, logs, portal)
    browser = await enter(strict, installation, case.persona)
    key, mark = await enrolled(browser), mark_of(logs, case.event)
    page = await browser.post(path, form)
    sent = {**hidden(page), "answer": key.touch(options(page))}
    assert isinstance(strict.clock, TurnedClock)
    strict.clock.turn(LIFETIMES["act"].total_seconds() + 1)
    answer = await browser.post(path, sent)
    assert answer.status == 403, answer.text
    assert told(logs, mark, case.event) == []


# --- acts of others ---------------------------------------------------------------------------------------------------


async def ordering(browser: Browser, installation: Installation, decision: str = "SN 1") -> Answer:
    person = str(person_of(installation, ELSA))
    return await browser.post(f"{LOG}/erasure", {"person": person, "decision": decision, "sure": "true"})


async def test_a_touch_for_one_act_does_no_other(strict: Portal, installation: Installation, logs: Logs) -> None:
    gun = await enter(strict, installation, "gun")
    key, mark = await enrolled(gun), logs.mark("ekbacka")
    for_export = await gun.post(f"{LOG}/end/export", {"reason": "KS 1"})
    page = await ordering(gun, installation)
    answer = await gun.post(f"{LOG}/erasure", {**hidden(page), "answer": key.touch(options(for_export))})
    assert answer.status == 403
    assert [one for one in logs.since(mark, "ekbacka") if one["event"] != "person.searched"] == []


async def test_anothers_touch_does_nothing_for_one(strict: Portal, installation: Installation, logs: Logs) -> None:
    gun, rakel = await enter(strict, installation, "gun"), await enter(strict, installation, "rakel")
    key, mark = await enrolled(gun), logs.mark("ekbacka")
    await enrolled(rakel)
    hers = await ordering(rakel, installation)
    for page in (await ordering(gun, installation), hers):
        answer = await rakel.post(f"{LOG}/erasure", {**hidden(hers), "answer": key.touch(options(page))})
        assert answer.status == 403
    assert told(logs, mark, "erasure.ordered") == []


async def test_an_act_is_bound_to_its_authority() -> None:
    here, there = uuid4(), uuid4()
    acts = {Act("hold.placed", place, "person:x", {"reason": "KS 1"}).digest for place in (here, there, None)}
    assert len(acts) == 3


async def test_whom_it_is_about_is_named_before_the_touch_and_the_look_is_entered(
    strict: Portal, installation: Installation, logs: Logs
) -> None:
    gun = await enter(strict, installation, "gun")
    await enrolled(gun)
    mark = logs.mark("ekbacka")
    page = await ordering(gun, installation)
    assert ELSA in shown(page)
    assert "SN 1" in shown(page)
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["person.searched"]


async def test_a_file_is_asked_for_in_plain_words_and_the_page_stays(
    strict: Portal, installation: Installation
) -> None:
    lovisa = await enter(strict, installation, "lovisa")
    await enrolled(lovisa)
    page = await lovisa.post(f"{LOG}/export", TAKE_OUT)
    assert "data-hands-out" in page.text
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d CES?T", shown(page)), "times stand with their zone"
    for said in ("KS 2026/9", "Revision"):
        assert said in shown(page)
