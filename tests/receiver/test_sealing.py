# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What devices say is put into letters; whatever an address is worth, no alarm is lost for it."""

import asyncio
import base64
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from tests.identities import IDENTITIES, blinded
from tests.keys.test_envelope import key
from tests.receiver.conftest import Register, Rows, Running, SaidIn
from tests.receiver.devices import UdpDevice, message, mrq
from tests.waiting import wait_until
from vaka.keys.envelope import Place
from vaka.keys.letters import Writer, read_letter
from vaka.receiver.counters import Counters
from vaka.receiver.directory import Directory
from vaka.receiver.reading import Said
from vaka.receiver.sealing import Sealing
from vaka.tenants.authorities import Authority
from vaka.tenants.directory import DeviceEntry

pytestmark = pytest.mark.anyio

NO_ADDRESS = b"\x01" + bytes(31)
"""A point with which every agreement would be known to everybody: nothing is written to it."""
MESSAGE = UUID(int=9)
SAID = Said(("Sovrum", "Knapp", "", "192.0.2.7:5060", "4711"), b"<mrq/>")
EKBACKA, ANNA = UUID(int=0xE), UUID(int=1)
HERS, THEIRS = key(subject=ANNA, secret=b"a" * 32), key(subject=EKBACKA, secret=b"e" * 32)
ENTRY = DeviceEntry(
    blinded("4711"), EKBACKA, uuid4().bytes, ANNA.bytes, 2, "network", None, None, None, None, None, None, False, True,
    HERS.address,
)  # fmt: skip


def directory(address: bytes = THEIRS.address, *entries: DeviceEntry) -> Directory:
    made = Directory(IDENTITIES)
    made.set_authorities([Authority(EKBACKA, "ekbacka", "Ekbacka", "authority", "vaka_t_ekbacka", address)])
    made.update(entries)
    return made


def opened(sealed: dict[str, object], reader: object = HERS) -> bytes:
    letter = base64.b64decode(str(sealed["body"]))
    return read_letter([reader], Place(EKBACKA, "message", str(MESSAGE), "body"), letter)  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("entry", "subject", "counted"),
    [
        (ENTRY, ANNA, (0, 0)),
        (replace(ENTRY, person_id=None, address=None), EKBACKA, (0, 0)),
        (None, EKBACKA, (0, 0)),
        (replace(ENTRY, address=NO_ADDRESS), EKBACKA, (1, 0)),
        (replace(ENTRY, address=b"short"), EKBACKA, (1, 0)),
    ],
    ids=["a person", "a device of nobody's", "a stranger", "an address that is none", "half an address"],
)
def test_it_is_written_to_whom_it_is_about_or_to_the_authority(
    entry: DeviceEntry | None, subject: UUID, counted: tuple[int, int]
) -> None:
    counters = Counters()
    sealed = Sealing(directory(), counters).seal(SAID, EKBACKA, entry, MESSAGE)
    assert sealed["subject_id"] == subject
    assert opened(sealed, HERS if subject == ANNA else THEIRS) == b"<mrq/>"
    assert (counters.unwritable["person"], counters.unwritable["authority"]) == counted


@pytest.mark.parametrize("address", [NO_ADDRESS, b""])
def test_what_can_be_written_to_nobody_is_not_kept(address: bytes) -> None:
    counters = Counters()
    sealed = Sealing(directory(address), counters).seal(SAID, EKBACKA, None, MESSAGE)
    assert sealed == {"subject_id": EKBACKA, "texts": None, "body": None}
    assert counters.unwritable["authority"] == 1


async def test_agreements_are_made_ahead_while_there_is_nothing_better_to_do() -> None:
    writer, busy = Writer(), [True]
    entries = [
        replace(ENTRY, sender=blinded(str(number)), address=key(secret=bytes([number]) * 32).address)
        for number in range(1, 40)
    ]
    spoilt = replace(ENTRY, sender=blinded("spoilt"), address=NO_ADDRESS)
    everybody = directory(THEIRS.address, *entries[:20], spoilt, *entries[20:])
    work = asyncio.create_task(Sealing(everybody, Counters(), writer).agree_ahead(lambda: busy[0]))
    try:
        await asyncio.sleep(0.2)
        assert not any(map(writer.knows, everybody.addresses()))
        busy[0] = False
        wanted = {THEIRS.address, *(str_.address for str_ in entries if str_.address)}
        await wait_until(lambda: all(map(writer.knows, wanted)))
    finally:
        work.cancel()


@pytest.mark.database
async def test_an_alarm_is_stored_whatever_its_persons_address_is_worth(
    running: Running, register: Register, authority: Authority, rows: Rows, said: SaidIn, udp_device: UdpDevice
) -> None:
    sender = register.device(authority, address=NO_ADDRESS)
    await running.knows(sender)
    assert (await udp_device.ask(message(sender, mrq(sender, ref="1", lte="kök")))).status == 200
    assert rows(authority, "select class, kind from alarm") == [("life", "button")]
    assert rows(authority, "select subject_id from message") == [(authority.id,)]
    [(texts, _)] = said(authority)
    assert texts[0] == "kök"
    assert running.receiver.counters.unwritable["person"] == 1
