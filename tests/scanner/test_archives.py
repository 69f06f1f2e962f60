# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What hides beside the data of a ZIP's members, where no scanner looks (term 23)."""

import struct
import zlib
from dataclasses import dataclass, replace

import pytest

from vaka.scanning.archives import read_members
from vaka.scanning.refusing import FileRefusedError, Reason

HIDDEN = b"hidden"
NAME = b"word/document.xml"
TEXT = "<w>Nyckelskåpets plats</w>".encode()


def deflated(content: bytes) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packing.compress(content) + packing.flush()


def growth(room: bytes) -> bytes:
    """Return the field with which office programs leave room for a member to grow (ECMA-376-2, growth hint)."""
    return struct.pack("<HHHH", 0xA220, 4 + len(room), 0xA028, len(room)) + room


@dataclass(frozen=True)
class Member:
    """The one member of a ZIP, byte by byte, as its own header and the directory tell of it."""

    data: bytes = deflated(TEXT)
    method: int = 8
    flags: int = 0
    crc: int = zlib.crc32(TEXT)
    size: int = len(TEXT)
    own_name: bytes = NAME
    own_method: int = 8
    own_flags: int = 0
    own_sums: tuple[int, int, int] | None = None
    own_extra: bytes = b""
    extra: bytes = b""
    comment: bytes = b""
    behind: bytes = b""

    @property
    def sums(self) -> tuple[int, int, int]:
        """Sum and sizes as the directory has them."""
        return self.crc, len(self.data), self.size

    @property
    def whole(self) -> bytes:
        """The ZIP."""
        head = struct.pack(
            "<4sHHHIIIIHH", b"PK\x03\x04", 20, self.own_flags, self.own_method, 0, *(self.own_sums or self.sums),
            len(self.own_name), len(self.own_extra),
        )  # fmt: skip
        body = head + self.own_name + self.own_extra + self.data + self.behind
        entry = struct.pack(
            "<4sHHHHIIIIHHHHHII", b"PK\x01\x02", 20, 20, self.flags, self.method, 0, *self.sums, len(NAME),
            len(self.extra), len(self.comment), 0, 0, 0, 0,
        ) + NAME + self.extra + self.comment  # fmt: skip
        return body + entry + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(body), 0)


PLAIN = Member()
STORED = Member(data=TEXT, method=0, own_method=0)
DESCRIBED = Member(flags=8, own_flags=8, own_sums=(0, 0, 0), behind=b"PK\x07\x08" + struct.pack("<III", *PLAIN.sums))


@pytest.mark.parametrize(
    "usual",
    [
        PLAIN, STORED, DESCRIBED, replace(DESCRIBED, behind=DESCRIBED.behind[4:]),
        replace(DESCRIBED, own_sums=PLAIN.sums), replace(PLAIN, own_flags=6),
        replace(PLAIN, own_extra=struct.pack("<HH32s", 10, 32, b"times"), extra=struct.pack("<HH5s", 0x5455, 5, b"t")),
        replace(PLAIN, own_extra=growth(bytes(520))), replace(PLAIN, extra=growth(bytes(900)) + bytes(3)),
    ],
)  # fmt: skip
def test_what_office_programs_write_is_read(usual: Member) -> None:
    assert read_members(usual.whole) == {NAME.decode(): TEXT}


@pytest.mark.parametrize(
    "hiding",
    [
        replace(PLAIN, data=PLAIN.data + HIDDEN), replace(PLAIN, data=PLAIN.data + deflated(HIDDEN)),
        replace(STORED, data=TEXT + HIDDEN), replace(PLAIN, data=PLAIN.data[:-1]),
        replace(DESCRIBED, behind=DESCRIBED.behind[:-12] + HIDDEN * 2), replace(DESCRIBED, behind=HIDDEN * 2),
        replace(PLAIN, own_extra=struct.pack("<HH65s", 0x9999, 65, HIDDEN)),
        replace(PLAIN, extra=struct.pack("<HH65s", 0x9999, 65, HIDDEN)),
        replace(PLAIN, own_extra=struct.pack("<HH20s", 0x9999, 20, HIDDEN) * 3),
        replace(PLAIN, own_extra=growth(bytes(500) + HIDDEN)), replace(PLAIN, extra=growth(bytes(5000))),
        replace(PLAIN, own_extra=struct.pack("<HH40s", 0xA220, 40, HIDDEN)),
        replace(PLAIN, own_extra=bytes(65)), replace(PLAIN, comment=HIDDEN),
    ],
)  # fmt: skip
def test_term_23_4_bytes_that_no_scanner_unpacks_are_refused(hiding: Member) -> None:
    """Behind the end of what is packed, in a descriptor, in fields beside a name, in what is said of a member."""
    refused(hiding.whole)


@pytest.mark.parametrize(
    "differing",
    [
        replace(PLAIN, own_name=b"word/document.bin"), replace(PLAIN, own_method=0), replace(PLAIN, own_flags=8),
        replace(PLAIN, own_flags=1), replace(PLAIN, own_sums=(PLAIN.crc, 0, 0)),
        replace(PLAIN, own_sums=(0, len(PLAIN.data), PLAIN.size)), replace(DESCRIBED, own_sums=(0, 1, 0)),
        replace(PLAIN, own_extra=struct.pack("<HH9s", 0x7075, 9, b"\1")), replace(PLAIN, crc=1), replace(PLAIN, size=5),
    ],
)  # fmt: skip
def test_a_member_that_two_programs_would_read_in_two_ways_is_refused(differing: Member) -> None:
    refused(differing.whole)


def refused(whole: bytes) -> None:
    with pytest.raises(FileRefusedError) as error:
        read_members(whole)
    assert error.value.reason is Reason.ARCHIVE
