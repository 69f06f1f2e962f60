# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking for given secrets and words in whatever a program leaves, in every form in which they may stand there."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

SHORTEST_SECRET = 16
"""Bytes. What is shorter is found by accident."""
_RUN = re.compile(rb"[a-z0-9](?:\0[a-z0-9])+|[a-z0-9]+")
"""Of letters and digits, in one byte each or in two."""
_LONG_ENOUGH = 5
_FEW = 8
"""So many bytes of nothing stand in no form."""


def forms_of_secret(secret: bytes) -> frozenset[bytes]:
    """Return a secret as it is, in hexadecimal digits, and in Base64 wherever it begins in what was encoded."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret + bytes(-(before + len(secret)) % 3))
        # The first and last characters also depend on what stands beside it.
        kept = encoded[(before * 8 + 5) // 6 : (before + len(secret)) * 8 // 6]
        found |= {kept, kept.replace(b"+", b"-").replace(b"/", b"_")}
    return frozenset(found)


def forms_of_word(word: str) -> frozenset[bytes]:
    """Return a word in the encodings and escapes of logs, addresses, JSON, and a browser's files."""
    texts = {word, word.casefold(), word.upper(), quote(word), quote_plus(word), json.dumps(word)[1:-1]}
    # Telephone numbers are also written without blanks and hyphens.
    texts |= {word.replace(" ", "").replace("-", "")} if word[:1].isdigit() else set()
    found = {text.encode(form) for text in texts for form in ("utf-8", "utf-16-le", "utf-16-be")}
    return frozenset(found | {text.encode("latin-1", "ignore") for text in texts})


def _core_of(form: bytes) -> bytes:
    small = form.lower()
    run = max(_RUN.findall(small), key=len, default=b"")
    return run if len(run) >= _LONG_ENOUGH else small


def by_core(forms: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Return forms by what is in small letters wherever one of them is: a few letters do for most forms of a word."""
    found: dict[bytes, list[bytes]] = {}
    for form in sorted(forms, key=lambda form: len(_core_of(form))):
        small = form.lower()
        found.setdefault(next((core for core in found if core in small), _core_of(form)), []).append(form)
    return found


class Searcher:
    """Looks for all of these at once; what is found is told by name, never quoted."""

    def __init__(self, secrets: Mapping[str, bytes], words: Iterable[str] = ()) -> None:
        self._wanted = {form: name for name, secret in secrets.items() for form in forms_of_secret(secret)}
        self._wanted |= {form: word for word in words for form in forms_of_word(word)}
        assert self._wanted, "nothing to look for"
        assert min(map(len, self._wanted)) > 4, "too short to mean anything"
        assert not any(bytes(_FEW) in form for form in self._wanted), "too empty to be told from nothing"
        self._cores = by_core(self._wanted)

    def find(self, content: bytes) -> set[str]:
        """Return the names of what stands in ``content``."""
        # Of a database's files most is nothing.
        small = content.lower().replace(bytes(8 * _FEW), bytes(_FEW))
        return {
            self._wanted[form]
            for core, forms in self._cores.items() if core in small
            for form in forms if form in content
        }  # fmt: skip

    def find_in_files(self, paths: Iterable[Path]) -> dict[str, set[str]]:
        """Return what stands in which of these files; nothing where all are clean. One that is gone by now is clean."""
        found = {}
        for path in paths:
            with suppress(FileNotFoundError):
                found[str(path)] = self.find(path.read_bytes())
        return {path: names for path, names in found.items() if names}


def secrets_below(*folders: Path) -> dict[str, bytes]:
    """Return every secret in the files of credentials and keys, by where it stands.

    A file as it is; of a password file the passwords; of a private key its PEM body and the key itself; of text its
    lines.
    """
    found: dict[str, bytes] = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        parts = [content, *content.split(b"\n")]
        if path.suffix == ".pgpass":
            parts = [line.rpartition(b":")[2] for line in content.splitlines()]
        elif b"PRIVATE KEY-----" in content:
            parts = [_key_bytes(content), *(line for line in content.split(b"\n") if not line.startswith(b"-----"))]
        elif b"BEGIN CERTIFICATE" in content:
            continue
        for number, part in enumerate(parts):
            if len(part.strip()) >= SHORTEST_SECRET:
                found[f"{path.name}[{number}]"] = part.strip()
    return found


def _key_bytes(pem: bytes) -> bytes:
    key = load_pem_private_key(pem, None)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
