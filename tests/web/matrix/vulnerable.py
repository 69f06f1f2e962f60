# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Vulnerabilities that were told to both authorities, each with words that no other ever reads.

One CVE hits packages that each runs for itself, and another that both run: what they are told of it stands in a case of
each, and in one that both read, entered by the comparison itself.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import psycopg

from tests.operations.vulnerabilities.data import bill, filler, osv, python, zipped
from tests.platform import platform_as
from tests.web.furniture import Installation
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.operations.vulnerabilities.bill import list_running
from vaka.operations.vulnerabilities.importing import Taken, take_in
from vaka.operations.vulnerabilities.reading import read_data
from vaka.operations.vulnerabilities.rounds import enter_comparison
from vaka.settings import CasesSettings

BOTH = "provpaket"


def package(place: str, what: str = "kodord") -> str:
    """What one of the two runs alone."""
    return f"{what}-{place}"


async def enter_vulnerabilities(installation: Installation, words: Mapping[str, str]) -> None:
    """Publish, compare what runs, tell; and say of one component of each that it is not affected, and why."""
    now = datetime.now(UTC)
    records = [osv("VAKA-2026-1", BOTH)]
    running = list_running(bill(python(BOTH)))
    for number, (place, said) in enumerate(words.items(), start=2):
        own = [package(place), package(place, "utan")]
        records += [osv(f"VAKA-2026-{number}{which}", name, summary=said) for which, name in enumerate(own)]
        running += list_running(bill(*map(python, own)), installation.authorities[place].id)
    async with platform_as(installation.server, "setup") as setup:
        data = read_data(zipped(*records, *filler()))
        await take_in(setup, data, Taken(now, fetched=False), by="setup:uid-0", now=now)
    async with platform_as(installation.server, "scheduler") as scheduler, scheduler.transaction():
        await enter_comparison(scheduler, running, CasesSettings(), now)
    by = installation.accounts["adam"]
    with _hand(installation) as hand:
        hand.execute("set session_replication_role = replica")
        for place, said in words.items():
            authority = installation.authorities[place].id
            hand.execute(
                "with ended as (update vaka.vulnerability_finding set ended_at = %s, ended_because = 'not_affected'"
                " where name = %s returning id)"
                " insert into vaka.vulnerability_statement (id, finding_id, justification, because, made_by, made_at,"
                " decided_by, decided_at, approved) select gen_random_uuid(), id, 'component_not_present', %s, %s, %s,"
                " gen_random_uuid(), %s, true from ended", (now, package(place, "utan"), said, by, now, now),
            )  # fmt: skip
            hand.execute(
                "insert into vaka.case_entry (case_id, number, kind, side, tlp, authority_id, text, facts, made_by,"
                " made_at, digest) select f.case_id, (select max(e.number) + 1 from vaka.case_entry e"
                " where e.case_id = f.case_id), 'noted', 'supplier', 'AMBER', %s, %s, '{}', %s, %s, %s"
                " from vaka.vulnerability_finding f where f.name = %s", (authority, said, by, now, bytes(32), BOTH),
            )  # fmt: skip


def cases_of(installation: Installation, place: str) -> Mapping[str, str]:
    """The case of what one of the two runs alone, and the one of what both run."""
    with _hand(installation) as hand:
        rows = hand.execute(
            "select distinct case when authority_id is null then 'both' else 'own' end, case_id::text"
            " from vaka.vulnerability_finding where authority_id is null or authority_id = %s",
            (installation.authorities[place].id,),
        )
        return dict(rows.fetchall())


def _hand(installation: Installation) -> "psycopg.Connection[tuple[str, str]]":
    return psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)
