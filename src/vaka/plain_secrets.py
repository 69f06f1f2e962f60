# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a secret looks like where somebody wrote it in plain text: by the name it was given, or by its own form.

Not every secret can be known so. These are what people do write into a settings file, and what must not stay there
because nobody noticed (term 11).
"""

import re
from collections.abc import Collection, Iterator, Mapping

_NAME = re.compile(
    r"passw(?:or)?d|passphrase|(?:^|[_-])pwd|lösenord|secret|token|credential|api[_-]?key|private[_-]?key"
    r"|(?:^|[_-])pin$|(?:^|[_-])pgpass",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY"  # PEM and OpenSSH
    r"|PRIVATE\+KEY\+"  # the signer key of a note (C2SP)
    r"|AGE-SECRET-KEY-"
    # A password in an address, or in a connection string of PostgreSQL's.
    r"|[a-z][a-z0-9+.-]*://[^\s/?#@:\"']*:[^\s/?#@\"']+@"
    r"|(?:^|[\s\"'])password\s?=\s?[\"']?[^\s\"']",
    re.IGNORECASE,
)


_WHOLE = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----\s+(?:[A-Za-z-]+: .*\s+)*[A-Za-z0-9+/=\s]{40,}-----END"  # PEM and OpenSSH
    r"|PRIVATE\+KEY\+[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{43}"  # the signer key of a note (C2SP)
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abprs]-[A-Za-z0-9-]{20}"  # of hosting services
)


def holds_whole_secret(text: str) -> bool:
    """Whether a secret stands in ``text`` from its beginning to its end: programs speak of secrets' forms as well."""
    return _WHOLE.search(text) is not None


def is_called_secret(name: str) -> bool:
    """Whether whatever has this name is a secret, if it is no path."""
    return _NAME.search(name) is not None


def has_form_of_secret(text: str) -> bool:
    """Whether a secret whose form is known stands somewhere in ``text``."""
    return _FORM.search(text) is not None


def secrets_in(value: object, files: Collection[str], name: str = "") -> Iterator[str]:
    """Yield the names of what holds a secret, by its own name or by its form, in nested tables; those in ``files`` are
    called as secrets are, and name the file of one.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            inner_name = f"{name}.{key}".lstrip(".")
            if is_called_secret(key) and inner_name not in files:
                yield inner_name
            yield from secrets_in(inner, files, inner_name)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets_in(inner, files, name)
    elif isinstance(value, str) and has_form_of_secret(value):
        yield name
