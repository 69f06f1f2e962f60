# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Term 29: what is published is held against what runs, those concerned are told, and nobody sets that it is over."""

from datetime import timedelta

import pytest

from tests.operations.vulnerabilities.data import V4_CRITICAL, debian, osv, python, tracker
from tests.operations.vulnerabilities.house import BECAUSE, House
from vaka.cases.writing import UnusableCaseError
from vaka.operations.vulnerabilities.reading import UnusableDataError
from vaka.operations.vulnerabilities.stating import UnusableStatementError

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HOUR = timedelta(hours=1)


async def test_term_29_1_an_advisory_that_hits_gives_a_finding_and_a_notice_with_its_times(house: House) -> None:
    """Known as it was taken in, told at the next round, with a receipt and the time until which it is mended."""
    house.runs = [python(), python("annatpaket", "3.0")]
    await house.publish()
    assert await house.compare() == 0
    house.pass_time(hours=2)
    known = house.one.now
    await house.publish(osv(severity=[{"type": "CVSS_V4", "score": V4_CRITICAL}]))
    house.pass_time(minutes=1)
    assert await house.compare() == 3, "one finding, told to two"
    [found] = await house.found()
    assert (found.vulnerability, found.purl, found.severity) == ("CVE-2026-10001", "pkg:pypi/provpaket@1.5", "critical")
    assert (found.known_at, found.told_at, found.told, found.seen) == (known, house.one.now, 2, 0)
    assert found.told_at is not None
    assert found.told_at - found.known_at <= timedelta(minutes=60), "what is agreed for what is critical"
    for who in (house.one, house.other):
        [told] = await house.told(who)
        assert (told.known_at, told.told_at, told.seen_at, told.ended_at) == (known, house.one.now, None, None)
        assert (told.fix_by - told.known_at, told.fixed_version) == (24 * HOUR, "2.0")
        assert await house.noticed(who, told.case_id) == 1
        read = await house.entries(told.case_id, who)
        assert "provpaket 1.5" in read[-1].text
        assert "2.0" in read[-1].text
        assert "provpaket" not in read[0].text, "what all read names no component"
    house.pass_time(minutes=3)
    await house.see(found.case_id, house.one)
    assert [(await house.told(who))[0].seen_at for who in (house.one, house.other)] == [house.one.now, None]
    assert await house.compare() == 0, "nobody is told twice"


async def test_term_29_1_debian_packages_are_held_against_the_tracker_by_their_source(house: House) -> None:
    house.runs = [debian(), debian("libprov-dev"), debian("libannan", "9.0-1", "tredje@9.0-1")]
    fixed = {"status": "resolved", "fixed_version": "1.2-3", "urgency": "medium"}
    await house.take(tracker(bookworm=fixed, trixie={"status": "open"}))
    await house.compare()
    found = await house.found()
    assert {(one.name, one.severity, one.fixed_version) for one in found} == {
        ("libprov1", "medium", "1.2-3"), ("libprov-dev", "medium", "1.2-3"),
    }  # fmt: skip
    assert len({one.case_id for one in found}) == 1, "one vulnerability is one case"
    house.runs = [debian(version="1.2-3", source="provkalla@1.2-3"), debian("libprov-dev")]
    house.pass_time(hours=1)
    await house.compare()
    assert {one.name: one.ended_because for one in await house.found()} == {"libprov1": "gone", "libprov-dev": None}


async def test_term_29_4_not_affected_takes_a_reason_and_another_person(house: House) -> None:
    """Without a reason, with a number in it, by oneself: refused, and it stays open."""
    house.runs = [python()]
    await house.publish(osv())
    await house.compare()
    [found] = await house.found()
    for justification, because in (("", BECAUSE), ("vulnerable_code_not_present", " "), ("it_is_fine", BECAUSE)):
        with pytest.raises(UnusableStatementError) as refused:
            await house.state(found, justification, because)
        assert refused.value.why == "unjustified"
    with pytest.raises(UnusableStatementError):
        await house.state(found, because="Ring 0701740605 så berättar jag")
    await house.state(found)
    with pytest.raises(UnusableStatementError) as refused:
        await house.accept(found, by=house.admin)
    assert refused.value.why == "same"
    assert [one.ended_at for one in await house.found()] == [None]
    await house.refuse(found)
    assert await house.compare() == 0
    assert [one.ended_at for one in await house.found()] == [None]


