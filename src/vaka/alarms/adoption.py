# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An unknown sender becomes a device of an authority.

It stands here and not among the tenants because it authorises and closes an alarm. It changes three databases, in an
order in which a crash anywhere can simply be repeated.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.alarms.changes import Author, Change, change_alarm, read_alarm
from vaka.alarms.conflicts import ActConflictError, UnusableActError
from vaka.alarms.model import Act, Alarm, State
from vaka.alarms.reading import read_newest_texts
from vaka.alarms.unlocking import Said, open_texts
from vaka.alarms.writing import clean_text
from vaka.crypto.aead import UnopenableError
from vaka.database.connections import Pool, transaction
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.adoption import (
    LONGEST_REASON,
    SHORTEST_REASON,
    NewDevice,
    UnknownPersonError,
    enter_device,
    keep_device,
    source_network,
)
from vaka.tenants.devices import find_addresses, require_free
from vaka.tenants.gateway import Gateway
from vaka.tenants.intervals import DeviceKind, guess_kind
from vaka.tenants.lookups import find_person, keys_of_numbers

ADOPT = Change(Act.CLOSE, "adopt_alarm", Event.ALARM_CLOSED, "closed")
EXCEPTION_STANDS = timedelta(days=7)
"""Within this time the device is to get credentials; then its messages are refused."""


async def adopt(
    gateway: Gateway,
    platform: Pool,
    keyring: Keyring,
    operator: Principal,
    intake_id: UUID,
    alarm_id: UUID,
    authority_id: UUID,
    *,
    reason: str,
    personal_number: str = "",
    kind: DeviceKind | None = None,
    now: datetime,
) -> UUID:
    """Register the sender of an intake alarm as a device of ``authority_id`` and close the alarm; return the device.

    The device proves itself by its network address until EXCEPTION_STANDS is over, with ``reason`` on record. How often
    it is expected to be heard follows from ``kind``, which is guessed where it is not given. Whose it is, is told by
    ``personal_number``, with or without a hyphen; without one its alarms show no name until it is told. That somebody
    was looked up so is an entry in the ledger of ``authority_id``, found or not. A life alarm must be taken by the
    operator first. Needs desk.adopt_device in both authorities.

    Raises AlarmConflictError where the alarm is another's, SenderTakenError where another authority has the sender,
    UnknownPersonError where the authority has nobody with the number, KeysUnavailableError.
    """
    require(operator, Permission.DESK_ADOPT_DEVICE, intake_id)
    require(operator, Permission.DESK_ADOPT_DEVICE, authority_id)
    reason = clean_text(reason)
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise UnusableActError(
            sv=f"Skriv varför enheten släpps in utan inloggning ({SHORTEST_REASON}–{LONGEST_REASON} tecken).",
            en=f"Write why the device is let in without credentials ({SHORTEST_REASON}–{LONGEST_REASON} characters).",
        )
    if not gateway.authority(intake_id).is_intake or gateway.authority(authority_id).is_intake:
        raise UnusableActError(
            sv="Bara larm från okända avsändare kan knytas till en kommun.",
            en="Only alarms of unknown senders can be given to an authority.",
        )
    alarm, said = await _read_intake(gateway, intake_id, alarm_id, operator.account_id)
    heard = await _open_said(keyring.of(intake_id), said)
    network = source_network(heard.source)
    # Whoever could not adopt it anyway is not told whether somebody is in care.
    async with transaction(platform) as directory:
        await require_free(directory, authority_id, [alarm.sender])
    person_id = await _look_up(gateway, keyring.of(authority_id), operator, personal_number, now)
    device = NewDevice(
        sender=alarm.sender, number=heard.sender, device_type=alarm.device_type or 0, person_id=person_id,
        network=network, reason=reason, until=now + EXCEPTION_STANDS,
        kind=kind or guess_kind(alarm.device_type or 0, by_network=True),
    )  # fmt: skip

    # A crash here has changed nothing.
    async with gateway.transaction(authority_id) as connection:
        authority = gateway.authority(authority_id)
        device_id = await keep_device(connection, platform, authority, device, actor=operator.actor, now=now)
        addresses = await find_addresses(connection, [person_id])
    # A crash here leaves a device that no receiver knows; the next attempt finds it and goes on with it.
    address = None if person_id is None else addresses.get(person_id)
    await enter_device(platform, authority_id, device_id, device, address=address, actor=operator.actor, now=now)
    # A crash here leaves the alarm open although its sender is known; the next attempt only closes it.
    if alarm.is_open:
        detail: Mapping[str, str | int | bool | None] = {"result": "device_adopted", "authority": str(authority_id)}
        async with gateway.transaction(intake_id) as connection:
            author = Author(operator.actor, operator.account_id, now)
            await change_alarm(connection, ADOPT, author, alarm_id, detail=detail)
    return device_id


async def _look_up(
    gateway: Gateway, keys: AuthorityKeys, operator: Principal, personal_number: str, now: datetime
) -> UUID | None:
    """Return the person with this number. The entry stays, whatever becomes of the rest: the answer has been given."""
    if not personal_number.strip():
        return None
    wanted = await keys_of_numbers(keys, personal_number)
    async with gateway.transaction(keys.authority) as connection:
        person_id = await find_person(connection, wanted)
        facts = {"found": int(person_id is not None), "more": False}
        await append(
            connection, Entry(Event.PERSON_SEARCHED, operator.actor, now, f"authority:{keys.authority}", detail=facts)
        )
    if person_id is None:
        raise UnknownPersonError
    return person_id


async def _open_said(keys: AuthorityKeys, said: Mapping[str, Any] | None) -> Said:
    """Return what the device said last; nothing where that cannot be told."""
    if said is None:
        return Said()
    await keys.hold([said["subject_id"]])
    try:
        return open_texts(keys, said)
    except UnopenableError:
        return Said()


async def _read_intake(
    gateway: Gateway, intake_id: UUID, alarm_id: UUID, account: UUID
) -> tuple[Alarm, Mapping[str, Any] | None]:
    async with gateway.transaction(intake_id) as connection:
        alarm = await read_alarm(connection, alarm_id)
        said = await read_newest_texts(connection, alarm_id)
    mine = alarm.state is State.TAKEN and alarm.holder == account
    waiting = alarm.holder is None and alarm.alarm_class != "life" and alarm.is_open
    adopted_before = alarm.state is State.CLOSED and alarm.closing_result == "device_adopted"
    if not (mine or waiting or adopted_before):
        raise ActConflictError(Act.CLOSE.value, alarm.state.value, alarm.holder)
    return alarm, said
