# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Two of the authority's people decide how long its data is kept: one proposes, another sees what goes and approves."""

import re
from uuid import UUID

import pytest

from tests.web.browsers import Answer, Browser
from tests.web.furniture import FULL_PERSON, Installation
from tests.web.portal.conftest import Logs, enter
from vaka.removal.kinds import KINDS
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/removal"
RULES = {"alarms": "60", "alarms_exempt": "yes", "technical": "12", "reason": "Dokumenthanteringsplan KS 2026/9"}


@pytest.fixture(autouse=True)
def nothing_decided(installation: Installation, logs: Logs) -> None:
    """Each test begins where nothing was proposed."""
    logs.execute("ekbacka", "truncate vaka.removal_rules, vaka.removal_preview", unguarded=True)


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter(portal, installation, "agneta")


@pytest.fixture
async def arvid(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's archivist."""
    return await enter(portal, installation, "arvid")


async def proposed(by: Browser, rules: dict[str, str] | None = None) -> str:
    """Propose, and return where the preview is."""
    answer = await by.post(HERE, RULES if rules is None else rules)
    where = answer.header("location")
    assert answer.status == 303
    assert re.fullmatch(rf"{HERE}/[0-9a-f-]{{36}}", where)
    return where


def digest_in(page: Answer) -> str:
    [digest] = re.findall(r'name="digest" value="([0-9a-f]{64})"', page.text)
    return str(digest)


def old_alarm(installation: Installation, name: str = FULL_PERSON) -> UUID:
    """An alarm that was closed six years ago."""
    installation.close_everything()  # or it would join one that other tests left open
    alarm = installation.raise_alarm(name, ago=6 * 366 * 86_400)
    installation.execute("ekbacka", "update alarm set state = 'closed', closed_at = now() - interval '6 years',"
                         " escalate_at = null where id = %s", (alarm,))  # fmt: skip
    return alarm


async def test_the_page_says_that_nothing_is_decided_and_proposes_what_public_bodies_do(agneta: Browser) -> None:
    answer = await agneta.get("/removal")
    assert (answer.status, answer.header("location")) == (303, HERE)
    page = await agneta.get(HERE)
    assert page.status == 200
    assert "Inget är beslutat." in page.text
    for name, kind in KINDS.items():
        assert f'id="{name}"' in page.text
        assert kind.title.sv in page.text
        assert f'value="{kind.public}"' in page.text
    assert 'href="/log/ekbacka"' not in page.text


async def test_one_proposes_another_sees_and_approves_each_with_an_entry(
    agneta: Browser, arvid: Browser, installation: Installation, logs: Logs
) -> None:
    for name in (FULL_PERSON, "Margit Sundqvist"):  # born on the 3rd and on the 5th
        old_alarm(installation, name)
    mark = logs.mark("ekbacka")
    where = await proposed(agneta)
    own = await agneta.get(where)
    assert "Du har lagt förslaget" in own.text
    assert "digest" not in own.text
    assert "Ett förslag väntar" in (await arvid.get(HERE)).text
    page = await arvid.get(where)
    assert page.status == 200
    assert re.search(r"<strong>[1-9][0-9]*</strong><br>larm: [1-9][0-9]*, meddelanden: [1-9][0-9]*", page.text)
    assert "undantagen födelsedag" in page.text
    answer = await arvid.post(f"{where}/approve", {"digest": digest_in(page), "sure": "yes"})
    number = logs.mark("ekbacka")
    assert (answer.status, answer.header("location")) == (303, f"/log/ekbacka/receipt/{number}")
    entries = logs.since(mark, "ekbacka")
    assert [(one["event"], one["actor"]) for one in entries if one["event"].startswith("removal.")] == [
        ("removal.proposed", f"account:{agneta.account}"), ("removal.previewed", f"account:{agneta.account}"),
        ("removal.previewed", f"account:{arvid.account}"), ("removal.approved", f"account:{arvid.account}"),
    ]  # fmt: skip
    assert {one["event"] for one in entries} & {"row.changed_by_hand", "access.denied"} == set()
    await logs.seal()
    page = await agneta.get(HERE)
    assert "inget gallras ännu" in page.text
    assert "Godkänt den" in page.text
    assert "Arvid Arkiv" in page.text
    assert RULES["reason"] in page.text
    assert 'value="60"' in page.text
    assert 'id="notes" name="notes" type="number" inputmode="numeric" min="1" max="1200" value=""' in page.text


async def test_nobody_approves_his_own_proposal(agneta: Browser, arvid: Browser, logs: Logs) -> None:
    where = await proposed(agneta)
    digest = digest_in(await arvid.get(where))
    await agneta.get(where)
    mark = logs.mark("ekbacka")
    answer = await agneta.post(f"{where}/approve", {"digest": digest, "sure": "yes"})
    assert answer.status == 403
    assert "kan inte godkänna det" in answer.text
    assert [one["event"] for one in logs.since(mark, "ekbacka") if one["event"] == "removal.approved"] == []


async def test_what_was_not_seen_or_not_meant_is_not_approved(agneta: Browser, arvid: Browser, logs: Logs) -> None:
    where = await proposed(agneta)
    mark = logs.mark("ekbacka")
    assert (await arvid.post(f"{where}/approve", {"digest": "0" * 64, "sure": "yes"})).status == 409
    digest = digest_in(await arvid.get(where))
    for fields in ({"digest": digest}, {"digest": digest, "sure": "no"}, {"digest": "x", "sure": "yes"}, {}):
        assert (await arvid.post(f"{where}/approve", fields)).status == 400
    answer = await arvid.post(f"{where}/approve", {"digest": digest[::-1], "sure": "yes"})
    assert answer.status == 409
    assert "inte de som du har sett" in answer.text
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["removal.previewed"]


async def test_a_proposal_is_withdrawn_and_then_there_is_none(agneta: Browser, arvid: Browser, logs: Logs) -> None:
    where = await proposed(agneta)
    again = await arvid.post(HERE, RULES)
    assert again.status == 409
    assert "väntar" in again.text
    mark = logs.mark("ekbacka")
    answer = await arvid.post(f"{where}/withdraw")
    assert (answer.status, answer.header("location")) == (303, HERE)
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["removal.withdrawn"]
    read, decided = await arvid.get(where), await arvid.post(f"{where}/withdraw")
    assert (read.status, "inget sådant förslag som väntar" in read.text) == (404, True)
    assert (decided.status, "väntar inte längre" in decided.text) == (409, True)
    assert "Återtaget den" in (await agneta.get(HERE)).text
    for nonsense in ("0", "x", "..", "%00"):
        assert (await agneta.get(f"{HERE}/{nonsense}")).status in (400, 404)


@pytest.mark.parametrize(
    "fields",
    [{"alarms": "23"}, {"alarms": "1201"}, {"technical": "0"}, {"reason": ""}, {"reason": "för 19320212-9809"}],
)
async def test_what_is_out_of_bounds_is_explained_and_changes_nothing(
    agneta: Browser, logs: Logs, fields: dict[str, str]
) -> None:
    mark = logs.mark("ekbacka")
    page = await agneta.post(HERE, {**RULES, **fields})
    assert page.status == 400
    assert 'role="alert"' in page.text
    assert "Inget har ändrats" in page.text
    for name, value in fields.items():
        if name != "reason":
            assert f'value="{value}"' in page.text, "what was filled in is still there"
    assert logs.since(mark, "ekbacka") == []


async def test_keeping_everything_can_be_proposed(agneta: Browser, arvid: Browser) -> None:
    page = await arvid.get(await proposed(agneta, {"reason": "KS 2026/10"}))
    assert "allt sparas för alltid" in page.text


@pytest.mark.parametrize("persona", ["lovisa", "rut", "niklas"])
async def test_nobody_else_decides_or_sees(
    portal: Portal, installation: Installation, agneta: Browser, logs: Logs, persona: str
) -> None:
    where = await proposed(agneta)
    browser = await enter(portal, installation, persona)
    mark = logs.mark("ekbacka")
    assert (await browser.get(HERE)).status in (403, 404)
    assert (await browser.get(where)).status in (403, 404)
    for path, fields in (
        (HERE, RULES), (f"{where}/approve", {"digest": "0" * 64, "sure": "yes"}), (f"{where}/withdraw", {})
    ):  # fmt: skip
        assert (await browser.post(path, fields)).status in (403, 404)
    assert {one["event"] for one in logs.since(mark, "ekbacka")} <= {"access.denied"}


async def test_rules_that_somebody_put_there_are_shown_as_what_they_are(agneta: Browser, logs: Logs) -> None:
    logs.execute(
        "ekbacka",
        "insert into vaka.removal_rules (id, rules, reason, proposed_at, proposed_by, approved_at, approved_by)"
        ' values (gen_random_uuid(), \'{"alarms": {"months": 24, "exempt": false}}\', \'KS 1\','
        " now() - interval '60 days', 'account:a', now() - interval '50 days', 'account:b')",
    )
    page = await agneta.get(HERE)
    assert "som er logg inte känner" in page.text
    assert "Inte i loggen" in page.text
    assert "Inget är beslutat." in page.text


async def test_the_last_night_is_told_of(agneta: Browser, logs: Logs) -> None:
    logs.execute(
        "ekbacka",
        "update vaka.removal_state set finished_at = now(), complete = false, result ="
        ' \'{"alarms": {"alarms": 1234, "messages": 4321, "exempt": 7, "unreadable": 3, "held": 2}}\'',
    )
    page = await agneta.get(HERE)
    assert "larm: 1\u00a0234, meddelanden: 4\u00a0321, anteckningar: 0." in page.text
    assert "7 för födelsedagen, 3 vars födelsedag inte går att läsa, 2 för undantag" in page.text
    assert "Den avbröts" in page.text
    logs.execute("ekbacka", "update vaka.removal_state set finished_at = null, complete = true, result = '{}'")