async def test_term_29_4_with_both_it_is_over_and_those_who_were_told_are_told_why(house: House) -> None:
    house.runs = [python()]
    await house.publish(osv())
    await house.compare()
    [found] = await house.found()
    await house.state(found)
    house.pass_time(minutes=5)
    await house.accept(found)
    [ended] = await house.found()
    assert (ended.ended_at, ended.ended_because) == (house.one.now, "not_affected")
    assert (await house.case(found.case_id)).state == "fixed"
    for who in (house.one, house.other):
        [told] = await house.told(who)
        assert (told.justification, told.because) == ("vulnerable_code_not_present", BECAUSE)
        assert any(BECAUSE in one.text for one in await house.entries(found.case_id, who))
        assert await house.noticed(who, found.case_id) >= 2
    house.pass_time(hours=1)
    assert await house.compare() == 0, "it still matches, and stays over"
    house.runs = [python(version="1.6")]
    await house.compare()
    assert [one.version for one in await house.found() if one.ended_at is None] == ["1.6"], "another version is anew"


async def test_term_29_5_what_is_said_to_be_mended_and_still_runs_stays_open(house: House) -> None:
    """The case cannot be moved on while the old version runs; it is, by itself, when it does not."""
    house.runs = [python()]
    await house.publish(osv())
    await house.compare()
    [found] = await house.found()
    await house.write(found.case_id, "moved", step="triaged")
    for step in ("fixed", "closed"):
        with pytest.raises(UnusableCaseError):
            await house.write(found.case_id, "moved", step=step, cause="A", impact="B", report="not_required")
    house.pass_time(minutes=20)
    await house.compare()
    assert [one.ended_at for one in await house.found()] == [None]
    assert (await house.case(found.case_id)).state == "triaged"
    house.runs = [python(version="2.0")]
    house.pass_time(minutes=20)
    assert await house.compare() == 1
    [ended] = await house.found()
    assert (ended.ended_at, ended.ended_because) == (house.one.now, "gone")
    assert (await house.case(found.case_id)).fixed_at == house.one.now
    [told] = await house.told(house.other)
    assert (told.ended_at, told.now_version) == (house.one.now, "2.0")
    await house.write(found.case_id, "moved", step="closed", cause="A", impact="B", report="not_required")


async def test_term_29_6_a_notice_that_nobody_has_seen_goes_further(house: House) -> None:
    """After the agreed minutes to the next contact, again and again; who has acknowledged is left alone."""
    house.runs = [python()]
    await house.publish(osv())
    await house.compare()
    [found] = await house.found()
    await house.write(found.case_id, "moved", step="acknowledged")
    house.pass_time(minutes=29)
    assert await house.escalate() == (0, 0)
    await house.see(found.case_id, house.other)
    house.pass_time(minutes=2)
    before = await house.noticed(house.one, found.case_id)
    assert await house.escalate() == (1, 0)
    read = await house.entries(found.case_id, house.one)
    assert [one.facts["level"] for one in read if one.kind == "escalated"] == [1]
    assert [one for one in await house.entries(found.case_id, house.other) if one.kind == "escalated"] == []
    assert await house.noticed(house.one, found.case_id) == before + 1, "and that is told of, too"
    house.pass_time(minutes=30)
    assert await house.escalate() == (1, 0)


async def test_term_29_7_whom_it_does_not_concern_gets_no_notice(house: House) -> None:
    """One runs a component alone: the other reads of nothing, not even that there is a case."""
    house.only = {house.one.authority.slug: [python()]}
    await house.publish(osv())
    assert await house.compare() == 2, "one finding, told to one"
    [found] = await house.found()
    assert found.authority_id == house.one.authority.id
    assert await house.noticed(house.one, found.case_id) == 1
    assert await house.noticed(house.other, found.case_id) == 0
    assert await house.told(house.other) == []
    assert await house.entries(found.case_id, house.other) == []
    # The same vulnerability in another component of the other's: it reads of its own, and not of the first one's.
    house.only = {**house.only, house.other.authority.slug: [python("provpaket", "1.7")]}
    house.pass_time(minutes=10)
    await house.compare()
    [told] = await house.told(house.other)
    assert told.version == "1.7"
    assert told.case_id != found.case_id, "neither reads in it what the other runs, or that it is mended there"
    read = "\n".join(one.text for one in await house.entries(told.case_id, house.other))
    assert "provpaket 1.7" in read
    assert "provpaket 1.5" not in read
    assert await house.entries(told.case_id, house.one) == []


