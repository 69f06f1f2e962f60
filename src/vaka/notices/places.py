# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where notices can be sent: what an authority writes of its mail server or its system, and whether that is usable."""

import re
import ssl
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from vaka.errors import Category, Sentence, VakaError
from vaka.notices.mail import split_server

WayKind = Literal["mail", "webhook"]
LONGEST_ADDRESS = 500
LONGEST_SERVER = 260
LONGEST_CERTIFICATE = 20_000
_MAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
_SERVER = re.compile(r"([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}|\[[0-9a-fA-F:]{2,45}\]):[0-9]{1,5}")


class UnusableWayError(VakaError):
    """What was written is no place to send to."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(Category.INVALID, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that notices can be sent to, as it was written."""

    way: WayKind
    address: str
    server: str = ""
    """Of mail: the server, as name:port."""
    certificate: str = ""
    """What it proves itself with (PEM); empty where it is publicly trusted."""

    def sound(self) -> "Place":
        """Return it without what does not belong to it. Raises UnusableWayError."""
        address, server, certificate = self.address.strip(), self.server.strip(), self.certificate.strip()
        if self.way == "mail":
            _require_mail(address, server)
        else:
            _require_webhook(address)
            server = ""
        _require_certificate(certificate)
        return Place(self.way, address, server, certificate)


def _require_mail(address: str, server: str) -> None:
    if not _MAIL.fullmatch(address):
        raise UnusableWayError("Det är ingen e-postadress.", "That is no mail address.")
    if not _SERVER.fullmatch(server) or not 1 <= split_server(server)[1] <= 65_535:
        raise UnusableWayError(
            "Skriv er e-postserver som namn:port, till exempel mx.kommunen.example:25.",
            "Write your mail server as name:port, such as mx.municipality.example:25.",
        )


def _require_webhook(address: str) -> None:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = address.isascii() and address.isprintable() and " " not in address and len(address) <= LONGEST_ADDRESS
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment or port == 0 or not plain:
        raise UnusableWayError(
            "Skriv en adress som börjar med https:// och inte har något användarnamn.",
            "Write an address that begins with https:// and holds no user name.",
        )


def _require_certificate(certificate: str) -> None:
    if not certificate:
        return
    is_one = len(certificate) <= LONGEST_CERTIFICATE and certificate.isascii() and "PRIVATE KEY" not in certificate
    try:
        if is_one:
            ssl.create_default_context(cadata=certificate)
            return
    except (ssl.SSLError, ValueError):
        pass
    raise UnusableWayError(
        "Certifikatet kan inte läsas. Klistra in det som text (PEM), utan någon privat nyckel.",
        "The certificate cannot be read. Paste it as text (PEM), without any private key.",
    )
