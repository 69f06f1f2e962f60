# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authority's people decide what codes and passwords have to be (term 16), and see which devices' are not."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.identities import IDENTITIES
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from vaka.crypto.activation import FLOORS
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role, tenant_role
from vaka.keys.identities import label
from vaka.tenants.activation import read_rules, write_rules
from vaka.tenants.device_secrets import open_secret_desk
from vaka.tenants.devices import Device, register_devices
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/activation"
FIELDS = {
    "device_length": "14", "device_kinds": "1", "device_lifetime": "", "device_reuse": "0", "code_length": "26",
    "code_lifetime": "24", "reason": "Riktlinje KS 2026/11",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_decided(installation: Installation, logs: Logs) -> None:
    """Each test begins where nothing was decided and no device has a password."""
    for slug in ("ekbacka", "norrvik"):
        logs.execute(slug, "truncate vaka.activation_rules, vaka.device_secret", unguarded=True)
    logs.execute("platform", "delete from vaka.device_entry where authentication = 'digest'", unguarded=True)


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter(portal, installation, "agneta")


@pytest.fixture
async def beata(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's access approver."""
    return await enter(portal, installation, "beata")


async def proposed(by: Browser, **changes: str) -> str:
    """Propose, and return where the preview is."""
    answer = await by.post(HERE, {**FIELDS, **changes})
    assert answer.status == 303, answer.text
    where = answer.header("location")
    assert re.fullmatch(rf"{HERE}/[0-9a-f-]{{36}}", where)
    return where


async def approved(by: Browser, where: str) -> Answer:
    """Put in force exactly what is shown."""
    page = await by.get(where)
    [digest] = re.findall(r'name="digest" value="([0-9a-f]{64})"', page.text)
    return await by.post(f"{where}/approve", {"digest": digest, "sure": "yes"})


async def rules_of(installation: Installation, slug: str = "ekbacka") -> object:
    database = installation.authorities[slug].database_name
    role = tenant_role(database, "portal")
    async with await open_connection(installation.server, role, database, application="test") as tenant:
        return await read_rules(tenant)


async def device_with(installation: Installation, secret: str, slug: str = "ekbacka") -> Device:
    """Register a device with this password, as the import does."""
    authority, now = installation.authorities[slug], datetime.now(UTC)
    database = authority.database_name
    tenant = await open_connection(installation.server, tenant_role(database, "setup"), database, application="test")
    platform = await open_connection(installation.server, platform_role("setup"), PLATFORM_DATABASE, application="test")
    async with tenant, platform:
        desk = await open_secret_desk(tenant, authority.id, IDENTITIES, "vaka", now)
        sender = str(uuid4().int % 10**12)
        device = Device(uuid4(), sender, desk.take_secret(sender, sender, secret), model="Prov 1")
        await register_devices(tenant, platform, authority, IDENTITIES, [device], actor="setup", now=now)
    return device


async def test_the_page_says_that_the_floor_is_asked(agneta: Browser) -> None:
    answer = await agneta.get("/activation")
    assert (answer.status, answer.header("location")) == (303, HERE)
    page = await agneta.get(HERE)
    assert page.status == 200
    assert "Er myndighet har inte beslutat något" in page.text
    assert "Ingen larmenhet har ett lösenord som ska bytas." in page.text
    assert 'name="device_length" type="number" inputmode="numeric" required min="12" max="64" value="12"' in page.text


async def test_term_16_4_what_tightens_is_put_in_force_by_one_and_flags_what_is_there(
    agneta: Browser, installation: Installation, logs: Logs
) -> None:
    weak, strong = [await device_with(installation, secret) for secret in ("thirteen sign", "many more signs")]
    mark = logs.mark("ekbacka")
    where = await proposed(agneta)
    page = await agneta.get(where)
    assert "1\u00a0larmenhet" not in page.text
    assert "1 larmenhet skulle ha ett lösenord som ska bytas, 1 av dem är ny." in page.text
    assert label(IDENTITIES.blind(weak.sender)) in page.text
    assert label(IDENTITIES.blind(strong.sender)) not in page.text
    assert await rules_of(installation) == FLOORS, "nothing holds before it is approved"
    answer = await approved(agneta, where)
    assert answer.status == 303
    assert await rules_of(installation) == {**FLOORS, "device_secret": replace(FLOORS["device_secret"], length=14)}
    page = await agneta.get(HERE)
    assert "1 larmenhet har ett lösenord som ska bytas." in page.text
    assert "Deras larm besvaras som förut." in page.text
    entries = logs.since(mark, "ekbacka")
    told = [(one["event"], one["actor"], one["detail"].get("weakens")) for one in entries]
    me = f"account:{agneta.account}"
    assert told == [("activation.proposed", me, None), ("activation.approved", me, False)]
    for secret in ("thirteen sign", "many more signs", weak.sender, strong.sender):
        assert secret not in str(entries)


async def test_term_16_4_what_weakens_is_approved_by_another(
    agneta: Browser, beata: Browser, installation: Installation, logs: Logs
) -> None:
    await approved(agneta, await proposed(agneta, device_length="20", device_lifetime="30"))
    for weaker in ({"device_length": "19", "device_lifetime": "30"}, {"device_length": "20", "device_lifetime": "31"},
                   {"device_length": "20", "device_lifetime": ""}):  # fmt: skip
        where = await proposed(agneta, **weaker)
        own = await agneta.get(where)
        assert "Det här kräver mindre än nu" in own.text
        assert "digest" not in own.text
        page = await beata.get(where)
        [digest] = re.findall(r'name="digest" value="([0-9a-f]{64})"', page.text)
        mark = logs.mark("ekbacka")
        refused = await agneta.post(f"{where}/approve", {"digest": digest, "sure": "yes"})
        assert refused.status == 403
        assert "godkänns av någon annan" in refused.text
        assert [one["event"] for one in logs.since(mark, "ekbacka")] == []
        assert (await agneta.post(f"{where}/withdraw")).status == 303
    where = await proposed(agneta, device_length="19", device_lifetime="30")
    answer = await approved(beata, where)
    assert answer.status == 303, answer.text
    [entry] = [one for one in logs.since(mark, "ekbacka") if one["event"] == "activation.approved"]
    assert (entry["actor"], entry["detail"]["weakens"]) == (f"account:{beata.account}", True)
    rules = await rules_of(installation)
    assert rules == {**FLOORS, "device_secret": replace(FLOORS["device_secret"], length=19, lifetime=30)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"device_length": "11"}, {"device_length": ""}, {"device_kinds": "0"}, {"code_length": "25"},
        {"code_lifetime": ""}, {"code_lifetime": "25"}, {"device_length": "65"}, {"device_lifetime": "0"},
    ],
    ids=str,
)  # fmt: skip
async def test_term_16_3_the_portal_refuses_what_is_below_the_floor(
    agneta: Browser, logs: Logs, wrong: dict[str, str]
) -> None:
    mark = logs.mark("ekbacka")
    answer = await agneta.post(HERE, {**FIELDS, **wrong})
    assert answer.status == 400
    assert "under plattformens golv" in answer.text
    assert logs.since(mark, "ekbacka") == []


