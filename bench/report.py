# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The table that is printed: one line for each thing that was measured."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_WHO = {
    "vaka": "Vaka",
    "vaka_digest": "Vaka, digest",
    "kamailio": "Kamailio",
    "kamailio_stateless": "  without tm",
}
_COLUMNS = ("", "offered", "done/s", "least–most", "p50 ms", "p99 ms", "max ms", "503", "lost", "cores")


def as_text(results: Mapping[str, Any]) -> str:
    """Return everything as text."""
    lines = [*_machine(results)]
    if "alarms" in results:
        lines += [*_alarms(results["alarms"])]
    if "plain" in results:
        lines += ["", "Plain durable inserts, one each (pgbench)"]
        lines += [
            f"  {entry['clients']:>3} clients  {entry['rate']:>8,.0f}/s   mean {entry['milliseconds']:.1f} ms"
            for entry in results["plain"]
        ]
    if "heartbeats" in results:
        lines += [*_heartbeats(results["heartbeats"])]
    if "flood" in results:
        lines += [*_flood(results["flood"])]
    if "desks" in results:
        lines += ["", "Wire → every operator's page, milliseconds"]
        lines += [
            f"  {name:<18} p50 {entry['p50']:>7,.1f}   p99 {entry['p99']:>7,.1f}   max {entry['max']:>7,.1f}"
            f"   {entry['seen']:,} sightings, {entry['missing']} missing   desk {entry['desk_cores']:.2f} cores"
            for name, entry in results["desks"].items()
        ]
    if "keys" in results:
        lines += [*_keys(results["keys"])]
    lines += [*_ledger(results)]
    return "\n".join(lines)


def _machine(results: Mapping[str, Any]) -> Iterator[str]:
    for name, value in results["machine"].items():
        yield f"{name + ':':<13} {value}"


def _alarms(alarms: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        f"Alarms stored durably and answered 200 (Vaka with {alarms['receiver_processes']} receiver process(es), "
        f"Kamailio with {alarms['kamailio_children']} children; at saturation "
        f"{alarms['under_way']['vaka']} and {alarms['under_way']['kamailio']} messages under way)"
    )
    yield _row(_COLUMNS)
    for who, title in _WHO.items():
        for offered, entry in alarms[who].items():
            yield _run(title, offered, entry)
    if alarms["kamailio_complaints"]:
        yield f"  Kamailio logged {alarms['kamailio_complaints']:,} errors: it was not measured at its best."
    for name, text in (("ratio", ""), ("ratio_stateless", " without transactions")):
        if name in alarms:
            ratio = alarms[name]
            yield (
                f"  At saturation Vaka does {ratio['median']:.2f} times the rate of Kamailio{text} "
                f"({ratio['least']:.2f}–{ratio['most']:.2f} over the rounds)."
            )


def _heartbeats(heartbeats: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"Heartbeats, {heartbeats['devices']:,} devices known ({heartbeats['receiver_megabytes']} MB of receivers)"
    for offered, entry in heartbeats["runs"].items():
        yield _run("Vaka", offered, entry)
    yield (
        f"  {heartbeats['answered']:,} heartbeats cost {heartbeats['transactions_in_that_time']:,} transactions, "
        f"in {heartbeats['seconds']:.0f} s."
    )


def _flood(flood: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "Life alarms at 50/s while tests, and then faults, come at twice what can be carried"
    for name, entry in flood.items():
        life, others = entry["life"], entry["others"]
        told = f"  {name:<10} p50 {life['p50']:>6,.1f}  p99 {life['p99']:>6,.1f}  max {life['max']:>6,.1f} ms"
        told += f"   {life['answered']:,} of {life['sent']:,} answered, {life['busy']} refused"
        if others:
            told += (
                f"   others: {others['offered']:,.0f}/s offered, {others['rate']:,.0f}/s answered, "
                f"{others['busy']:,} told to come later"
            )
        yield told


def _keys(keys: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "Keys: values and letters sealed and opened by one process, a second"
    yield from (f"  {name:<26} {_rates(entry)}" for name, entry in keys["values"].items())
    yield f"The keyholder, an authority of {keys['people']['turned']:,} people: keys a second, and milliseconds"
    for name, entry in keys["turned"].items():
        yield f"  {name:<26} {_rates(entry) if name.endswith(' a second') else _milliseconds(entry)}"
    yield f"The names of {keys['people']['names']:,} people in one process's memory, milliseconds (least–most)"
    yield from (f"  {name:<26} {_milliseconds(entry)}" for name, entry in keys["names"].items())
    yield "The one screen of one person, from the request to the whole page, milliseconds"
    for name, entry in keys["screens"].items():
        yield f"  {name:<26} p50 {entry['p50']:>6,.1f}   p99 {entry['p99']:>6,.1f}   max {entry['most']:>6,.1f}"


def _milliseconds(entry: Mapping[str, float]) -> str:
    median, least, most = (entry[name] * 1000 for name in ("median", "least", "most"))
    return f"{median:>9,.1f} ms  ({least:,.1f}–{most:,.1f})"


def _ledger(results: Mapping[str, Any]) -> Iterator[str]:
    if "sealing" in results:
        yield ""
        yield "The ledger: transactions a second of 8 sessions, and entries a second of one sequencer"
        yield from (f"  {name:<18} {_rates(entry)}" for name, entry in results["sealing"].items())
    if "cosigning" in results:
        found = results["cosigning"]
        yield (
            f"  commit → cosigned at {found['rate']:,}/s   p50 {found['p50']:,.0f}   p99 {found['p99']:,.0f}"
            f"   max {found['max']:,.0f} ms"
        )
    if "verifying" in results:
        found = results["verifying"]
        yield ""
        yield f"A log of {found['entries']:,} entries verified from its files, entries a second"
        yield from (f"  {name:<18} {_rates(entry)}" for name, entry in found["rates"].items())
        yield f"  one proof, made and checked   p50 {found['proof']['p50']:.2f}   p99 {found['proof']['p99']:.2f} ms"


def _rates(entry: Mapping[str, float]) -> str:
    return f"{entry['median']:>9,.0f}/s   ({entry['least']:,.0f}–{entry['most']:,.0f})"


def _run(title: str, offered: str, entry: Mapping[str, Any]) -> str:
    cores = entry["cores"] | {"generator": entry["generator_cores"]}
    return _row(
        (
            title, offered, f"{entry['rate']:,.0f}", f"{entry['least_rate']:,}–{entry['most_rate']:,}",
            f"{entry['p50']:,.1f}", f"{entry['p99']:,.1f}", f"{entry['max']:,.0f}", f"{entry['busy']:,.0f}",
            f"{entry['unanswered']:,.0f}", " ".join(f"{name} {value:.2f}" for name, value in cores.items()),
        )
    )  # fmt: skip


def _row(cells: Iterable[str]) -> str:
    widths = (15, 10, 8, 15, 8, 9, 8, 7, 6, 0)
    first, *others = zip(cells, widths, strict=True)
    return (
        "  "
        + first[0].ljust(first[1])
        + "".join(f" {cell:>{width}}" if width else f"   {cell}" for cell, width in others)
    )
