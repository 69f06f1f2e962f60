# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The flows of an installation: those of the product (register.toml), and those that it has besides; what is wrong.

A socket that others can reach and that no flow is of is wrong. So is one that was to stay on the machine, and one that
speaks in clear without an exception that still holds. Nothing is closed because of it: an alarm comes in all the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from vaka.errors import Sentence
from vaka.operations.flows.product import list_product_flows
from vaka.operations.flows.sockets import Listening
from vaka.settings import Settings

Wrong = Literal["unregistered", "exposed", "plain"]
WRONG: tuple[Wrong, ...] = ("unregistered", "exposed", "plain")
"""What can be wrong with a socket, what says most first."""
_STAYS_HERE = ("loopback", "unix")
IN_CLEAR = "none"
LONGEST_EXCEPTION = timedelta(days=366)
"""So far ahead the end of an exception may be. One that ends later was not thought over, and is none."""


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
    is_elsewhere: bool = False
    """Whether what listens is on no machine of the installation's."""

    def exception(self, now: datetime) -> str:
        """Return how the exception stands: ``none``, ``holds``, ``over``, or ``endless`` if its end is too far off."""
        if self.until is None:
            return "none"
        if self.until <= now:
            return "over"
        return "holds" if self.until <= now + LONGEST_EXCEPTION else "endless"


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
    for one, port in list_product_flows(settings):
        yield Flow(
            one["name"], Sentence(**one["source"]), Sentence(**one["target"]), one["transport"], port,
            one["protection"], until.get(one["name"]), one.get("elsewhere", False),
        )  # fmt: skip


def _own(settings: Settings, until: Mapping[str, datetime]) -> Iterator[Flow]:
    for one in settings.flows.own:
        source, target = Sentence(one.source, one.source), Sentence(one.target, one.target)
        yield Flow(one.name, source, target, one.transport, one.port, one.protection, until.get(one.name))


def judge(listening: Iterable[Listening], flows: Iterable[Flow], now: datetime) -> Sequence[Finding]:
    """Return the sockets that others can reach and that are not as the register has them.

    Where several flows have one port, the socket has to be as each of them wants it.
    """
    of_port: dict[tuple[str, int | None], list[Flow]] = {}
    for flow in flows:
        if flow.port is not None and not flow.is_elsewhere:
            of_port.setdefault((flow.transport, flow.port), []).append(flow)
    found = []
    for one in listening:
        has = of_port.get((one.transport, one.port))
        if has is None:
            found.append(Finding(one, "unregistered"))
        elif any(flow.protection in _STAYS_HERE for flow in has):
            found.append(Finding(one, "exposed"))
        elif any(flow.protection == IN_CLEAR and flow.exception(now) != "holds" for flow in has):
            found.append(Finding(one, "plain"))
    return found
