# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka decode FILE…`: what a captured SIP message says, for a technician to read and a script to use.

Reads more than the receiver accepts: a capture has often lost its CRLF line ends or its last bytes on the way, and that
must not hide what is left. Whatever was forgiven stands in `notes`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable
from typing import Any

import click

from vaka.scaip.document import Document, read_document
from vaka.scaip.errors import ScaipError, ScaipFault
from vaka.sip.errors import SipDeviation, SipError, SipFault
from vaka.sip.fields import read_via
from vaka.sip.message import Request, Response
from vaka.sip.parse import MAX_HEAD, content_length, find_head, read_head

MAX_FILE = 1024 * 1024  # bytes: sixteen times the largest datagram

_SIP_SENTENCES = {
    SipFault.EMPTY: "The file is empty.",
    SipFault.TOO_LARGE: "The file is larger than 1 MiB, which no SIP message is.",
    SipFault.HEAD_TOO_LARGE: "This is not a SIP message: no blank line within the first 16 KiB.",
    SipFault.TOO_MANY_HEADERS: "The message has more than 100 headers.",
    SipFault.HEADER_TOO_LONG: "One of the headers is longer than 8 KiB.",
    SipFault.START_LINE: "This is not a SIP message: the first line is neither a request nor a status line.",
    SipFault.VERSION: "The message is not of SIP version 2.0.",
}
_SCAIP_NOTES = {
    ScaipFault.TOO_LARGE: "the body is larger than 64 KiB",
    ScaipFault.TOO_MANY_ELEMENTS: "the body has more elements than a message can need",
    ScaipFault.DECLARATIONS: "the body declares a document type or entities, and is not read",
    ScaipFault.NOT_XML: "the body is not XML",
}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.pass_context
def decode(context: click.Context, files: tuple[str, ...]) -> None:
    """Print what captured SIP messages say, as a JSON list with one object for each FILE.

    The exit code is 1 when a file could not be read as a SIP message; its object then holds `error`.
    """
    objects = decode_files(files)
    # As bytes: the terminal's encoding may lack a letter, and a file name may hold bytes that are no text.
    click.echo(json.dumps(objects, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace"))
    if any("error" in found for found in objects):
        context.exit(1)


def decode_files(paths: Iterable[str]) -> list[dict[str, Any]]:
    """One object for each path, in order: what the message in it says, or `file` and `error`."""
    return [{"file": path, **_decode_file(path)} for path in paths]


def _decode_file(path: str) -> dict[str, Any]:
    try:
        data = _read_file(path)
    except (OSError, ValueError) as error:  # ValueError: a path that holds a NUL
        reason = getattr(error, "strerror", None) or "not a file name"
        return {"error": f"The file cannot be read: {reason}."}
    try:
        return _decode_message(data)
    except SipError as error:
        return {"error": _SIP_SENTENCES.get(error.code, "This is not a SIP message.")}


def _read_file(path: str) -> bytes:
    """The first bytes of a regular file. From a pipe or a device they might never come, so it is not even waited for.

    Raises OSError, and ValueError where the path holds a NUL.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # reading a directory is refused by itself
            raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
        return os.read(descriptor, MAX_FILE + 1)
    finally:
        os.close(descriptor)


def _decode_message(data: bytes) -> dict[str, Any]:
    """What one captured message says. Raises SipError when there is no SIP message in it."""
    if len(data) > MAX_FILE:
        raise SipError(SipFault.TOO_LARGE)
    data = data.lstrip(b"\r\n")
    if not data:
        raise SipError(SipFault.EMPTY)
    notes: list[str] = []
    message = _read_lenient(data, notes)
    document = _read_body(message.body, notes)
    return {
        **({"method": message.method} if isinstance(message, Request) else {"status": message.status}),
        "call_id": message.headers.first("call-id"),
        "cseq": message.headers.first("cseq"),
        "from_user": message.from_.user,
        "from_tag": message.from_.tag,
        "branch": _branch(message, notes),
        "mrq": _nested(document) if document and document.name == "mrq" else None,
        "mrs": _nested(document) if document and document.name == "mrs" else None,
        "notes": notes,
    }


def _read_lenient(data: bytes, notes: list[str]) -> Request | Response:
    found = find_head(data)
    if found is None:
        if len(data) >= MAX_HEAD:
            raise SipError(SipFault.HEAD_TOO_LARGE)
        notes.append("the blank line after the headers is missing")
        found = (len(data), len(data))
    end, body = found
    try:
        message = read_head(data[:end].rstrip())
    except SipError as error:
        if error.partial is None:
            raise
        message = error.partial
        notes.append(_SIP_SENTENCES[error.code])
    if SipDeviation.HEADER_LINE in message.deviations:
        notes.append("a line among the headers has no name or no colon, and is skipped")
    message.body = data[body:]
    try:
        stated = content_length(message)
    except SipError:
        notes.append("Content-Length is not a number, or there are two that differ")
        return message
    if stated is not None and stated != len(message.body):
        notes.append(f"the body has {len(message.body)} bytes, Content-Length says {stated}")
    return message


def _read_body(body: bytes, notes: list[str]) -> Document | None:
    if not body.strip():
        return None
    try:
        document = read_document(body)
    except ScaipError as error:
        notes.append(_SCAIP_NOTES[error.code])
        return None
    if document.name not in ("mrq", "mrs"):
        notes.append("the body is neither an mrq nor an mrs")
    notes.extend(deviation.value.replace("_", " ") for deviation in document.deviations)
    return document


def _branch(message: Request | Response, notes: list[str]) -> str | None:
    value = message.headers.first("via")
    if value is None:
        return None
    try:
        return read_via(value).branch
    except SipError:
        notes.append("the topmost Via cannot be read")
        return None


def _nested(document: Document) -> dict[str, Any]:
    """Tag → text; a repeated tag → the list of its texts; an element inside an element → an object."""
    told: dict[str, Any] = {}
    for path, text in document.fields:
        outer, _, tag = path.rpartition("/")
        place = told.setdefault(outer, {}) if outer else told
        if not isinstance(place, dict):  # the same element once with a text and once with elements
            place, tag = told, path
        if tag not in place:
            place[tag] = text
        elif isinstance(place[tag], list):
            place[tag].append(text)
        else:
            place[tag] = [place[tag], text]
    return told
