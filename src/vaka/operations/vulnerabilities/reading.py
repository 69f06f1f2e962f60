# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading advisory data from a file: an ecosystem's zip or JSON of OSV's, or the JSON of Debian's security tracker."""

import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, TypeVar
from zipfile import BadZipFile, ZipFile

from pydantic import BaseModel, ValidationError

from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.wording import seems_personal
from vaka.operations.vulnerabilities.formats import OsvRecord, TrackerEntry

Source = Literal["osv:PyPI", "osv:Debian", "debian"]
LARGEST_FILE = 256 * 1024 * 1024
"""Bytes. The Debian tracker's JSON, the largest of those that are read, has some 90 million."""
LARGEST_RECORD = 16 * 1024 * 1024
LARGEST_WHOLE = 2 * 1024 * 1024 * 1024
"""Bytes of all records of a zip, unpacked."""
MOST_RECORDS = 500_000
LONGEST_SUMMARY = 300
_ZIP = b"PK\x03\x04"
Model = TypeVar("Model", bound=BaseModel)


class UnusableDataError(VakaError):
    """A file holds no advisory data that can be taken in; says why. Nothing of it is."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(Category.INVALID, Sentence(f"{sv} Inget har tagits in.", f"{en} Nothing was taken in."))


@dataclass(frozen=True, slots=True)
class Record:
    """What one advisory says of one package."""

    package: str
    id: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AdvisoryData:
    """A whole file."""

    source: Source
    records: list[Record]
    digest: bytes
    newest: datetime | None
    """When what was changed last in it was; None where records have no times."""


def read_data(content: bytes) -> AdvisoryData:
    """Return what a file holds. Raises UnusableDataError."""
    if len(content) > LARGEST_FILE:
        raise UnusableDataError(
            f"Filen är större än {LARGEST_FILE} byte.", f"The file is larger than {LARGEST_FILE} bytes."
        )
    digest = sha256(content).digest()
    if content.startswith(_ZIP):
        return _gather(_unpack(content), digest)
    read = _parse(content, "filen", "the file")
    if isinstance(read, list):
        return _gather(read, digest)
    if isinstance(read, dict) and "id" in read and "modified" in read:
        return _gather([read], digest)
    return AdvisoryData("debian", _require_some(list(_read_tracker(read))), digest, None)


def _unpack(content: bytes) -> Iterator[object]:
    whole = 0
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) > MOST_RECORDS:
                raise UnusableDataError(
                    f"Arkivet har fler än {MOST_RECORDS} poster.", f"The archive has more than {MOST_RECORDS} records."
                )
            for member in members:
                with archive.open(member) as file:
                    data = file.read(LARGEST_RECORD + 1)  # by what it unpacks to, whatever it says of itself
                whole += len(data)
                if len(data) > LARGEST_RECORD or whole > LARGEST_WHOLE:
                    raise UnusableDataError("Arkivet packas upp till för mycket.", "The archive unpacks to too much.")
                yield _parse(data, member.filename, member.filename)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UnusableDataError("Arkivet är skadat eller låst.", "The archive is damaged or locked.") from error


def _parse(data: bytes, where_sv: str, where_en: str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnusableDataError(f"Det som står i {where_sv} är inte JSON.", f"{where_en} is not JSON.") from error


def _check(model: type[Model], content: object, what: str) -> Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "-"
        raise UnusableDataError(
            f"{what[:100]} följer inte formatet ({where}: {fault['msg']}).",
            f"{what[:100]} is not as the format says ({where}: {fault['msg']}).",
        ) from error


def _gather(read: Iterable[object], digest: bytes) -> AdvisoryData:
    """Return OSV's records. What was withdrawn is none; of what concerns several ecosystems, ours is taken."""
    records: dict[str, list[Record]] = {"PyPI": [], "Debian": []}
    newest: datetime | None = None
    for number, one in enumerate(read, 1):
        if number > MOST_RECORDS:
            raise UnusableDataError(f"Fler än {MOST_RECORDS} poster.", f"More than {MOST_RECORDS} records.")
        record = _check(OsvRecord, one, str(one.get("id", number)) if isinstance(one, dict) else str(number))
        newest = max(newest or record.modified, record.modified)
        if record.withdrawn is None:
            for ecosystem, found in records.items():
                found.extend(_split(record, ecosystem))
    if all(records.values()):
        raise UnusableDataError(
            "Filen har flera ekosystem. Ta in ett i taget.", "The file has several ecosystems. Take in one at a time."
        )
    source: Source = "osv:Debian" if records["Debian"] else "osv:PyPI"
    return AdvisoryData(source, _require_some(records["PyPI"] + records["Debian"]), digest, newest)


