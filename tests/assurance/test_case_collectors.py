# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What contacts and cases say of terms 34 and 35: met where all is well, and red by each fault planted in them."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    TERM_OF,
    authority,
    by_hand,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import CASE_COLLECTORS, Place
from vaka.assurance.looking import look
from vaka.assurance.wording import explain
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY = timedelta(days=1)


@pytest.fixture
def named(
    by_hand: Callable[..., None],  # noqa: F811
    authority: Authority,  # noqa: F811
) -> Callable[..., None]:
    """Names the authority's contact, in place of any before."""

    def name(valid_for: timedelta = 300 * DAY) -> None:
        by_hand("delete from case_contact")
        by_hand(
            "insert into case_contact (authority_id, place, name, mail, phone, hours, valid_until, set_by, since)"
            " values (%(where)s, 1, 'Säkerhetsfunktionen', '', '08-46500400', '', %(until)s, %(who)s, now())",
            where=authority.id, until=(START + valid_for).date(), who=uuid4(),
        )  # fmt: skip

    return name


@pytest.mark.turns_red("authority-contact")
async def test_no_contact_or_none_that_holds_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    named: Callable[..., None],
) -> None:
    """Nobody named, somebody named, and his last day over: red with its reason, said in words."""
    name = "authority-contact"
    assert await status_of(name, place, server) == (Status.FAILING, "unnamed")
    named()
    assert await status_of(name, place, server) == (Status.MET, "none")
    named(timedelta(0))
    assert await status_of(name, place, server) == (Status.MET, "none"), "the last day is a day"
    assert await status_of(name, place, server, START + DAY) == (Status.FAILING, "expired")
    for reason in ("unnamed", "expired"):
        said = explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 1))
        assert "i portalen" in said.sv
        assert "in the portal" in said.en


@pytest.mark.turns_red(*CASE_COLLECTORS, stopped=True)
async def test_what_nobody_looks_at_any_more_is_not_tested(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    named: Callable[..., None],
) -> None:
    """A collector that is stopped turns it red when its evidence is too old, and a second more."""
    named()
    for name, collector in CASE_COLLECTORS.items():
        within = REQUIREMENTS[name].looked_within
        await look(REQUIREMENTS[name], collector, place, START)
        assert await judged(name, place, server, START + within) == (Status.MET, "none"), name
        later = START + within + timedelta(seconds=1)
        assert await judged(name, place, server, later) == (Status.UNTESTED, "collector_down"), name