async def test_term_29_7_one_vulnerability_in_two_packages_is_two_cases(house: House) -> None:
    """Each has one package alone: neither reads of the other's advisory, or that it is mended."""
    a, b = house.one, house.other
    house.only = {a.authority.slug: [python("paketett")]}
    await house.publish(
        osv("VAKA-2026-4", "paketett", summary="What only the first has"),
        osv("VAKA-2026-5", "pakettva", summary="What only the second has"),
    )
    await house.compare()
    house.only = {**house.only, b.authority.slug: [python("pakettva")]}
    house.pass_time(minutes=10)
    await house.compare()
    [first], [second] = await house.told(a), await house.told(b)
    assert first.vulnerability == second.vulnerability
    for mine, who, name in ((first, a, "first"), (second, b, "second")):
        read = "\n".join(one.text for one in await house.entries(mine.case_id, who))
        assert f"What only the {name} has" in read
        assert read.count("What only") == 1
    house.only = {**house.only, a.authority.slug: [python("paketett", "2.0")]}
    house.pass_time(minutes=10)
    await house.compare()
    assert (await house.case(first.case_id)).state == "fixed"
    assert (await house.case(second.case_id)).state == "open"
    assert [one.kind for one in await house.entries(second.case_id, b)] == ["opened", "touched"]


async def test_what_is_not_severe_is_told_in_one_case(house: House) -> None:
    """A server has hundreds of those: each is a finding, and one case of the comparison tells of all."""
    house.runs = [python(), python("annatpaket", "1.0")]
    low = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]
    await house.publish(osv(severity=low), osv("VAKA-2026-2", "annatpaket", aliases=["CVE-2026-10002"], severity=low))
    await house.compare()
    found = await house.found()
    assert len(found) == 2
    assert len({one.case_id for one in found}) == 1
    assert await house.noticed(house.one, found[0].case_id) == 1


async def test_two_advisories_of_one_vulnerability_are_one_finding(house: House) -> None:
    """The severest word of them counts."""
    house.runs = [python()]
    await house.publish(osv(), osv("ANNAN-2026-7", severity=[{"type": "CVSS_V4", "score": V4_CRITICAL}]))
    await house.compare()
    assert [(one.vulnerability, one.severity) for one in await house.found()] == [("CVE-2026-10001", "critical")]


async def test_a_bill_that_cannot_be_read_mends_nothing(house: House) -> None:
    """What it leaves out would look as if it were gone: nothing is compared, and what was found stays."""
    house.only = {house.one.authority.slug: [python()]}
    await house.publish(osv())
    await house.compare()
    house.only = {house.one.authority.slug: ["nonsense"]}  # type: ignore[list-item]
    house.pass_time(hours=1)
    assert await house.compare() == 0
    assert [one.ended_at for one in await house.found()] == [None]
    house.only = {"finnsinte": [python()]}
    assert await house.compare() == 0
    assert [one.ended_at for one in await house.found()] == [None]


async def test_data_go_in_whole_or_not_at_all(house: House) -> None:
    """Older than what there is, of a time to come, newer inside than they say, far fewer than before: refused."""
    house.runs = [python()]
    await house.publish(osv(), *[osv(f"VAKA-2026-3{n}", f"paket{n}") for n in range(5)])
    await house.compare()
    for source_at in (house.later(hours=-1), house.later(minutes=1)):
        with pytest.raises(UnusableDataError):
            await house.publish(osv(), *[osv(f"VAKA-2026-3{n}", f"paket{n}") for n in range(5)], source_at=source_at)
    house.pass_time(hours=1)
    with pytest.raises(UnusableDataError):
        await house.publish(osv(modified=house.later(minutes=5).isoformat()))
    with pytest.raises(UnusableDataError):
        await house.publish()
    await house.compare()
    assert [one.ended_at for one in await house.found()] == [None]
    await house.publish(shrunk=True)
    await house.compare()
    [ended] = await house.found()
    assert ended.ended_because == "withdrawn", "by whoever published it: the version runs"
    read = (await house.entries(ended.case_id, house.one))[-1].text
    assert "The same version still runs." in read
    assert "No component" not in read
    house.pass_time(hours=1)
    await house.publish(osv())
    await house.compare()
    assert [one.ended_because for one in await house.found()] == [None, "withdrawn"], (
        "published again, it is open again"
    )


async def test_term_29_5_what_cannot_be_assessed_any_more_stays_open(house: House) -> None:
    """The same version in a bill that says less of it; and a bill that says nothing at all is refused."""
    house.runs = [debian()]
    await house.take(tracker(bookworm={"status": "open", "urgency": "medium"}))
    await house.compare()
    for runs in ([{**debian(), "properties": []}], [{"name": "libprov1", "version": "1.2-2"}], []):
        house.runs = runs
        house.pass_time(hours=1)
        assert await house.compare() == 0
        assert [one.ended_at for one in await house.found()] == [None]
    house.runs = [debian(version="1.2-3", source="provkalla@1.2-3"), python()]
    await house.take(tracker(bookworm={"status": "resolved", "fixed_version": "1.2-3"}))
    await house.compare()
    assert [one.ended_because for one in await house.found()] == ["gone"]


