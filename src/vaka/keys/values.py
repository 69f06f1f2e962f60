# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How a value is written before it is sealed: one form for each kind of value. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal, get_args

import orjson

from vaka.crypto.aead import UnopenableError

Form = Literal["text", "date", "moment", "number", "words", "flag", "bytes"]
FORMS: tuple[Form, ...] = get_args(Form)
NOTHING = b""
"""What stands for a value that is not there. A text that is empty is written the same."""


def write_value(form: Form, value: object) -> bytes:
    """Return what is sealed for a value. Raises TypeError where it is not of this form."""
    if value is None:
        return NOTHING
    return _WRITE[form](value)


def read_value(form: Form, written: bytes) -> Any:
    """Return the value. Raises UnopenableError where it was never one of this form."""
    try:
        return _READ[form](written)
    except (ValueError, TypeError):
        raise UnopenableError from None


def _write_text(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError("a text is wanted")
    return value.encode()


def _write_date(value: object) -> bytes:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError("a date is wanted")
    return value.isoformat().encode()


def _write_moment(value: object) -> bytes:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("a moment with its zone is wanted")
    return value.isoformat().encode()


def _write_number(value: object) -> bytes:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError("a number is wanted")
    return repr(float(value)).encode()


def _write_words(value: object) -> bytes:
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise TypeError("a list of words is wanted")
    return orjson.dumps(value)


def _write_flag(value: object) -> bytes:
    if not isinstance(value, bool):
        raise TypeError("yes or no is wanted")
    return b"1" if value else b"0"


def _write_bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("bytes are wanted")
    return value


def _read_words(written: bytes) -> list[str]:
    if written == NOTHING:
        return []
    words = orjson.loads(written)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError
    return words


def _read_flag(written: bytes) -> bool:
    if written not in (b"0", b"1", NOTHING):
        raise ValueError
    return written == b"1"


_WRITE: Mapping[str, Callable[[object], bytes]] = MappingProxyType(
    {
        "text": _write_text, "date": _write_date, "moment": _write_moment, "number": _write_number,
        "words": _write_words, "flag": _write_flag, "bytes": _write_bytes,
    }
)  # fmt: skip
_READ: Mapping[str, Callable[[bytes], object]] = MappingProxyType(
    {
        "text": bytes.decode,
        "date": lambda written: date.fromisoformat(written.decode()) if written else None,
        "moment": lambda written: datetime.fromisoformat(written.decode()) if written else None,
        "number": lambda written: float(written) if written else None,
        "words": _read_words,
        "flag": _read_flag,
        "bytes": lambda written: written,
    }
)
