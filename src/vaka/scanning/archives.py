# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether a scanner can look at everything in a ZIP: asked before it is, since it says OK to what it leaves out.

clamd stops at limits of its own, by size, depth and number, and then says that nothing was found. Ours are far below
those, and every member is unpacked here to see that it is what it says. A document of an office program holds no
archive of its own, no encrypted member, nothing before, between, behind or beside the data of its members.
"""

import struct
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
_UTF8 = 0x800  # flag 11: names are UTF-8, and not code page 437
_DESCRIBED = 0x8  # flag 3: sum and sizes stand behind the data
_LOCAL_HEADER = 30  # bytes, before the name (APPNOTE 4.3.7)
_LARGEST_EXTRA = 64
"""Bytes of extra fields (APPNOTE 4.5): times and owners have up to 40."""
_GROWTH, _GROWTH_MARK, _LARGEST_GROWTH = 0xA220, b"\x28\xa0", 1024
"""Room that office programs leave behind a name: a mark, two bytes, and zeros (ECMA-376-2, growth hint)."""
_OTHER_NAMES = (0x7075, 0x6375)
"""Another name or comment of a member (APPNOTE 4.6.8, 4.6.9), which one program reads and another does not."""
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
            return {one.filename: _unpack(data, one) for one in members}
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
    program reads and another does not.
    """
    at = 0
    for one in sorted(members, key=lambda member: member.header_offset):
        if one.header_offset != at:
            raise FileRefusedError(Reason.ARCHIVE)
        at = _data_of(data, one).stop
        if one.flag_bits & _DESCRIBED:
            at += 4 if data[at : at + 4] == b"PK\x07\x08" else 0
            if data[at : at + 12] != struct.pack("<III", one.CRC, one.compress_size, one.file_size):
                raise FileRefusedError(Reason.ARCHIVE)
            at += 12
    if at != directory or comment or data[-_END:][:4] != b"PK\x05\x06":
        raise FileRefusedError(Reason.ARCHIVE)


def _data_of(data: bytes, member: ZipInfo) -> slice:
    """Return where a member's data is. Refused where its own header says anything else of it than the directory does:
    there are readers of each. With a descriptor, a header may leave sum and sizes open.
    """
    at = member.header_offset + _LOCAL_HEADER
    header = data[member.header_offset : at]
    if len(header) < _LOCAL_HEADER:
        raise FileRefusedError(Reason.ARCHIVE)
    mark, _version, flags, method, _when, *sums, name_size, extra_size = struct.unpack("<4sHHHIIIIHH", header)
    told = (member.CRC, member.compress_size, member.file_size)
    start = at + name_size + extra_size
    name = member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8 else "cp437")
    is_open = bool(member.flag_bits & _DESCRIBED)
    if (
        (mark, method) != (b"PK\x03\x04", member.compress_type)
        or (flags ^ member.flag_bits) & (_ENCRYPTED | _DESCRIBED | _UTF8)
        or not all(one == said or (is_open and one == 0) for one, said in zip(sums, told, strict=True))
        or data[at : at + name_size] != name or member.filename != member.orig_filename or member.comment
        or not all(_is_usual(one) for one in (data[at + name_size : start], member.extra))
    ):  # fmt: skip
        raise FileRefusedError(Reason.ARCHIVE)
    return slice(start, start + member.compress_size)


def _is_usual(extra: bytes) -> bool:
    """Whether extra fields have no room for anything, and give no other name."""
    rest, others = extra, 0
    while len(rest) >= 4:
        kind, size = struct.unpack_from("<HH", rest)
        body, rest = rest[4 : 4 + size], rest[4 + size :]
        if kind == _GROWTH:
            if not body.startswith(_GROWTH_MARK) or any(body[4:]):
                return False
        else:
            others += 4 + len(body)
        if kind in _OTHER_NAMES:
            return False
    return others + len(rest) <= _LARGEST_EXTRA and len(extra) <= _LARGEST_EXTRA + _LARGEST_GROWTH


def _unpack(data: bytes, member: ZipInfo) -> bytes:
    """Return a member's bytes, held against its sum and sizes: all of its data is unpacked, and none lies behind it."""
    content = packed = data[_data_of(data, member)]
    if member.compress_type == ZIP_DEFLATED:
        inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        content = inflating.decompress(packed, LARGEST_MEMBER + 1)
        if not inflating.eof or inflating.unused_data or inflating.unconsumed_tail:
            raise FileRefusedError(Reason.ARCHIVE)
    if (len(content), zlib.crc32(content)) != (member.file_size, member.CRC) or (member.is_dir() and content):
        raise FileRefusedError(Reason.ARCHIVE)
    if any(content[at : at + len(mark)] == mark for at, mark in _MARKS):
        raise FileRefusedError(Reason.ARCHIVE)
    return content