async def test_what_is_published_later_of_what_is_open_is_told(house: House) -> None:
    """Without a fix; then with one; then worse: the finding says it, those told are told, it is sooner due."""
    house.runs = [python()]
    unmended = osv()
    unmended["affected"][0]["ranges"][0]["events"] = [{"introduced": "0"}]
    await house.publish(unmended)
    await house.compare()
    [found] = await house.found()
    assert (found.fixed_version, found.severity) == ("", "high")
    house.pass_time(hours=1)
    await house.publish(osv(summary="Said better"))
    assert await house.compare() == 2, "told to two"
    [mended] = await house.found()
    assert (mended.id, mended.fixed_version, mended.summary) == (found.id, "2.0", "Said better")
    assert mended.fix_by == found.fix_by
    for who in (house.one, house.other):
        last = (await house.entries(found.case_id, who))[-1]
        assert (last.kind, "2.0" in last.text) == ("noted", True)
        assert [one.fixed_version for one in await house.told(who)] == ["2.0"]
    house.pass_time(hours=1)
    await house.publish(osv(severity=[{"type": "CVSS_V4", "score": V4_CRITICAL}]))
    risen = house.one.now
    house.pass_time(minutes=1)
    assert await house.compare() == 2
    [worse] = await house.found()
    assert (worse.severity, worse.basis, worse.fix_by) == ("critical", V4_CRITICAL, risen + 24 * HOUR)
    assert "high → critical" in (await house.entries(found.case_id, house.one))[-1].text
    house.pass_time(hours=1)
    assert await house.compare() == 0, "once"


async def test_a_case_of_what_is_less_severe_is_not_used_again(house: House) -> None:
    house.runs = [python()]
    low = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]
    await house.publish(osv(severity=low), osv("VAKA-2026-6", "annatpaket"))
    await house.compare()
    house.runs = [python(), python("annatpaket")]
    house.pass_time(hours=1)
    await house.compare()
    found = {one.name: one for one in await house.found()}
    assert {name: one.severity for name, one in found.items()} == {"provpaket": "low", "annatpaket": "high"}
    assert found["provpaket"].case_id != found["annatpaket"].case_id


async def test_what_a_record_says_anew_is_known_since_then(house: House) -> None:
    """And the same file once more is entered as an import of now, and changes nothing."""
    house.runs = [python()]
    elsewhere = osv()
    elsewhere["affected"][0]["ranges"][0]["events"] = [{"introduced": "3.0"}]
    await house.publish(elsewhere)
    await house.compare()
    house.pass_time(hours=5)
    await house.publish(osv())
    changed = house.one.now
    house.pass_time(hours=1)
    mark = house.one.mark()
    await house.publish(osv())
    assert [one["event"] for one in house.one.since(mark)] == ["advisories.imported"]
    await house.compare()
    assert [one.known_at for one in await house.found()] == [changed]
    house.pass_time(hours=1)
    await house.publish(osv(), osv("VAKA-2026-3", "annatpaket"))
    assert await house.compare() == 0


async def test_what_nobody_scored_of_debian_is_told_in_one_case(house: House) -> None:
    """It counts as severe, and there are hundreds of it on a server: one case of each that is concerned."""
    house.runs = [debian(), debian("libannan", "9.0-1", "annan@9.0-1")]
    await house.take(tracker(bookworm={"status": "open"}))
    await house.compare()
    found = await house.found()
    assert {(one.vulnerability, one.severity) for one in found} == {
        ("CVE-2026-20002", "high"), ("CVE-2026-20003", "high"),
    }  # fmt: skip
    assert len({one.case_id for one in found}) == 1
    assert await house.noticed(house.one, found[0].case_id) == 1


async def test_what_is_found_leaves_entries_that_its_authorities_see(house: House) -> None:
    mark = house.one.mark()
    house.runs = [python()]
    await house.publish(osv())
    await house.compare()
    every = house.one.since(mark)
    told = [one for one in every if one["event"].startswith(("advisories.", "vulnerability."))]
    assert [one["event"] for one in told] == ["advisories.imported", "vulnerability.found"]
    assert told[0]["detail"]["dataset"] == "osv:PyPI"
    assert told[1]["detail"] == {
        "vulnerability": "CVE-2026-10001", "purl": "pkg:pypi/provpaket@1.5", "severity": "high",
    }  # fmt: skip
