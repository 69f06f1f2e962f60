# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading a sheet of devices (CSV). Pure: text to devices, or every fault with its line, all at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from ipaddress import ip_network
from uuid import UUID
from zoneinfo import ZoneInfo

from vaka.commands.sheets import SheetError, read_lines
from vaka.crypto.activation import UnusableSecretError
from vaka.tenants.device_secrets import SecretDesk
from vaka.tenants.devices import LONGEST_EXCEPTION, WIDEST_NETWORK, Certificate, Device, Digest, Network
from vaka.tenants.intervals import INTERVALS, DeviceKind, guess_kind

REQUIRED = ("sender", "authentication")
OPTIONAL = (
    "personal_number", "device_type", "model", "placed", "kind", "interval_seconds", "username", "password",
    "algorithm", "certificate_sha256", "network", "exception_reason", "exception_until", "in_use",
)  # fmt: skip
PERSON_COLUMN = "personal_number"
_SENDER = re.compile(r"[!-~]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ZONE = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True, slots=True)
class Context:
    """What a line cannot say by itself."""

    secrets: SecretDesk
    """Takes the passwords, by what the authority asks of them."""
    find_person: Callable[[str], UUID | None]
    """Personal number → person in care; None where the authority has nobody with it."""
    new_identifier: Callable[[], UUID]
    now: datetime


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet says, and by which columns."""

    devices: list[Device]
    columns: list[str]


def read_sheet(text: str, context: Context) -> Sheet:
    """Return the devices of a sheet with a heading line; semicolons or commas part the columns.

    Raises SheetError with every fault.
    """
    sheet = read_lines(text, REQUIRED, OPTIONAL)
    faults: list[str] = []
    devices, lines = [], dict[str, int]()
    for line in sheet.lines:
        where = f"line {line.number}"
        if line.fields is None:
            faults.append(f"{where}: more fields than columns")
            continue
        try:
            device = _read_line(line.fields, context)
        except ValueError as error:
            faults.append(f"{where}: {error}")
            continue
        if device.sender in lines:
            faults.append(f"{where}: the sender stands in line {lines[device.sender]} already")
        lines[device.sender] = line.number
        devices.append(device)
    if not devices and not faults:
        faults.append("it has no device")
    if faults:
        raise SheetError(faults)
    return Sheet(devices, sheet.columns)


def _read_line(fields: Mapping[str, str], context: Context) -> Device:
    if not _SENDER.fullmatch(fields["sender"]):
        raise ValueError("sender is not 1-64 visible characters")
    person = None
    number = fields.get(PERSON_COLUMN, "")
    if number:
        person = context.find_person(number)
        if person is None:
            raise ValueError("nobody in this authority has the personal number")
    authentication = _read_authentication(fields, context)
    device_type = _read_number(fields, "device_type", 0, 9999, 0)
    kind = _read_kind(fields) or guess_kind(device_type, by_network=isinstance(authentication, Network))
    return Device(
        id=context.new_identifier(),
        sender=fields["sender"],
        authentication=authentication,
        person_id=person,
        device_type=device_type,
        model=fields.get("model", "")[:80],
        placed=fields.get("placed", "")[:80],
        interval_seconds=_read_number(fields, "interval_seconds", 10, 604_800, INTERVALS[kind]),
        in_use=_read_in_use(fields),
    )


def _read_kind(fields: Mapping[str, str]) -> DeviceKind | None:
    text = fields.get("kind", "")
    try:
        return DeviceKind(text) if text else None
    except ValueError:
        raise ValueError(f"kind is none of {', '.join(DeviceKind)}") from None


def _read_authentication(fields: Mapping[str, str], context: Context) -> Digest | Certificate | Network:
    match fields["authentication"]:
        case "digest":
            return _read_digest(fields, context.secrets)
        case "certificate":
            fingerprint = fields.get("certificate_sha256", "").replace(":", "").lower()
            if not _SHA256.fullmatch(fingerprint):
                raise ValueError("certificate_sha256 is not 64 hexadecimal digits")
            return Certificate(fingerprint)
        case "network":
            return _read_exception(fields, context.now)
    raise ValueError("authentication is neither digest, certificate nor network")


def _read_digest(fields: Mapping[str, str], secrets: SecretDesk) -> Digest:
    username, password = fields.get("username") or fields["sender"], fields.get("password", "")
    algorithm = fields.get("algorithm") or "SHA-256"
    if not password:
        raise ValueError("digest needs a password")
    if algorithm not in ("MD5", "SHA-256", "both"):
        raise ValueError("algorithm is neither MD5, SHA-256 nor both")
    try:
        return secrets.take_secret(fields["sender"], username, password, algorithm)  # type: ignore[arg-type]
    except UnusableSecretError as error:
        raise ValueError(f"password: {error.sentence.en}") from None


def _read_exception(fields: Mapping[str, str], now: datetime) -> Network:
    """The exception for old devices must say where from, why, and until when; none of it without bounds."""
    try:
        network = ip_network(fields.get("network", ""))
    except ValueError:
        raise ValueError("network is no address range such as 192.0.2.0/24") from None
    if network.prefixlen < WIDEST_NETWORK[network.version]:
        raise ValueError(f"network is wider than /{WIDEST_NETWORK[network.version]}")
    reason = fields.get("exception_reason", "")
    if len(reason) < 10:
        raise ValueError("exception_reason has fewer than 10 characters")
    try:
        until = date.fromisoformat(fields.get("exception_until", ""))
    except ValueError:
        raise ValueError("exception_until is no date such as 2027-01-31") from None
    end = datetime.combine(until, time(23, 59, 59), _ZONE)
    if not now < end <= now + LONGEST_EXCEPTION:
        raise ValueError(f"exception_until is not within {LONGEST_EXCEPTION.days} days from today")
    return Network(network, reason, end)


def _read_in_use(fields: Mapping[str, str]) -> bool:
    text = fields.get("in_use", "").lower()
    if text not in ("", "yes", "no"):
        raise ValueError("in_use is neither yes nor no")
    return text != "no"


def _read_number(fields: Mapping[str, str], name: str, least: int, most: int, default: int) -> int:
    text = fields.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ValueError(f"{name} is not a number from {least} to {most}")
    return int(text)
