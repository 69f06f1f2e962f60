# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Gathering the report of a year on all 37 terms.

A year that is over is reported as it stood when it ended, so that it is the same whenever it is drawn.
"""

from collections import Counter
from datetime import datetime

from vaka.access.decide import NothingHereError
from vaka.access.designation import list_held
from vaka.assurance.evidence import Supervised
from vaka.assurance.exclusions import list_exclusions
from vaka.assurance.inquiries import list_inquiries, list_messages
from vaka.assurance.year import end_of_days, follow, read_standings_at
from vaka.cases.model import Case
from vaka.cases.reading import list_cases, list_entries, list_titles
from vaka.database.connections import Connection, transaction
from vaka.errors import Sentence
from vaka.registers.exercises import list_exercises
from vaka.tenants.authorities import Authority
from vaka.web.portal.portal import Portal
from vaka.web.portal.tasks import find_supervised
from vaka.web.portal.terms_document import RESTORED, CaseYear, Year, write_parts, write_table
from vaka.web.portal.yearly import Drawn, bounds, moment_of
from vaka.web.texts import Language


async def draw(portal: Portal, authority: Authority, year: int, language: Language) -> Drawn:
    """Draw the report of a year. Raises NothingHereError where there is no contract, or was none yet."""
    now = portal.clock.now()
    async with transaction(portal.platform) as platform:
        supervised = await find_supervised(platform, authority.id, moment_of(year, now))
        if supervised.contract.since >= bounds(year)[1]:
            raise NothingHereError
        gathered = await gather(platform, supervised, year, now)
    about = [
        Sentence(
            "Varje dag är bedömd på nytt, efter det underlag som fanns då. Ingen kan ställa ett läge, och underlag "
            "läggs till och ändras aldrig.",
            "Each day is judged anew, by the evidence that there was then. Nobody can set a status, and evidence is "
            "added and never changed.",
        ),
        Sentence(
            "Så kontrolleras den: ta ut samma år som fil och jämför fingeravtrycket; underlaget självt, med loggens "
            "bevis, finns i underlagspaketet bland villkoren.",
            "To check it: take the same year out as a file and compare the fingerprint; the evidence itself, with the "
            "log's proofs, is in the evidence pack among the terms.",
        ),
    ]  # fmt: skip
    title = Sentence(f"De 37 villkoren {year}", f"The 37 terms in {year}")
    return Drawn(title, about, write_parts(gathered, language), write_table(gathered))


async def gather(platform: Connection, authority: Supervised, year: int, now: datetime) -> Year:
    """Read everything that the report says (as portal)."""
    began, ended = bounds(year)
    moment = moment_of(year, now)
    moments = end_of_days(max(began, authority.contract.since), moment)
    standings = await read_standings_at(platform, authority.id, moments)
    exclusions = await list_exclusions(platform, now, authority.id)
    inquiries = [one for one in await list_inquiries(platform, authority.id) if began <= one.filed_at <= moment]
    said = await list_messages(platform, inquiries, authority.id)
    titles = await list_titles(platform, authority.id)
    touching = [one for one in await list_cases(platform, authority.id) if began <= one.known_at <= moment]
    cases = [CaseYear(one, await _told_at(platform, authority, one), one.id in titles) for one in touching]
    held = await list_held(platform, authority.id, now)
    restored = {found.since for at in moments if (found := standings[at].get(RESTORED)) and found.met}
    return Year(
        moment=moment, terms=follow(standings, authority.contract, exclusions), contract=authority.contract,
        standings=standings[moment], restored=sorted(restored),
        exclusions=[one for one in exclusions if one.approved_at and one.approved_at <= moment
                    and one.until and one.until > began],
        exercises=[one for one in await list_exercises(platform, authority.id, moment)
                   if one.year == year and one.asked_at <= moment],
        cases=sorted(cases, key=lambda one: one.case.number),
        inquiries=[(one, [each for each in said[one.id] if each.made_at <= moment]) for one in
                   sorted(inquiries, key=lambda one: (one.filed_at, one.id))],
        staff=Counter(one.role for one in held if one.effective and one.state == "active") if now < ended else None,
    )  # fmt: skip


async def _told_at(platform: Connection, authority: Supervised, case: Case) -> datetime | None:
    """Return when the authority was told that a case touches it."""
    entries = await list_entries(platform, case.id, authority.id)
    return min((one.made_at for one in entries if one.kind == "touched"), default=None)
