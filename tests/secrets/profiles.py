# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a browser's profile holds: every file of it as it lies there, and what is packed inside.

Packed is: rows of SQLite, which may be split over pages; blocks of LevelDB, which Chromium packs with Snappy; and
whatever of the HTTP cache came as gzip or deflate.
"""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

_SQLITE = b"SQLite format 3\0"
_TABLE_END = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER_BYTES, _TRAILER_BYTES = 48, 5
_SNAPPY = 1
_LARGEST = 64 * 1024 * 1024


def contents_of(profile: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file below ``profile`` by name, and what is packed in it. Sockets and links are no files."""
    for path in sorted(profile.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        name, content = path.relative_to(profile).as_posix(), path.read_bytes()
        yield name, content
        yield from ((f"{name}, unpacked", inner) for inner in unpacked(path, content))


def unpacked(path: Path, content: bytes) -> Iterator[bytes]:
    """Yield what is packed in one file."""
    if content.startswith(_SQLITE):
        yield _rows(path)
    if content.endswith(_TABLE_END):
        yield from _blocks(content)
    for mark, window in ((b"\x1f\x8b\x08", 31), (b"\x78\x01", 15), (b"\x78\x9c", 15), (b"\x78\xda", 15)):
        start = content.find(mark)
        while start >= 0:
            with suppress(zlib.error):
                inner = zlib.decompressobj(window).decompress(content[start:], _LARGEST)
                if inner:
                    yield inner
            start = content.find(mark, start + 1)


def _rows(path: Path) -> bytes:
    """Every value of every table, with what the write-ahead log adds."""
    held = []
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = bytes
        tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            with suppress(sqlite3.Error):  # virtual tables of extensions that are not here; their rows are in others
                for row in database.execute(f'select * from "{table.decode()}"'):
                    held += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(held)


def _blocks(table: bytes) -> Iterator[bytes]:
    """Yield the blocks of a LevelDB table (table_format.md): index first, then what it points to."""
    footer = table[-_FOOTER_BYTES:]
    at = 0
    for _ in range(2):
        _, at = _number(footer, at)
        _, at = _number(footer, at)
    _, second = _number(footer, 0)
    _, second = _number(footer, second)
    offset, second = _number(footer, second)
    size, _ = _number(footer, second)
    index = _block(table, offset, size)
    yield index
    for value in _values(index):
        start, used = _number(value, 0)
        length, _ = _number(value, used)
        yield _block(table, start, length)


def _values(block: bytes) -> Iterator[bytes]:
    """Yield the values of a block; its end says where entries begin anew."""
    restarts = int.from_bytes(block[-4:], "little")
    at, end = 0, len(block) - 4 - 4 * restarts
    while at < end:
        _, at = _number(block, at)
        unshared, at = _number(block, at)
        length, at = _number(block, at)
        yield block[at + unshared : at + unshared + length]
        at += unshared + length


def _block(table: bytes, offset: int, size: int) -> bytes:
    raw, kind = table[offset : offset + size], table[offset + size]
    return unpack_snappy(raw) if kind == _SNAPPY else raw


def unpack_snappy(packed: bytes) -> bytes:
    """Return what a raw Snappy stream holds (format_description.txt)."""
    total, at = _number(packed, 0)
    out = bytearray()
    while at < len(packed):
        tag = packed[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                width = length - 59
                length = int.from_bytes(packed[at : at + width], "little")
                at += width
            out += packed[at : at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, back = 4 + (tag >> 2 & 7), (tag >> 5) << 8 | packed[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            length, back = 1 + (tag >> 2), int.from_bytes(packed[at : at + width], "little")
            at += width
        for _ in range(length):
            out.append(out[-back])
    assert len(out) == total, "not Snappy"
    return bytes(out)


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Read a number of seven bits a byte; return it and where it ends."""
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
