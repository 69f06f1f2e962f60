# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Settings: one strict TOML file. An unknown key, or a value out of range, stops the start with every fault at once.

Secrets are never values here, only paths: passwords are files in the credentials directory. Relative paths are
relative to the file itself.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from vaka.errors import ConfigurationError

Port = Annotated[int, Field(ge=1, le=65535)]
# TOML has no word for "none": `false` closes a port.
OptionalPort = Annotated[Port | None, BeforeValidator(lambda value: None if value is False else value)]


# TOML has no paths, only strings.
FilePath = Annotated[Path, Field(strict=False)]


class _Section(BaseModel):
    # Strict: `port = true` and `port = "5060"` are slips, not ports.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DatabaseSettings(_Section):
    """Where PostgreSQL is."""

    embedded: bool = True
    """Start a private server in the data directory; otherwise `host` and `port` name one that runs already."""
    host: str = ""
    """Host name, or the directory of its Unix socket. Not used when embedded."""
    port: Port = 5432
    """Its port. Not used when embedded."""


class ReceiverSettings(_Section):
    """What devices reach."""

    host: str = "127.0.0.1"
    """Address to listen on for devices."""
    udp_port: OptionalPort = 5060
    """SIP over UDP; leave out with `false` in place of a number."""
    tcp_port: OptionalPort = 5060
    """SIP over TCP."""
    tls_port: OptionalPort = 5061
    """SIP over TLS 1.2 or newer."""
    processes: Annotated[int, Field(ge=1, le=32)] = 1
    """Receiver processes that share the ports."""
    realm: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "vaka"
    """Digest realm. Part of every stored credential hash: changing it makes all digest devices fail."""
    certificate: FilePath = Path("tls/receiver.pem")
    """Certificate chain shown to devices (PEM)."""
    certificate_key: FilePath = Path("tls/receiver.key")
    """Its private key (PEM)."""
    device_authorities: FilePath | None = None
    """PEM file with the issuers whose device certificates are accepted; without it none is asked for."""
    commit_deadline_milliseconds: Annotated[int, Field(ge=50, le=10_000)] = 2000
    """An alarm not stored by then is answered 503, so that the device repeats or turns to its next receiver."""
    retry_after_seconds: Annotated[int, Field(ge=1, le=300)] = 5
    """What the 503 asks the device to wait."""
    nonce_lifetime_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    """How long a digest challenge may be answered."""
    flush_seconds: Annotated[float, Field(ge=0.5, le=60)] = 5
    """How often signs of life are written, in bulk."""
    public_host: str = ""
    """Name or address devices know us by, used in Via and Contact; default the listening address."""


class WebSettings(_Section):
    """One web process."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Port
    """Port to listen on."""
    origin: str
    """Scheme, host and port as the browser sees it; requests from other origins are refused."""


class DeskSettings(WebSettings):
    """The operators' desk."""

    port: Port = 8401
    """Port to listen on."""
    origin: str = "http://localhost:8401"
    """Scheme, host and port as the browser sees it; requests from other origins are refused."""


class SigninSettings(WebSettings):
    """The sign-in page."""

    port: Port = 8400
    """Port to listen on."""
    origin: str = "http://localhost:8400"
    """Scheme, host and port as the browser sees it; requests from other origins are refused."""


class SchedulerSettings(_Section):
    """Timers."""

    escalation_seconds: Annotated[float, Field(ge=0.2, le=30)] = 1
    """How often unanswered alarms are looked for."""
    supervision_seconds: Annotated[float, Field(ge=0.5, le=300)] = 10
    """How often silent devices are looked for."""


class Settings(_Section):
    """The whole file."""

    mode: Literal["demo", "production"] = "production"
    """A demo has named personas instead of a login; the two never share a database."""
    database: DatabaseSettings = DatabaseSettings()
    receiver: ReceiverSettings = ReceiverSettings()
    desk: DeskSettings = DeskSettings()
    signin: SigninSettings = SigninSettings()
    scheduler: SchedulerSettings = SchedulerSettings()


def load_settings(path: Path) -> Settings:
    """Read and check the settings file.

    Raises ConfigurationError that names every faulty key, or says that the file cannot be read.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The settings file {path} is not valid TOML: {error}.") from error
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigurationError(f"The settings file {path} is refused: {faults}.") from error
