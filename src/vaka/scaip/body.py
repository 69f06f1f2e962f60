# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The two SCAIP messages: `<mrq>`, what a device says, and `<mrs>`, what it is answered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from vaka.scaip.codes import MessageType
from vaka.scaip.document import MAX_TEXT, Deviation, read_document, write_document
from vaka.scaip.errors import ScaipError, ScaipFault

MAX_IDENTIFIER = 64  # characters kept of ref, cid and did
MAX_DIGITS = 9  # of a code: what a database integer holds

# geo  =  latitude "," longitude, in degrees
_GEO = re.compile(r"\s*+([+-]?[0-9]{1,2}(?:\.[0-9]{1,12})?)\s*+,\s*+([+-]?[0-9]{1,3}(?:\.[0-9]{1,12})?)\s*+", re.ASCII)

# The longest form the standard gives each value. Longer ones are kept, and noted.
_LENGTHS = {
    "ref": 16, "cid": 16, "dty": 4, "mty": 2, "stc": 4, "cha": 1, "crd": 256, "did": 8, "dco": 3, "dte": 32,
    "lco": 3, "lva": 2, "lte": 32, "lge": 128, "stt": 32, "ite": 128, "ico": 3, "sco": 1, "pri": 1, "hbo": 3,
    "ver": 5, "ame": 1, "mreq": 1, "lge/geo": 64, "lge/tim": 32, "lge/gga": 128,
}  # fmt: skip
_CODES = ("dty", "stc", "cha", "dco", "lco", "ico", "sco", "pri", "hbo", "ame", "mreq")
_MESSAGE_TYPES = frozenset(mty.value for mty in MessageType)


