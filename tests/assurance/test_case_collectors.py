# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What contacts and cases say of terms 34 and 35: met where all is well, and red by each fault planted in them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

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
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import CASE_COLLECTORS
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
    # The day is the Swedish one: at 23.01 UTC it is over, in winter.
    last = (START.replace(hour=22, minute=59), START.replace(hour=23, minute=1))
    assert [await status_of(name, place, server, at) for at in last] == [
        (Status.MET, "none"), (Status.FAILING, "expired"),
    ]  # fmt: skip
    for reason in ("unnamed", "expired"):
        said = explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 1))
        assert "i portalen" in said.sv
        assert "in the portal" in said.en


@pytest.fixture
def opened(
    by_hand: Callable[..., None],  # noqa: F811
    authority: Authority,  # noqa: F811
) -> Callable[..., UUID]:
    """Lets a case touch the authority, known and told of at START, with an hour for everything but what is said."""

    def open_case(step: str = "fixed", *, regulated: bool = False, told: timedelta = timedelta(0)) -> UUID:
        case, who = uuid4(), uuid4()
        by_hand(
            "insert into security_case (id, kind, severity, regulated, known_at, opened_at, acknowledge_minutes,"
            " receipt_minutes, tell_minutes, fix_hours) values (%(case)s, 'incident', 'high', %(regulated)s, %(at)s,"
            " %(at)s, 60, 60, 60, 1)",
            case=case, regulated=regulated, at=START,
        )  # fmt: skip
        for number, kind, where, said, at in (
            (1, "touched", authority.id, {}, START + told), (2, "moved", None, {"step": step}, START),
        ):  # fmt: skip
            if step or kind == "touched":
                by_hand(
                    "insert into case_entry (case_id, number, kind, side, tlp, authority_id, text, facts, made_by,"
                    " made_at, digest) values (%(case)s, %(number)s, %(kind)s, 'supplier', 'AMBER', %(where)s, '',"
                    " %(said)s, %(who)s, %(at)s, %(digest)s)",
                    case=case, number=number, kind=kind, where=where, said=Jsonb(said), who=who, at=at,
                    digest=bytes(32),
                )  # fmt: skip
        return case

    return open_case


@pytest.mark.turns_red("incident-clocks")
@pytest.mark.parametrize(
    ("facts", "hours", "reason"),
    [
        ({"step": ""}, 2, "unanswered"),
        ({"step": "triaged"}, 2, "unfixed"),
        ({"regulated": True}, 25, "unreported"),
        ({"told": timedelta(minutes=61)}, 2, "untold"),
    ],
)
async def test_a_case_past_a_time_of_its_own_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    opened: Callable[..., UUID],
    facts: dict[str, Any],
    hours: int,
    reason: str,
) -> None:
    """Met while there is time, red with its reason after it, and said in words."""
    name = "incident-clocks"
    opened()
    assert await status_of(name, place, server, START + timedelta(hours=hours)) == (Status.MET, "none")
    opened(**facts)
    if reason != "untold":
        assert await status_of(name, place, server, START + timedelta(minutes=59)) == (Status.MET, "none")
    assert await status_of(name, place, server, START + timedelta(hours=hours)) == (Status.FAILING, reason)
    assert explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 1)).sv


@pytest.mark.turns_red("case-receipts")
async def test_what_nobody_there_has_seen_in_time_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
    authority: Authority,  # noqa: F811
    opened: Callable[..., UUID],
) -> None:
    """Met while there is time, red after it, and met again with a receipt."""
    name, later = "case-receipts", START + timedelta(minutes=61)
    case = opened()
    assert await status_of(name, place, server, START + timedelta(hours=1)) == (Status.MET, "none")
    assert await status_of(name, place, server, later) == (Status.FAILING, "unseen")
    said = explain(TERM_OF[name], Judgement(Status.FAILING, START, "unseen", name, 1))
    assert "ingen hos myndigheten kvitterat" in said.sv
    by_hand(
        "insert into case_receipt (case_id, number, authority_id, account_id, seen_at) select case_id, number,"
        " %(where)s, %(who)s, %(at)s from case_entry where case_id = %(case)s",
        where=authority.id, who=uuid4(), at=START, case=case,
    )  # fmt: skip
    assert await status_of(name, place, server, later) == (Status.MET, "none")


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