def _require_some(records: list[Record]) -> list[Record]:
    if not records:
        raise UnusableDataError(
            "Filen säger ingenting om PyPI eller Debian.", "The file says nothing of PyPI or Debian."
        )
    twice = len(records) - len({(one.package, one.id) for one in records})
    if twice:
        raise UnusableDataError(f"{twice} poster står två gånger.", f"{twice} records stand there twice.")
    return records


def _split(record: OsvRecord, ecosystem: str) -> Iterator[Record]:
    """Yield what a record says, package by package."""
    packages: dict[str, list[dict[str, Any]]] = {}
    for one in record.affected:
        if one.package is not None and one.package.ecosystem.partition(":")[0] == ecosystem:
            said = one.model_dump(mode="json", exclude_none=True, exclude={"package"})
            release = one.package.ecosystem.partition(":")[2]
            name = normalise(ecosystem, one.package.name)
            packages.setdefault(name, []).append({**said, **({"release": release} if release else {})})
    for name, affected in packages.items():
        yield Record(
            name, record.id,
            {
                "vulnerability": _call(record), "summary": _shorten(record.summary), "affected": affected,
                "severity": [one.model_dump() for one in record.severity],
                "published": record.published and record.published.isoformat(),
                "reference": next((one.url for one in record.references if one.url.startswith("https://")), ""),
            },
        )  # fmt: skip


def normalise(ecosystem: str, name: str) -> str:
    """Return a package's name as it is compared: on PyPI, signs and case do not tell packages apart (PEP 503)."""
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part) \
        if ecosystem == "PyPI" else name  # fmt: skip


def _call(record: OsvRecord) -> str:
    """Return what most call it: its CVE, where it has just one; of a distribution's record, the one it is about."""
    for ids in ([record.id, *record.aliases], record.upstream):
        found = {one for one in ids if one.startswith("CVE-")}
        if len(found) == 1:
            return found.pop()
    return record.id


def _shorten(text: str) -> str:
    """Return a line for people to read. What looks like somebody's number or address is left out: cases keep it."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[:4000]).split())
    line = line if len(line) <= LONGEST_SUMMARY else f"{line[: LONGEST_SUMMARY - 1]}…"
    return "" if seems_personal(line) else line


def _read_tracker(read: object) -> Iterator[Record]:
    if not isinstance(read, dict):
        raise UnusableDataError("Filen har inget känt format.", "The file has no format that is known.")
    for package, entries in read.items():
        if not isinstance(entries, dict) or not 0 < len(package) <= 200:
            raise UnusableDataError("Filen har inget känt format.", "The file has no format that is known.")
        for name, one in entries.items():
            entry = _check(TrackerEntry, one, f"{package} {name}")
            if not 0 < len(name) <= 100:
                raise UnusableDataError(f"{package}: för långt namn.", f"{package}: a name is too long.")
            releases = {
                release: {**stands.model_dump(exclude={"nodsa"}), "nodsa": stands.nodsa[:100]}
                for release, stands in entry.releases.items()
                if stands.urgency != "unimportant"
            }
            if releases:
                yield Record(
                    package, name,
                    {
                        "vulnerability": name, "summary": _shorten(entry.description), "releases": releases,
                        "reference": f"https://security-tracker.debian.org/tracker/{name}",
                    },
                )  # fmt: skip
