# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authority sees its board of 37: the same as `vaka terms` prints, red first, and nothing of anybody else's."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import unescape
from uuid import UUID

import psycopg
import pytest

from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from tests.web.portal.test_terms_pack import take
from vaka.assurance.assessment import assess_all
from vaka.assurance.contract import ContractText, import_contract
from vaka.assurance.evidence import Found, Look, enter_look, list_supervised, read_standings
from vaka.assurance.terms import find_requirements, load_terms
from vaka.assurance.wording import explain
from vaka.assurance.wording_statuses import STATUSES
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.web.desk.application import ADDRESSES as DESK
from vaka.web.office.application import ADDRESSES as OFFICE
from vaka.web.portal.application import ADDRESSES as PORTAL
from vaka.web.portal.portal import Portal
from vaka.web.signin.application import ADDRESSES as SIGNIN
from vaka.web.times import whole_minute

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/terms"


@pytest.fixture
async def beata(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's access approver."""
    return await enter(portal, installation, "beata")


@pytest.fixture
def without_contract(logs: Logs) -> Iterator[None]:
    """No contract was taken in, before and after."""
    emptied = "truncate vaka.contract_text"
    logs.execute("platform", emptied, unguarded=True)
    yield
    logs.execute("platform", emptied, unguarded=True)


async def find(installation: Installation, requirement: str, *found: Found) -> None:
    """Let a collector have found something now."""
    async with platform_as(installation.server, "scheduler") as scheduler:
        wanted = find_requirements(load_terms())[requirement]
        await enter_look(scheduler, wanted, Look(found), datetime.now(UTC))


def tiles(page: str) -> dict[int, str]:
    """Return what each tile says, by the number of its term."""
    parts = re.split(r'<li class="term" id="term-(\d+)">', page)[1:]
    return {
        int(number): " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())
        for number, text in zip(parts[::2], parts[1::2], strict=True)
    }


async def test_the_board_is_what_the_evidence_says(beata: Browser, installation: Installation) -> None:
    """All 37, each with the very words that the command line prints for the supplier."""
    authority = installation.authorities["ekbacka"].id
    await find(installation, "left-open", Found(None))
    await find(installation, "ended-accounts", Found(None, "active", 3))
    shown = tiles((await beata.get(HERE)).text)
    assert shown.keys() == set(range(1, 38))
    async with platform_as(installation.server, "setup") as setup:
        contract = next(one.contract for one in await list_supervised(setup, datetime.now(UTC)) if one.id == authority)
        standings = await read_standings(setup, authority)
    for term, judgement in assess_all(load_terms(), standings, contract, datetime.now(UTC)):
        assert term.label.sv in shown[term.number]
        assert STATUSES[judgement.status].sv in shown[term.number]
        assert explain(term, judgement).sv in shown[term.number]
    assert "3 konton är aktiva fast deras sista dag har passerat." in shown[13]
    assert "Ingen kan bestämma" in (await beata.get(HERE)).text


async def test_backups_stand_beside_their_term_agreed_and_measured(beata: Browser, installation: Installation) -> None:
    """Nobody knows of any until the commands have run; then the last restore test is there, with what it measured."""
    before = tiles((await beata.get(HERE)).text)[24]
    assert "Senaste återläsningsprovet som lyckades det har inte skett något" in before
    assert "Avtalat: hur mycket som får gå förlorat (RPO) 15 minuter" in before
    now, drilled = datetime.now(UTC), datetime.now(UTC) - timedelta(days=9)
    said: dict[str, dict[str, str | int | bool | None]] = {
        "now": {"point": now.isoformat()},
        "check": {"unencrypted": 0, "append_only": True, "damaged": 0, "site": "backup.example"},
        "drill": {"good": True, "took_seconds": 1500, "lost_seconds": 240},
    }
    async with platform_as(installation.server, "setup") as setup, setup.transaction():
        for name, detail in said.items():
            at = drilled if name == "drill" else now
            await append(setup, Entry(Event.COMMAND_RUN, "setup:uid-0", at, f"command:backup.{name}", detail=detail))
    shown = tiles((await beata.get(HERE)).text)[24]
    assert f"Senaste återläsningsprovet som lyckades {whole_minute(drilled)}" in shown
    assert f"Själva provet gjordes {whole_minute(drilled)}." in shown, "beside the evidence, which was looked at later"
    assert "vad som hade gått förlorat 4 minuter" in shown
    assert "hur länge återställning tog 25 minuter" in shown
    assert f"Krypterade (AES-256) ja, sett {whole_minute(now)}" in shown
    assert f"inget kan ta bort eller skriva över ja, sett {whole_minute(now)}" in shown
    assert "backup.example" not in shown, "where it is is nobody else's business"


async def test_the_contracts_own_words_stand_beside_ours(
    beata: Browser, installation: Installation, logs: Logs, without_contract: None
) -> None:
    """Where they were taken in, with what they are of; marked as Swedish in either language, and never as markup."""
    assert "Avtalets egna ord" not in (await beata.get(HERE)).text
    said = [f"Åtagande {number} <b>gäller</b>.\nOch mer." for number in range(1, 38)]
    now, file = datetime.now(UTC), b"what the annex is"
    digest = sha256(file).hexdigest()
    taken = ContractText("Bilaga 9", digest, said)
    async with platform_as(installation.server, "setup") as setup:
        before = ContractText("Bilaga 8", digest, said)
        await import_contract(setup, before, file, actor="setup:uid-0", now=now + timedelta(days=1))
        await import_contract(setup, taken, file, actor="setup:uid-0", now=now)
        assert not await import_contract(setup, taken, file, actor="setup:uid-0", now=now)
    page = (await beata.get(HERE)).text
    shown = tiles(page)
    for number in range(1, 38):
        assert f"Avtalets egna ord om villkor {number} Åtagande {number} <b>gäller</b>. Och mer." in shown[number]
    assert '<p lang="sv">Åtagande 7 &lt;b&gt;gäller&lt;/b&gt;.</p><p lang="sv">Och mer.</p>' in page
    assert f"Avtalets egna ord är ur Bilaga 9, inlästa {whole_minute(now)}" in page
    assert digest in page
    packed = zipfile.ZipFile(io.BytesIO(await take(beata, logs)))
    told = json.loads(packed.read("evidence/contract.json"))
    assert (told["source"], told["sha256"], told["terms"]["7"]) == ("Bilaga 9", digest, said[6])
    assert packed.namelist() == sorted(packed.namelist(), key=str.casefold)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with platform_as(installation.server, "portal") as other:
            await import_contract(other, taken, b"another", actor="setup:uid-0", now=now)


@pytest.mark.parametrize("changed", ["texts[7] = 'Annat'", "source = 'Bilaga 10'"])
async def test_a_contract_that_the_log_does_not_tell_of_is_not_shown(
    changed: str, beata: Browser, installation: Installation, logs: Logs, without_contract: None
) -> None:
    """Whoever writes other words into it by hand, past all that hinders him, has none to show."""
    async with platform_as(installation.server, "setup") as setup:
        said = ContractText("Bilaga 9", sha256(b"x").hexdigest(), ["Ord"] * 37)
        await import_contract(setup, said, b"x", actor="setup:uid-0", now=datetime.now(UTC))
    assert "Avtalets egna ord" in (await beata.get(HERE)).text
    logs.execute("platform", f"update vaka.contract_text set {changed}", unguarded=True)
    assert "Avtalets egna ord" not in (await beata.get(HERE)).text


async def test_what_is_red_comes_first_in_its_group(beata: Browser, installation: Installation) -> None:
    """Failing before untested, and what is met last."""
    await find(installation, "ended-accounts", Found(None, "active", 1))
    order = list(tiles((await beata.get(HERE)).text))
    access = [number for number in order if number in (2, 8, 9, 10, 11, 12, 13, 14, 15, 16)]
    assert access[0] == 13


async def test_an_authority_sees_nothing_of_what_was_found_of_another(
    beata: Browser, installation: Installation
) -> None:
    """Another's fault turns the other's board red, and leaves this one's as it was."""
    own, other = (installation.authorities[name].id for name in ("ekbacka", "norrvik"))

    async def look(own_things: int, other_things: int) -> str:
        def found(where: UUID, things: int) -> Found:
            return Found(where, "unanswered", things) if things else Found(where)

        await find(installation, "emergency-grants", found(own, own_things), found(other, other_things))
        return tiles((await beata.get(HERE)).text)[9]

    fine, elsewhere, here = await look(0, 0), await look(0, 4), await look(2, 4)
    assert "nödtilldelningar har inte" not in fine
    assert "nödtilldelningar har inte" not in elsewhere
    assert "2 nödtilldelningar har inte godkänts i tid." in here


async def test_term_01_6_nobody_can_set_how_a_term_stands(beata: Browser) -> None:
    """No address of any page takes anything about a term; what is sent there is refused, whoever sends it. The one
    that is sent to hands the evidence out.
    """
    about_terms = {
        (method, one.path) for table in (DESK, OFFICE, PORTAL, SIGNIN) for one in table for method in one.methods
        if "terms" in one.path
    }  # fmt: skip
    assert about_terms == {
        ("GET", "/terms"), ("GET", "/terms/{slug}"), ("GET", "/log/{authority}/terms"),
        ("POST", "/log/{authority}/terms/pack"),
    }  # fmt: skip
    before = tiles((await beata.get(HERE)).text)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in (HERE, f"{HERE}/1", "/terms"):
            answer = await beata.send(method, path, {"accept": "text/html", "sec-fetch-site": "same-origin"})
            assert answer.status in (404, 405), (method, path)
    assert tiles((await beata.get(HERE)).text) == before
