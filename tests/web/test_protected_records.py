# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A closed alarm of somebody with a protected identity is read after a touch for it alone; no open one ever waits."""

from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest

from tests.identity.authenticator import SoftKey
from tests.web.browsers import Answer, Browser, sign_in
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.portal.touching import options, shown
from tests.web.test_acts import address
from tests.web.test_history import DAYS, closed, recorded
from tests.web.test_locks import enrol, nobody_has_a_key  # noqa: F401 - a fixture
from vaka.alarms.looking_back import reading_act
from vaka.alarms.model import REOPEN_WITHIN
from vaka.web.desk.desk import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ASKS = "Bekräfta med din säkerhetsnyckel"
TEXT = "Föll på Provgatan."
OVER = REOPEN_WITHIN + timedelta(minutes=1)


class Hidden(NamedTuple):
    """Somebody with a protected identity."""

    name: str
    slug: str
    authority: UUID

    def record(self, alarm: UUID) -> str:
        """Where a closed alarm is read."""
        return f"/history/{self.authority}/{alarm}"


@pytest.fixture
def hidden(installation: Installation) -> Hidden:
    name = next(name for name, (_, person, _) in installation.people.items() if person.protected_identity)
    slug = installation.people[name][0]
    return Hidden(name, slug, installation.authorities[slug].id)


async def ended(
    olga: Browser, installation: Installation, hidden: Hidden, ago: timedelta = OVER, text: str = TEXT
) -> UUID:
    """An alarm that was handled and closed so long ago."""
    alarm = await closed(olga, installation, hidden.name, text)
    installation.execute(hidden.slug, "update alarm set closed_at = now() - %s where id = %s", (ago, alarm))
    return alarm


async def touch(browser: Browser, key: SoftKey, record: str) -> Answer:
    """Open a record, touch the key for what the page asks, and send that."""
    return await browser.post(record, {"answer": key.touch(options(await browser.get(record)))})


def require_nothing_shown(answer: Answer, hidden: Hidden) -> None:
    for secret in (*hidden.name.split(), TEXT):
        assert secret not in answer.text, secret


async def test_term_15_5_a_record_is_shown_after_a_touch_for_it_and_for_no_other(
    olga: Browser, installation: Installation, hidden: Hidden
) -> None:
    key, mark = await enrol(olga), uuid4().hex
    one = await ended(olga, installation, hidden)
    other = await ended(olga, installation, hidden, OVER + timedelta(hours=1), mark)
    before = reads(installation, hidden, one)
    page = await olga.get(hidden.record(one))
    assert page.status == 200
    assert ASKS in page.text
    assert installation.authorities[hidden.slug].name in shown(page)
    require_nothing_shown(page, hidden)
    answer = key.touch(options(page))
    for record, sent in ((hidden.record(other), answer), (hidden.record(one), "{}"), (hidden.record(one), "x" * 40)):
        refused = await olga.post(record, {"answer": sent})
        assert refused.status == 403
        require_nothing_shown(refused, hidden)
    assert reads(installation, hidden, one) == before, "nothing was read"
    read = await touch(olga, key, hidden.record(one))
    assert read.status == 200
    assert hidden.name in read.text
    assert TEXT in read.text
    assert mark not in read.text
    assert "?act=" not in read.text, "nothing is offered that would lead back to the key"
    [entry] = reads(installation, hidden, one)[len(before) :]
    person = installation.people[hidden.name][1].id
    assert entry == {"person": str(person), "step_up": reading_act(hidden.authority, one).digest}
    for record in (hidden.record(one), hidden.record(other)):
        require_nothing_shown(await olga.get(record), hidden)


async def test_term_15_5_a_colleagues_touch_and_one_that_was_used_read_nothing(
    desk: Desk, olga: Browser, installation: Installation, hidden: Hidden
) -> None:
    record = hidden.record(await ended(olga, installation, hidden))
    key, lena = await enrol(olga), await sign_in(desk, SETTINGS, installation, "lena")
    hers = await enrol(lena)
    for answer in (hers.touch(options(await lena.get(record))), hers.touch(options(await olga.get(record)))):
        refused = await olga.post(record, {"answer": answer})
        assert refused.status == 403
        require_nothing_shown(refused, hidden)
    answer = key.touch(options(await olga.get(record)))
    assert hidden.name in (await olga.post(record, {"answer": answer})).text
    require_nothing_shown(await olga.post(record, {"answer": answer}), hidden)


