# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Settings of the processes that browsers and programs reach."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vaka.settings_values import AccountName, FilePath, FrontAddress, Port

# Strict: `port = true` and `port = "5060"` are slips, not ports.
ONE_TABLE = ConfigDict(extra="forbid", frozen=True, strict=True)


class WebSettings(BaseModel):
    """One web process."""

    model_config = ONE_TABLE

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


class PortalSettings(WebSettings):
    """The authorities' portal."""

    port: Port = 8402
    """Port to listen on."""
    origin: str = "http://localhost:8402"
    """Scheme, host and port as the browser sees it; requests from other origins are refused."""
    programs_origin: str = ""
    """Scheme (https), host and port where programs are asked for certificates, as they see it; empty: nowhere."""
    programs_socket: FilePath = Path("run/portal-programs.sock")
    """Where the web server hands those requests on, with the certificate. Open only with `programs_origin`."""
    programs_front: Annotated[list[AccountName], Field(max_length=4)] = []
    """Accounts of the operating system that the web server runs as; they share the directory's group."""

    @model_validator(mode="after")
    def _require_an_origin_of_its_own(self) -> Self:
        if self.programs_origin and (
            not self.programs_origin.startswith("https://")
            or self.programs_origin == self.origin
            or not self.programs_port
        ):
            raise ValueError("programs_origin begins with https:// and is another than origin")
        return self

    @property
    def programs_port(self) -> int | None:
        """The web server's port where programs are asked for certificates, where they are."""
        return (urlsplit(self.programs_origin).port or 443) if self.programs_origin else None


class RegistrySettings(WebSettings):
    """Where authorities' care systems keep the register of their people in care."""

    port: Port = 8405
    """Port to listen on."""
    origin: str = "http://localhost:8405"
    """Scheme, host and port as programs see it: the portal's own where one web server stands in front of both."""
    programs_socket: FilePath = Path("run/registry-programs.sock")
    """Where the web server hands on requests of programs that show certificates. Open only with
    `portal.programs_origin`."""


class OfficeSettings(WebSettings):
    """The supplier's office, where administrators work."""

    port: Port = 8403
    """Port to listen on."""
    origin: str = "http://localhost:8403"
    """Scheme, host and port as the browser sees it, alone. Another host name makes all administrators' keys useless."""
    front: Annotated[list[FrontAddress], Field(max_length=8)] = []
    """Addresses that the web server in front connects from, such as `127.0.0.1`: from there alone `X-Forwarded-For` is
    believed."""


class SigninSettings(WebSettings):
    """The sign-in page."""

    port: Port = 8400
    """Port to listen on."""
    origin: str = "http://localhost:8400"
    """Scheme, host and port as the browser sees it; requests from other origins are refused."""
    front: Annotated[list[FrontAddress], Field(max_length=8)] = []
    """Addresses that the web server in front connects from, such as `127.0.0.1`, as in `office.front`."""
    subject_key: FilePath = Path("credentials/subjects.key")
    """The key under which it is kept whom an issuer means; made at the first start. Lost, nobody is known any more."""
    client_keys: FilePath = Path("credentials/clients")
    """The directory of the keys that we prove ourselves with to issuers, one file each."""
    saml_keys: FilePath = Path("credentials/saml")
    """The directory of the keys of our SAML service providers: one for each authority, one for the supplier."""


class DemoSettings(WebSettings):
    """The provider that says who the invented people of a demo are; nothing outside a demo."""

    port: Port = 8404
    """Port to listen on."""
    origin: str = "http://localhost:8404"
    """Scheme, host and port as the browser sees it: what the provider is called."""


class AttachmentSettings(BaseModel):
    """Files at entries of registers, and with what is said in cases and questions; none without a scanner."""

    model_config = ONE_TABLE

    scanner: FilePath | None = None
    """The Unix socket of clamd (ClamAV), such as `/run/clamav/clamd.ctl`. Without it no file is taken in."""
    scan_seconds: Annotated[float, Field(ge=1, le=120)] = 30
    """How long it may take to answer; then the file is refused."""
    signature_hours: Annotated[int, Field(ge=1, le=24)] = 24
    """How old its signatures may be; with older ones no file is taken in."""
    largest_mebibytes: Annotated[int, Field(ge=1, le=20)] = 8
    """How large a file may be. clamd's own StreamMaxLength and MaxFileSize must be larger."""
    most_files: Annotated[int, Field(ge=1, le=50)] = 10
    """How many files one text of an entry may have, and each side may send in one room of a case or one question."""

    @property
    def largest_bytes(self) -> int:
        """How many bytes a file may have."""
        return self.largest_mebibytes * 1024 * 1024
