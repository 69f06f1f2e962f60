# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a simulated device is, and the JSON file that lists them: strict, every fault named at once."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vaka.errors import ConfigurationError
from vaka.simulate.quirks import Quirk

Port = Annotated[int, Field(ge=1, le=65535)]
Transport = Literal["udp", "tcp", "tls"]

MOST_DEVICES = 300_000
_LARGEST_FILE = 256 * 1024 * 1024


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeviceRecord(_Section):
    """One device: who it says it is, and how it proves that."""

    cid: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    """The controller id; also the user part of From."""
    authority: str = ""
    """Whom it belongs to; only for the reader of the file."""
    device_type: Annotated[int, Field(ge=0, le=9999)] = 2
    transport: Transport = "udp"
    authentication: Literal["none", "network", "digest", "certificate"] = "none"
    algorithm: Literal["MD5", "SHA-256"] | None = None
    """The one digest algorithm it knows; None: whichever is offered first."""
    username: str | None = None
    """Digest user name; None: the controller id."""
    password: str | None = None
    certificate: Path | None = None
    """Client certificate for TLS (PEM)."""
    key: Path | None = None
    interval_seconds: Annotated[float, Field(ge=1, le=604_800)] = 300
    """Time between two heartbeats."""
    quirks: tuple[Quirk, ...] = ()
    """What it does differently from the standard."""


class ReceiverPlace(_Section):
    """Where the receiver is, for each transport it listens on."""

    host: str
    udp_port: Port | None = None
    tcp_port: Port | None = None
    tls_port: Port | None = None
    trusted: Path | None = None
    """Certificates of the issuers a receiver may have its certificate from (PEM); None: those of the machine."""


class DeviceFile(_Section):
    """The whole file."""

    receiver: ReceiverPlace | None = None
    devices: Annotated[tuple[DeviceRecord, ...], Field(min_length=1, max_length=MOST_DEVICES)]


def read_device_file(path: Path) -> DeviceFile:
    """Read and check the file. Raises ConfigurationError with a sentence that never quotes a password."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ConfigurationError(f"The device file {path} is larger than 256 MiB.")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"The device file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"The device file {path} is not valid JSON.") from error
    try:
        found = DeviceFile.model_validate(content)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors()]
        more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise ConfigurationError(f"The device file {path} is refused: {'; '.join(faults[:5])}{more}.") from None
    for number, device in enumerate(found.devices):
        if device.authentication == "digest" and not device.password:
            raise ConfigurationError(f"The device file {path} is refused: devices.{number} has digest but no password.")
        if device.authentication == "certificate" and not (device.certificate and device.transport == "tls"):
            raise ConfigurationError(
                f"The device file {path} is refused: devices.{number} has a certificate to show only over tls, "
                "and needs its file."
            )
    return found
