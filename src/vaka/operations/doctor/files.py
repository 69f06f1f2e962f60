# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The data directory: whose it is, who may read its secrets. Of a secret only its mode and owner."""

import stat
from collections.abc import Iterator
from pathlib import Path

from vaka.errors import Sentence
from vaka.operations.doctor.findings import Finding, good, unseen, wrong
from vaka.operations.doctor.place import Place

CLOSED = ("credentials", "run", "logs", "keys")
"""Directories that nobody but their owner enters."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITTEN_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_AS_OWNER = Sentence(
    sv="Kör detta som det konto som äger katalogen, eller som root.",
    en="Run this as the account that owns the directory, or as root.",
)
MOST_FILES = 5000


def look_at_directory(place: Place) -> Iterator[Finding]:
    """Whether the data directory and what lies in it belong to one account, and nobody else can change them."""
    try:
        owner, entries = place.root.stat(), sorted(place.root.iterdir())
    except OSError:
        yield _closed(place.root)
        return
    if owner.st_mode & _WRITTEN_BY_OTHERS:
        yield _mode_wrong(place.root, "go-w")
    for path in entries:
        try:
            found = path.lstat()
        except OSError:
            continue
        # The database's account owns its own files where everything else is root's.
        if found.st_uid != owner.st_uid and path.name not in ("cluster", "restored"):
            yield wrong(
                Sentence(
                    sv=f"{path} tillhör ett annat konto än datakatalogen.",
                    en=f"{path} belongs to another account than the data directory.",
                ),
                Sentence(
                    sv=f"Kör chown -R --reference={place.root} {path} och starta om.",
                    en=f"Run chown -R --reference={place.root} {path} and restart.",
                ),
            )
        if path.name in CLOSED and found.st_mode & _OTHERS:
            yield _mode_wrong(path, "go=")
    yield good("Datakatalogen tillhör ett konto.", "The data directory belongs to one account.")


def look_at_credentials(place: Place) -> Iterator[Finding]:
    """Whether each secret is its owner's alone, and nothing stands in a secret's place that somebody else chose."""
    settings, folder = place.settings, place.root / "credentials"
    try:
        owner, paths = folder.stat().st_uid, sorted(folder.iterdir())[:MOST_FILES]
    except OSError:
        yield _closed(folder)
        return
    named = [settings.keyholder.root_file, settings.keyholder.root_credential, settings.receiver.certificate_key]
    paths += [place.root / path for path in named if (place.root / path).parent != folder]
    for path in paths:
        try:
            found = path.lstat()
        except OSError:
            continue
        if stat.S_ISLNK(found.st_mode) and (own := _issued_here(place.root, path)) is not None:
            path, found = own, own.lstat()
        elif stat.S_ISLNK(found.st_mode):
            yield wrong(
                Sentence(
                    sv=f"{path} är en länk, och vem som skriver dit den pekar syns inte här.",
                    en=f"{path} is a link; who writes to where it points is not seen here.",
                ),
                Sentence(sv="Lägg filen själv där.", en="Put the file itself there."),
            )
            continue
        is_public = path.suffix in (".pub", ".pem", ".jwks")
        if found.st_mode & (_WRITTEN_BY_OTHERS if is_public else _OTHERS):
            yield _mode_wrong(path, "go-w" if is_public else "go=")
        if found.st_uid != owner:
            yield wrong(
                Sentence(
                    sv=f"{path} tillhör ett annat konto än de andra hemligheterna.",
                    en=f"{path} belongs to another account than the other secrets.",
                ),
                Sentence(
                    sv=f"Kör chown --reference={folder} {path}. Byt hemligheten om någon annan har kunnat läsa den.",
                    en=f"Run chown --reference={folder} {path}. Replace the secret if somebody else could read it.",
                ),
            )
    yield good("Hemligheterna läses av ett konto.", "The secrets are read by one account.")


def _issued_here(root: Path, link: Path) -> Path | None:
    """Return the key that a link in ``tls/`` leads to, where it is one that our own issuers put there."""
    target = link.resolve()
    return target if target.is_relative_to((root / "tls" / "issued").resolve()) and target.is_file() else None


def _mode_wrong(path: Path, change: str) -> Finding:
    sv, en = ("ändras", "changed") if change == "go-w" else ("läsas", "read")
    return wrong(
        Sentence(sv=f"{path} kan {sv} av andra konton.", en=f"{path} can be {en} by other accounts."),
        Sentence(
            sv=f"Kör chmod {change} {path}. Byt de hemligheter som någon annan kan ha läst.",
            en=f"Run chmod {change} {path}. Replace the secrets that somebody else may have read.",
        ),
    )


def _closed(path: Path) -> Finding:
    if path.exists():
        return unseen(Sentence(sv=f"{path} går inte att gå in i.", en=f"{path} cannot be entered."), _AS_OWNER)
    return unseen(
        Sentence(sv=f"{path} finns inte, eller går inte att se.", en=f"{path} is not there, or cannot be seen."),
        Sentence(
            sv="Ange en annan katalog med --data, starta Vaka en första gång, eller kör detta som kontot som äger den.",
            en="Name another directory with --data, start Vaka for the first time, or run this as its owner.",
        ),
    )