@dataclass(frozen=True, slots=True)
class Position:
    """`lge`: where a carried device was, as it wrote it."""

    geo: str | None
    tim: str | None  # ISO 8601
    gga: str | None  # NMEA 0183

    @property
    def coordinates(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees (WGS 84), when `geo` holds a place on Earth."""
        match = _GEO.fullmatch(self.geo or "")
        if match is None:
            return None
        latitude, longitude = float(match[1]), float(match[2])
        return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


class Mrq(NamedTuple):  # a frozen dataclass of so many fields takes three times as long to make
    """A device's message. Absent values are None; the standard's defaults are named beside them, not filled in.

    Codes are numbers however they were padded. Texts are trimmed, and cut to MAX_TEXT characters (ref, cid, did and mty
    to MAX_IDENTIFIER). Of an element that should not repeat, the first counts.
    """

    ref: str | None
    cid: str | None
    dty: int | None
    mty: str  # in upper case; ME when absent, and any other text a device may have sent
    stc: int | None  # absent on ME means 10, a manual alarm
    cha: int | None  # 0
    crd: tuple[str, ...]  # sip:
    did: str | None
    dco: int | None
    dte: str | None
    lco: int | None  # 0
    lva: str | None
    lte: str | None
    lge: Position | None
    stt: str | None
    ite: str | None
    ico: int | None
    sco: int | None  # 0
    pri: int | None  # 0
    hbo: int | None  # 0
    ver: str | None
    ame: int | None
    mreq: int | None
    fields: tuple[tuple[str, str], ...]  # every element in document order, unknown ones too
    deviations: tuple[Deviation, ...]


@dataclass(frozen=True, slots=True)
class Mrs:
    """The receiver's answer. `snu` 0 means that the alarm is stored and will be seen."""

    ref: str
    snu: int
    ste: str | None = None
    mre: int | None = None
    cre: int | None = None
    tnu: str | None = None
    hbi: int | None = None


def parse_mrq(body: bytes) -> Mrq:
    """Read what a device says. A missing cid or ref is a deviation: the alarm still has a sender, and is shown.

    Raises ScaipError when the body is dangerous, or no `<mrq>` can be found in it.
    """
    name, fields, noted = read_document(body)
    if name != "mrq":
        raise ScaipError(ScaipFault.OTHER_DOCUMENT)
    values = dict(reversed(fields))  # of repeated elements, the first
    text = values.get
    codes = {tag: _number(values[tag]) for tag in _CODES if text(tag)}
    code = codes.get
    addresses = [uri for tag, uri in fields if tag == "crd"] if "crd" in values else []
    mty = (text("mty") or MessageType.EVENT).upper()[:MAX_IDENTIFIER]
    lge = None
    if "lge/geo" in values or "lge/tim" in values or "lge/gga" in values:
        lge = Position(text("lge/geo") or None, text("lge/tim") or None, text("lge/gga") or None)
    return Mrq(
        ref=text("ref", "")[:MAX_IDENTIFIER] or None,
        cid=text("cid", "")[:MAX_IDENTIFIER] or None,
        dty=code("dty"),
        mty=mty,
        stc=code("stc"),
        cha=code("cha"),
        crd=tuple([uri for uri in addresses if uri]),
        did=text("did", "")[:MAX_IDENTIFIER] or None,
        dco=code("dco"),
        dte=text("dte") or None,
        lco=code("lco"),
        lva=text("lva") or None,
        lte=text("lte") or None,
        lge=lge,
        stt=text("stt") or None,
        ite=text("ite") or None,
        ico=code("ico"),
        sco=code("sco"),
        pri=code("pri"),
        hbo=code("hbo"),
        ver=text("ver") or None,
        ame=code("ame"),
        mreq=code("mreq"),
        fields=fields,
        deviations=_deviations(noted, fields, values, codes, mty, len(addresses)),
    )


def build_mrq(fields: Iterable[tuple[str, str]]) -> bytes:
    """A device's message from (tag, text) pairs, as `Mrq.fields` holds them. Raises ScaipError(UNSAFE_TEXT)."""
    return write_document("mrq", fields)


def parse_mrs(body: bytes) -> Mrs:
    """Read a receiver's answer. Raises ScaipError, also when ref or snu is missing: it then answers nothing."""
    name, fields, _ = read_document(body)
    if name != "mrs":
        raise ScaipError(ScaipFault.OTHER_DOCUMENT)
    values = dict(reversed(fields))
    ref, snu = values.get("ref", "")[:MAX_IDENTIFIER], _number(values.get("snu", ""))
    if not ref or snu is None:
        raise ScaipError(ScaipFault.INCOMPLETE)
    return Mrs(
        ref=ref,
        snu=snu,
        ste=values.get("ste") or None,
        mre=_number(values.get("mre", "")),
        cre=_number(values.get("cre", "")),
        tnu=values.get("tnu") or None,
        hbi=_number(values.get("hbi", "")),
    )


def build_mrs(mrs: Mrs) -> bytes:
    """The answer as bytes: only what was set, in the order above. Raises ScaipError(UNSAFE_TEXT)."""
    values = (
        ("ref", mrs.ref),
        ("snu", mrs.snu),
        ("ste", mrs.ste),
        ("mre", mrs.mre),
        ("cre", mrs.cre),
        ("tnu", mrs.tnu),
        ("hbi", mrs.hbi),
    )
    return write_document("mrs", [(tag, str(value)) for tag, value in values if value is not None])


@lru_cache(maxsize=1024)  # the same few codes in every message
def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def _deviations(
    noted: tuple[Deviation, ...],
    fields: tuple[tuple[str, str], ...],
    values: dict[str, str],
    codes: dict[str, int | None],
    mty: str,
    addresses: int,
) -> tuple[Deviation, ...]:
    """How this message differs from what the standard asks of one, after what was noted while reading its XML."""
    found = dict.fromkeys(noted)
    if not values.keys() <= _LENGTHS.keys():
        found[Deviation.UNKNOWN_ELEMENT] = None
    if len(fields) - len(values) != max(addresses - 1, 0):  # an address may come again
        found[Deviation.REPEATED_ELEMENT] = None
    if not (values.get("ref") and values.get("cid") and values.get("dty")):
        found[Deviation.MISSING_MANDATORY] = None
    if [tag for tag, text in fields if len(text) > _LENGTHS.get(tag, MAX_TEXT)]:
        found[Deviation.TOO_LONG] = None
    if None in codes.values():
        found[Deviation.NOT_A_NUMBER] = None
    if mty not in _MESSAGE_TYPES:
        found[Deviation.UNKNOWN_MESSAGE_TYPE] = None
    return tuple(found)
