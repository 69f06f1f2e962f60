# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority decides for itself: its limits in seconds and per cent, and what a device's codes mean to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, dict_row

from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.ledger.wording import seems_personal
from vaka.scaip.classes import AlarmClass, Rule, default_table
from vaka.scaip.codes import MessageType
from vaka.tenants.authorities import QUERIES

Connection = psycopg.AsyncConnection[Any]

LIMITS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "amber_after_seconds": (5, 3600),
        "red_after_seconds": (5, 3600),
        "ring_all_after_seconds": (5, 3600),
        "on_call_after_seconds": (5, 3600),
        "repeat_window_seconds": (60, 86_400),
        "mass_silence_percent": (1, 100),
        "mass_silence_minimum": (2, 100_000),
        "lost_grace_seconds": (0, 86_400),
        "away_after_seconds": (60, 3600),
    }
)
"""Each limit with the least and the most it can be; the table's own checks say the same."""
CLASSES = tuple(alarm_class.value for alarm_class in AlarmClass)
MESSAGE_TYPES = tuple(message_type.value for message_type in MessageType)
SHORTEST_REASON = 3
LONGEST_REASON = 200


class UnusablePolicyError(VakaError):
    """The limits contradict each other, or one is not what it can be."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(Category.INVALID, Sentence(sv, en))


@dataclass(frozen=True, slots=True)
class Override:
    """What messages of this kind are to one authority. None means any; the most specific rule decides."""

    message_type: str | None
    device_type: int | None
    status_code: int | None
    alarm_class: str
    reason: str

    @property
    def kind(self) -> tuple[str | None, int | None, int | None]:
        """Which messages it is about; an authority has at most one decision of a kind."""
        return self.message_type, self.device_type, self.status_code

    @property
    def takes_back(self) -> bool:
        """Whether it ends a decision rather than makes one."""
        return self.alarm_class == "standard"


async def read_limits(tenant: Connection) -> dict[str, int]:
    """Return the authority's limits (as setup)."""
    async with tenant.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(QUERIES["read_limits"])).fetchone()
    return {name: int(value) for name, value in (row or {}).items()}


async def compare_limits(tenant: Connection, limits: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Return all limits as they would be (as setup), and those that would change. Raises UnusablePolicyError."""
    for name, value in limits.items():
        if name not in LIMITS or not LIMITS[name][0] <= value <= LIMITS[name][1]:
            least, most = LIMITS.get(name, (0, 0))
            raise UnusablePolicyError(
                f"{name} ska vara ett tal från {least} till {most}." if most else f"Det finns ingen gräns {name}.",
                f"{name} is a number from {least} to {most}." if most else f"There is no limit {name}.",
            )
    before = await read_limits(tenant)
    wanted = {**before, **limits}
    for first, second in (("amber_after_seconds", "red_after_seconds"),
                          ("ring_all_after_seconds", "on_call_after_seconds")):  # fmt: skip
        if wanted[first] >= wanted[second]:
            raise UnusablePolicyError(f"{first} ska vara mindre än {second}.", f"{first} is less than {second}.")
    return wanted, {name: value for name, value in wanted.items() if value != before[name]}


async def set_limits(
    tenant: Connection, authority_id: UUID, limits: Mapping[str, int], *, actor: str, now: datetime
) -> dict[str, int]:
    """Set the named limits (as setup) and return those that changed. Raises UnusablePolicyError."""
    async with tenant.transaction():
        wanted, changed = await compare_limits(tenant, limits)
        if changed:
            await tenant.execute(QUERIES["set_limits"], wanted)
            entry = Entry(Event.POLICY_CHANGED, actor, now, f"authority:{authority_id}", detail=changed)
            await append_privileged(tenant, [entry])
    return changed


async def list_overrides(platform: Connection, authority_id: UUID) -> list[Override]:
    """Return what the authority has decided of codes (as setup)."""
    async with platform.cursor(row_factory=class_row(Override)) as cursor:
        await cursor.execute(QUERIES["list_own_overrides"], {"authority_id": authority_id})
        return await cursor.fetchall()


async def try_override(platform: Connection, authority_id: UUID, override: Override) -> None:
    """Require that ``set_override`` would do it, and do nothing (as setup). Raises UnusablePolicyError."""
    _require_usable(override)
    if override.takes_back:
        decided = {one.kind for one in await list_overrides(platform, authority_id)}
        if override.kind not in decided:
            raise _no_such_decision()


def _require_usable(override: Override) -> None:
    if not override.takes_back and override.alarm_class not in CLASSES:
        raise UnusablePolicyError(
            f"Klassen är en av {', '.join(CLASSES)} eller standard.",
            f"The class is one of {', '.join(CLASSES)} or standard.",
        )
    if override.alarm_class == AlarmClass.HEARTBEAT and override.message_type != MessageType.HEARTBEAT:
        raise UnusablePolicyError(
            "Klassen heartbeat gäller bara meddelandetypen PI, för livstecken sparas inte vart för sig."
            " Välj signal för det som ska sparas utan att larma.",
            "The class heartbeat is for the message type PI only, because heartbeats are not stored one by one."
            " Choose signal for what shall be stored and disturb nobody.",
        )
    if (
        not SHORTEST_REASON <= len(override.reason.strip()) <= LONGEST_REASON
        or not override.reason.isprintable()
        or (seems_personal(override.reason))
    ):
        raise UnusablePolicyError(
            f"Skriv varför, {SHORTEST_REASON}–{LONGEST_REASON} tecken, utan personnummer och telefonnummer.",
            f"Say why, in {SHORTEST_REASON}–{LONGEST_REASON} characters, without numbers of people.",
        )
    if not override.takes_back and override.message_type in (None, MessageType.EVENT):
        _require_alarms_to_stay(override)


async def set_override(
    platform: Connection, authority_id: UUID, override: Override, *, actor: str, now: datetime
) -> None:
    """Decide what messages of a kind are to the authority (as setup); receivers know it at once.

    The class ``standard`` takes a decision back. Raises UnusablePolicyError.
    """
    _require_usable(override)
    facts = {
        "authority_id": authority_id, "message_type": override.message_type, "device_type": override.device_type,
        "status_code": override.status_code, "alarm_class": override.alarm_class, "reason": override.reason.strip(),
        "now": now,
    }  # fmt: skip
    async with platform.transaction():
        done = await platform.execute(QUERIES["drop_override" if override.takes_back else "set_override"], facts)
        if done.rowcount == 0:
            raise _no_such_decision()
        named = ("message_type", "device_type", "status_code", "alarm_class", "reason")
        detail = {name: facts[name] for name in named if facts[name] is not None}
        entry = Entry(Event.CLASS_CHANGED, actor, now, f"authority:{authority_id}", detail=detail)  # type: ignore[arg-type]
        await append_privileged(platform, [entry])


def _no_such_decision() -> UnusablePolicyError:
    return UnusablePolicyError("Det finns inget sådant beslut.", "There is no such decision.")


def _require_alarms_to_stay(override: Override) -> None:
    """Receivers would leave such a rule out; whoever decides is told."""
    rule = Rule(
        dty=override.device_type, stc=override.status_code, alarm_class=AlarmClass(override.alarm_class)
    )  # fmt: skip
    try:
        default_table().with_overrides([rule])
    except ValueError:
        raise UnusablePolicyError(
            "Vanliga larm kan inte göras mindre brådskande för alla enheter. Ange enhetstyp.",
            "Plain alarms cannot be made less urgent for every device. Name a device type.",
        ) from None
