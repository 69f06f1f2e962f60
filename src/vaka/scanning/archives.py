# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether a scanner can look at everything in a ZIP: asked before it is, since it says OK to what it leaves out.

clamd stops at limits of its own, by size, depth and number, and then says that nothing was found. Ours are far below
those, and every member is unpacked here to see that it is what it says. A document of an office program holds no
archive of its own, no encrypted member, nothing before, between or behind its members.
"""

import zlib
from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from vaka.scanning.refusing import FileRefusedError, Reason

MOST_MEMBERS = 1000
LARGEST_MEMBER = 4 * 1024 * 1024
"""Bytes, unpacked."""
LARGEST_WHOLE = 24 * 1024 * 1024
"""Bytes of all members, unpacked."""
LARGEST_RATIO = 100
"""How many times its packed size a member may have; text packs to a tenth, and bombs to a thousandth."""
SMALL_ENOUGH = 64 * 1024
"""Bytes of a member whose ratio says nothing: an empty style sheet packs to next to nothing."""
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # general purpose flags 0, 6 and 13 (APPNOTE 4.4.4)
_LOCAL_HEADER = 30  # bytes, before the name (APPNOTE 4.3.7)
_END = 22  # bytes of the record that ends it, without a comment (APPNOTE 4.3.16)
_MARKS: Sequence[tuple[int, bytes]] = (
    (0, b"PK\x03\x04"), (0, b"PK\x05\x06"), (0, b"Rar!"), (0, b"7z\xbc\xaf\x27\x1c"), (0, b"\x1f\x8b"), (0, b"BZh"),
    (0, b"\xfd7zXZ\x00"), (0, b"\x28\xb5\x2f\xfd"), (0, b"MSCF"), (0, b"\xd0\xcf\x11\xe0"), (0, b"MZ"),
    (0, b"\x7fELF"), (257, b"ustar"),
)  # fmt: skip
"""How an archive, a container or a program begins, and at which byte."""


def read_members(data: bytes) -> dict[str, bytes]:
    """Return the members of a ZIP in which everything can be looked at, by name. Raises FileRefusedError."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
            _require_bounds(members)
            _require_no_gaps(data, members, archive.start_dir, len(archive.comment))
            return {one.filename: _unpack(archive, one) for one in members}
    except (BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError):
        raise FileRefusedError(Reason.ARCHIVE) from None


def _require_bounds(members: Sequence[ZipInfo]) -> None:
    if any(one.flag_bits & _ENCRYPTED for one in members):
        raise FileRefusedError(Reason.ENCRYPTED)
    too_many = not 0 < len(members) <= MOST_MEMBERS or len({one.filename for one in members}) < len(members)
    too_much = sum(one.file_size for one in members) > LARGEST_WHOLE
    if too_many or too_much or not all(_is_bounded(one) for one in members):
        raise FileRefusedError(Reason.ARCHIVE)


def _is_bounded(member: ZipInfo) -> bool:
    ratio_holds = member.file_size <= max(SMALL_ENOUGH, LARGEST_RATIO * member.compress_size)
    return (
        member.compress_type in (ZIP_STORED, ZIP_DEFLATED) and member.file_size <= LARGEST_MEMBER and ratio_holds
    )  # fmt: skip


def _require_no_gaps(data: bytes, members: Sequence[ZipInfo], directory: int, comment: int) -> None:
    """Require that members stand one behind the other from the first byte to the directory: what lies between them one
    program reads and another does not. A descriptor behind a member's data has 16 bytes, or 12 without its mark.
    """
    at = 0
    for one in sorted(members, key=lambda member: member.header_offset):
        header = data[one.header_offset : one.header_offset + _LOCAL_HEADER]
        if one.header_offset != at or len(header) < _LOCAL_HEADER:
            raise FileRefusedError(Reason.ARCHIVE)
        name, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
        at += _LOCAL_HEADER + name + extra + one.compress_size
        if one.flag_bits & 0x8:
            at += 16 if data[at : at + 4] == b"PK\x07\x08" else 12
    if at != directory or comment or data[-_END:][:4] != b"PK\x05\x06":
        raise FileRefusedError(Reason.ARCHIVE)


def _unpack(archive: ZipFile, member: ZipInfo) -> bytes:
    """Return a member's bytes, held against its sum. A second name in front of it, or more than it says, is refused."""
    with archive.open(member) as file:
        content = file.read(LARGEST_MEMBER + 1)
    if len(content) != member.file_size or (member.is_dir() and content):
        raise FileRefusedError(Reason.ARCHIVE)
    if any(content[at : at + len(mark)] == mark for at, mark in _MARKS):
        raise FileRefusedError(Reason.ARCHIVE)
    return content