async def test_term_16_5_what_one_authority_asks_touches_no_other(agneta: Browser, installation: Installation) -> None:
    await approved(agneta, await proposed(agneta, device_length="40"))
    assert await rules_of(installation, "norrvik") == FLOORS
    assert (await device_with(installation, "thirteen sign", "norrvik")).authentication
    with pytest.raises(Exception, match="at least 40 characters"):
        await device_with(installation, "thirteen sign", "ekbacka")
    assert (await agneta.get("/log/norrvik/activation")).status == 404
    assert (await agneta.post("/log/norrvik/activation", FIELDS)).status == 404


async def test_a_row_that_somebody_writes_asks_for_nothing_and_is_told_of(
    agneta: Browser, installation: Installation, logs: Logs
) -> None:
    """The supplier's rogue administrator lowers what is asked, and puts dates back."""
    await approved(agneta, await proposed(agneta, device_length="20"))
    forged = str(write_rules(FLOORS)).replace("'", '"').replace("None", "null")
    mark = logs.mark("ekbacka")
    logs.execute(
        "ekbacka",
        "insert into vaka.activation_rules (id, rules, reason, proposed_at, proposed_by, approved_at, approved_by)"
        f" values (gen_random_uuid(), '{forged}', 'KS 1', now() - interval '2 hours', 'account:a',"
        " now() - interval '2 hours', 'account:b')",
    )
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["row.changed_by_hand"]
    expected = {**FLOORS, "device_secret": replace(FLOORS["device_secret"], length=20)}
    assert await rules_of(installation) == expected
    assert "som er logg inte känner" in (await agneta.get(HERE)).text
    # What was decided is changed afterwards: the digest is another, and the rules are worth nothing.
    logs.execute("ekbacka", f"update vaka.activation_rules set rules = '{forged}'", unguarded=True)
    assert await rules_of(installation) == FLOORS


async def test_who_has_no_say_is_refused(lovisa: Browser, niklas: Browser, nobody: Browser, logs: Logs) -> None:
    for browser, status in ((lovisa, 403), (niklas, 403), (nobody, 303)):
        assert (await browser.get(HERE)).status == status
    mark = logs.mark("ekbacka")
    assert (await lovisa.post(HERE, FIELDS)).status == 403
    assert (await lovisa.post(f"{HERE}/{uuid4()}/approve", {"digest": "0" * 64, "sure": "yes"})).status == 403
    assert {one["event"] for one in logs.since(mark, "ekbacka")} == {"access.denied"}


async def test_a_proposal_that_waits_hinders_another_and_can_be_taken_back(agneta: Browser, logs: Logs) -> None:
    where = await proposed(agneta)
    assert (await agneta.post(HERE, FIELDS)).status == 409
    assert (await agneta.post(f"{where}/approve", {"digest": "0" * 64, "sure": "yes"})).status == 409
    mark = logs.mark("ekbacka")
    assert (await agneta.post(f"{where}/withdraw")).status == 303
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["activation.withdrawn"]
    assert (await agneta.get(where)).status == 404
    assert (await agneta.get(f"{HERE}/none")).status == 400
