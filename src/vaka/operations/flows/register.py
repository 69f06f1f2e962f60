# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The register of flows: those of the product, and those that an installation has besides; and what is wrong by it.

A socket that others can reach and that no flow is of is wrong. So is one that was to stay on the machine, and one that
speaks in clear without an exception that still holds. Nothing is closed because of it: an alarm comes in all the same.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from vaka.errors import Sentence
from vaka.operations.flows.sockets import Listening
from vaka.settings import Settings

Wrong = Literal["unregistered", "exposed", "plain"]
WRONG: tuple[Wrong, ...] = ("unregistered", "exposed", "plain")
"""What can be wrong with a socket, what says most first."""
_STAYS_HERE = ("loopback", "unix")
IN_CLEAR = "none"


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow as it is to be."""

    name: str
    source: Sentence
    target: Sentence
    transport: str
    port: int | None
    """What something listens on, where it does and the port is open."""
    protection: str
    until: datetime | None = None
    """Until when a flow in clear is excepted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A socket that is not as the register has it."""

    listening: Listening
    reason: Wrong


def list_flows(settings: Settings) -> Sequence[Flow]:
    """Return every flow of an installation with these settings, the product's first."""
    until = {one.flow: one.until for one in settings.flows.exceptions}
    return [*_of_product(settings, until), *_own(settings, until)]


def _of_product(settings: Settings, until: Mapping[str, datetime]) -> Iterator[Flow]:
    for one in _read():
        port = one.get("port")
        if "listens" in one:
            section, _, name = one["listens"].partition(".")
            port = getattr(getattr(settings, section), name)
        yield Flow(
            one["name"], Sentence(**one["source"]), Sentence(**one["target"]), one["transport"], port,
            one["protection"], until.get(one["name"]),
        )  # fmt: skip


def _own(settings: Settings, until: Mapping[str, datetime]) -> Iterator[Flow]:
    for one in settings.flows.own:
        source, target = Sentence(one.source, one.source), Sentence(one.target, one.target)
        yield Flow(one.name, source, target, one.transport, one.port, one.protection, until.get(one.name))


@cache
def _read() -> Sequence[Mapping[str, Any]]:
    text = files("vaka.operations.flows").joinpath("register.toml").read_text("utf-8")
    found: Sequence[Mapping[str, Any]] = tomllib.loads(text)["flow"]
    return found


def judge(listening: Iterable[Listening], flows: Iterable[Flow], now: datetime) -> Sequence[Finding]:
    """Return the sockets that others can reach and that are not as the register has them."""
    of_port = {(one.transport, one.port): one for one in flows if one.port is not None}
    found = []
    for one in listening:
        flow = of_port.get((one.transport, one.port))
        if flow is None:
            found.append(Finding(one, "unregistered"))
        elif flow.protection in _STAYS_HERE:
            found.append(Finding(one, "exposed"))
        elif flow.protection == IN_CLEAR and (flow.until is None or flow.until <= now):
            found.append(Finding(one, "plain"))
    return found