async def test_an_open_alarm_is_shown_at_once_and_so_is_what_can_be_opened_again(
    olga: Browser, installation: Installation, hidden: Hidden
) -> None:
    await enrol(olga)
    still_open = installation.raise_alarm(hidden.name)
    assert hidden.name in (await olga.get(address(installation, still_open, hidden.slug))).text
    assert (await olga.get(hidden.record(still_open))).status == 404
    installation.close_everything()
    recent = await ended(olga, installation, hidden, REOPEN_WITHIN - timedelta(minutes=5))
    where = address(installation, recent, hidden.slug)
    for path in (hidden.record(recent), where):
        page = await olga.get(path)
        assert hidden.name in page.text
        assert f"{where}?act=reopen" in page.text
    assert 'data-state="taken"' in (await olga.act(f"{where}/reopen")).text
    # Where it was closed before, and however long ago it came, it is open now.
    assert hidden.name in (await olga.get(where)).text


async def test_what_is_part_of_an_open_alarm_is_shown_at_once(
    olga: Browser, installation: Installation, hidden: Hidden
) -> None:
    await enrol(olga)
    part = await ended(olga, installation, hidden)
    whole = installation.raise_alarm(hidden.name)
    merge = "update alarm set state = 'merged', merged_into = %s where id = %s"
    installation.execute(hidden.slug, merge, (whole, part))
    assert hidden.name in (await olga.get(hidden.record(part))).text
    installation.execute(
        hidden.slug,
        "update alarm set state = 'closed', escalate_at = null, closed_at = now() - %s, closed_by = 'scheduler'"
        " where id = %s",
        (OVER, whole),
    )
    require_nothing_shown(await olga.get(hidden.record(part)), hidden)


async def test_the_desk_shows_no_old_alarm_either_and_asks_for_no_key(
    olga: Browser, installation: Installation, hidden: Hidden
) -> None:
    """Neither its address, nor what an act there is answered with, is a way around."""
    await enrol(olga)
    alarm = await ended(olga, installation, hidden)
    where, record = address(installation, alarm, hidden.slug), hidden.record(alarm)
    page = await olga.get(where)
    assert (page.status, page.header("location")) == (303, record)
    for part in (await olga.part(where), await olga.part(f"{where}?act=reopen"),
                 await olga.act(f"{where}/note", {"body": "Ringde."})):  # fmt: skip
        assert (part.status, part.header("hx-redirect"), part.body) == (200, record, b"")
    for act in ("take", "reopen"):
        late = await olga.act(f"{where}/{act}")
        assert late.status == 409
        require_nothing_shown(late, hidden)
    assert "mer än 24 timmar" in late.text


async def test_who_has_no_key_is_told_how_to_add_one_where_keys_are_required(
    desk: Desk, olga: Browser, installation: Installation, hidden: Hidden
) -> None:
    record = hidden.record(await ended(olga, installation, hidden))
    strict = await sign_in(replace(desk, step_up="required"), SETTINGS, installation, "olga")
    answer = await strict.get(record)
    assert (answer.status, answer.header("location")) == (303, "/keys?needed=1")
    told = await strict.get(answer.header("location"))
    assert "du har ingen än" in told.text
    assert 'action="/keys/add"' in told.text
    # In a demo nobody has one yet: it is shown, and the entry says of no touch.
    alarm = UUID(record.rpartition("/")[2])
    before = reads(installation, hidden, alarm)
    assert hidden.name in (await olga.get(record)).text
    [entry] = reads(installation, hidden, alarm)[len(before) :]
    assert entry.keys() == {"person"}


async def test_who_may_not_read_of_people_needs_no_key_to_see_nobody(
    desk: Desk, olga: Browser, installation: Installation, hidden: Hidden
) -> None:
    record = hidden.record(await ended(olga, installation, hidden))
    greta = await sign_in(desk, SETTINGS, installation, "greta")
    answer = await greta.get(record)
    assert ASKS not in answer.text
    assert answer.status == 200
    require_nothing_shown(answer, hidden)


async def test_nobody_with_a_protected_identity_is_found_by_name(
    olga: Browser, installation: Installation, hidden: Hidden
) -> None:
    alarm = await closed(olga, installation, hidden.name, TEXT)
    known = await closed(olga, installation, "Karin Holmgren", TEXT)
    assert str(alarm) not in (await olga.search("/history", DAYS | {"text": hidden.name})).text
    assert str(known) in (await olga.search("/history", DAYS | {"text": "Karin Holmgren"})).text
    sender = installation.people[hidden.name][2].sender
    found = await olga.search("/history", DAYS | {"text": sender})
    assert str(alarm) in found.text
    assert "Skyddad identitet" in found.text
    require_nothing_shown(found, hidden)


def reads(installation: Installation, hidden: Hidden, alarm: UUID) -> list[dict[str, str]]:
    """What the authority's log says of olga's readings of an alarm."""
    entries = recorded(installation, "alarm.read", "olga", hidden.slug)
    return [detail for about, detail in entries if about == f"alarm:{alarm}"]
