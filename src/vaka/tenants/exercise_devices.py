# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Devices that are made for one crisis exercise (term 36): they exist from its beginning, belong to nobody, and what
they send while it is held is marked. The databases judge both; nothing here makes an alarm an exercise's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.crypto.activation import DEVICE_SECRET, make_secret
from vaka.crypto.chance import random_bytes
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.ledger.standing import require_standing
from vaka.tenants.authorities import QUERIES
from vaka.tenants.bulk import as_json
from vaka.tenants.device_secrets import SecretDesk
from vaka.tenants.devices import Connection

MOST = 50
"""Devices of one exercise, as the database has it."""
DEVICE_TYPE = 2
"""Local unit and controller (SCAIP, dty)."""


class ExerciseNotHeldError(VakaError):
    """It has not begun, is over, or there is no such exercise."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Övningen hålls inte just nu. Enheter kan göras först när den har börjat, och tills den är slut.",
                en="The exercise is not held at the moment. Devices can be made once it has begun, until it ends.",
            ),
        )


class TooManyDevicesError(VakaError):
    """The exercise would have more devices than it may."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"En övning har högst {MOST} enheter. Använd dem som finns, eller registrera färre.",
                en=f"An exercise has {MOST} devices at most. Use those there are, or register fewer.",
            ),
        )


@dataclass(frozen=True, slots=True)
class HeldExercise:
    """An exercise that is held at this moment."""

    authority_id: UUID
    ends_at: datetime
    """When it ends by itself."""


@dataclass(frozen=True, slots=True)
class ExerciseDevice:
    """One device, as whoever plays it needs to know it. No database holds its number or its password."""

    number: str
    password: str = field(repr=False)


async def find_held_exercise(platform: Connection, exercise: UUID, now: datetime) -> HeldExercise:
    """Return whose exercise it is, and until when (as setup). Raises ExerciseNotHeldError."""
    async with platform.cursor(row_factory=class_row(HeldExercise)) as cursor:
        await cursor.execute(QUERIES["find_held_exercise"], {"exercise": exercise, "now": now})
        held = await cursor.fetchone()
    if held is None:
        raise ExerciseNotHeldError
    return held


async def register_exercise_devices(
    tenant: Connection,
    platform: Connection,
    secrets: SecretDesk,
    exercise: UUID,
    held: HeldExercise,
    count: int,
    *,
    actor: str,
) -> Sequence[ExerciseDevice]:
    """Make devices for an exercise that is held (as setup), and return them; their passwords are nowhere else.

    Raises ExerciseNotHeldError and TooManyDevicesError, with nothing changed, and LedgerStandsStillError.
    """
    now, identities = secrets.now, secrets.identities
    devices, rows = [], []
    for _ in range(count):
        device = ExerciseDevice(f"EXERCISE{random_bytes(4).hex()}", make_secret(DEVICE_SECRET, secrets.rule))
        digest = secrets.take_secret(device.number, device.number, device.password)
        sender = identities.blind(device.number)
        rows.append({
            "device_id": new_identifier(now), "sender": sender, "username": sender, "ha1_sha256": digest.ha1_sha256,
            "device_type": DEVICE_TYPE,
        })  # fmt: skip
        devices.append(device)
    values = {"exercise": exercise, "made": as_json(rows), "actor": actor, "now": now}
    # Both or none, but for a crash between the two: then the authority's database knows devices that no receiver does.
    async with platform.transaction():
        said = await (await platform.execute(QUERIES["enter_exercise_devices"], values)).fetchone()
        if said != ("done",):
            raise TooManyDevicesError if said == ("many",) else ExerciseNotHeldError
        await require_standing(platform, now)
        async with tenant.transaction():
            await tenant.execute(QUERIES["keep_exercise_devices"], {**values, "ends_at": held.ends_at})
    return devices
