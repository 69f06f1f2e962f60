# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is known of the release that runs: 20, 22, 28 and 33.

Each looks for itself: what one of them holds for true, another does not take from it.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from vaka.assurance.asking_databases import Collector, Place, ask_platform
from vaka.assurance.evidence import Found, Look
from vaka.assurance.terms import find_requirements, load_terms
from vaka.database.connections import transaction
from vaka.operations.integrity.attestation import read_scan, require_tested
from vaka.operations.integrity.deployments import find_newest
from vaka.operations.integrity.envelope import Fault, NotBelievedError, Trust, read_trust
from vaka.operations.integrity.gates import find_failures
from vaka.operations.integrity.manifest import Release
from vaka.operations.integrity.restricting import is_held
from vaka.operations.integrity.vigil import inspect_release

PROBE = "run/execution.probe"
_REASONS: Mapping[Fault, str] = MappingProxyType(
    {Fault.ALTERED: "altered", Fault.UNLISTED: "unlisted", Fault.MISSING: "unsigned", Fault.UNSIGNED: "unsigned",
     Fault.UNREADABLE: "unsigned"}
)  # fmt: skip
"""How it is told that a release is not believed; anything else: refused."""


async def _find_altered(place: Place, _now: datetime) -> Look:
    """Whether what is installed is byte for byte what was signed (term 28)."""
    try:
        await _inspect(place)
    except NotBelievedError as error:
        return _of_all(place, _REASONS.get(error.fault, "refused"), error.things)
    return _of_all(place)


async def _find_deployments(place: Place, now: datetime) -> Look:
    """Whether that is what was put in production, by an approved change (term 20)."""
    try:
        digest = (await _inspect(place)).digest
    except NotBelievedError:
        digest = ""
    return await ask_platform("find_deployments", place, now, digest=digest)


async def _find_untested(place: Place, _now: datetime) -> Look:
    """Whether a test environment said so of exactly what was put in production (term 22)."""
    async with transaction(place.platform) as connection:
        newest = await find_newest(connection)
    if newest is None:
        return _of_all(place, "missing", 1)
    try:
        require_tested(newest.attestation, _trust(place), newest.digest)
    except NotBelievedError:
        return _of_all(place, "refused", 1)
    return _of_all(place)


async def _find_real_people(place: Place, now: datetime) -> Look:
    """Whether a test environment has found nobody real in its stores, and lately (term 22)."""
    where = place.settings.release.test_scan
    if where is None or place.root is None:
        return Look([], place.authorities)
    try:
        scan = read_scan(await asyncio.to_thread((place.root / where).read_bytes), _trust(place))
    except (OSError, NotBelievedError):
        return _of_all(place, "refused", 1)
    every = find_requirements(load_terms())["test-data-scan"].every
    if not now - every <= scan.at <= now or not scan.stores or not scan.texts:
        return Look([], place.authorities)
    return _of_all(place, "found", scan.found)


async def _find_unpassed(place: Place, _now: datetime) -> Look:
    """Whether the release that runs passed every gate (term 33)."""
    try:
        failed = find_failures((await _inspect(place)).gates)
    except NotBelievedError:
        return _of_all(place, "unsigned", 1)
    return _of_all(place, "failed", len(failed))


async def _find_unheld(place: Place, _now: datetime) -> Look:
    """Whether this process can start a program that nobody listed: it tries (term 28)."""
    root = place.root
    if root is None:
        return Look([], place.authorities)
    held = await asyncio.to_thread(_try_program, root)
    if held is None:
        return _of_all(place, "unsupported", 1)
    return _of_all(place, "runs", int(not held))


def _try_program(root: Path) -> bool | None:
    return is_held(root / PROBE)


async def _inspect(place: Place) -> Release:
    if place.root is None:
        raise NotBelievedError(Fault.MISSING)
    return await asyncio.to_thread(inspect_release, place.root, place.settings, place.installed)


def _trust(place: Place) -> Trust:
    named = place.settings.release.trusted_keys
    if named is None or place.root is None:
        raise NotBelievedError(Fault.MISSING)
    return read_trust(place.root / named)


def _of_all(place: Place, reason: str = "", things: int = 0) -> Look:
    """Say the same of every authority: what runs, runs for all of them."""
    return Look([Found(one, reason, things) if things else Found(one) for one in place.authorities])


RELEASE_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "release-integrity": _find_altered,
        "deployments": _find_deployments,
        "test-attestation": _find_untested,
        "test-data-scan": _find_real_people,
        "release-gates": _find_unpassed,
        "execution-limits": _find_unheld,
    }
)
"""What asks about the release that runs, and how it came to run."""
