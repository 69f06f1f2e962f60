# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the installation's own encrypted endpoints offer, asked of them over the network (terms 18 and 30).

What answers is asked, and not what listens was told to offer: before the pages stands a web server of its own settings.
Whoever answers is not verified here; that a browser believes the certificate is the browser's to say.
"""

import socket
import ssl
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from cryptography import x509

from vaka.assurance.machine import NotLookedAtError
from vaka.crypto.policy import TlsPolicy
from vaka.settings import Settings

SECONDS = 3.0
"""How long one answer may take."""
_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something of ours answers with TLS."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """What an endpoint agreed to, when it was offered something."""

    suite: str
    certificate: bytes
    """As DER."""


def list_endpoints(settings: Settings) -> Sequence[Endpoint]:
    """Return where the installation answers with TLS: to devices, to browsers and to programs."""
    found: dict[Endpoint, None] = {}
    receiver, portal = settings.receiver, settings.portal
    if receiver.tls_port is not None:
        found[Endpoint(_reached_at(receiver.host), receiver.tls_port)] = None
    webs = (settings.desk, portal, settings.registry, settings.office, settings.signin)
    for origin in (*(web.origin for web in webs), portal.programs_origin):
        parts = urlsplit(origin)
        if parts.scheme == "https" and parts.hostname:
            found[Endpoint(parts.hostname, parts.port or 443)] = None
    return list(found)


def _reached_at(host: str) -> str:
    """Return where what listens at an address is reached from this machine."""
    with suppress(ValueError):
        if ip_address(host).is_unspecified:
            return "localhost"
    return host


def count_strange_offers(endpoints: Iterable[Endpoint], policy: TlsPolicy) -> int:
    """Count versions that an endpoint offers and should not, or does not and should, and suites beyond the policy's.

    Raises NotLookedAtError where one does not answer at all, or there is none.
    """
    allowed = [suite for suite in policy.suites if not suite.startswith("TLS_")]
    beyond = [suite for suite in _list_suites() if suite not in policy.suites]
    found, asked = 0, 0
    for endpoint in endpoints:
        asked += 1
        for name, version in _VERSIONS.items():
            agreed = _ask(endpoint, version, version, ":".join(allowed))
            found += (agreed is not None) != (name in policy.versions)
            found += agreed is not None and agreed.suite not in policy.suites
        weak = f"{':'.join(beyond)}:@SECLEVEL=0"
        found += _ask(endpoint, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2, weak) is not None
        found += _ask(endpoint, ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1, _EVERYTHING) is not None
    if not asked:
        raise NotLookedAtError
    return found


def list_shown(endpoints: Iterable[Endpoint]) -> Sequence[tuple[Endpoint, x509.Certificate]]:
    """Return the certificate that each endpoint shows. Raises NotLookedAtError, also where one shows none."""
    found = []
    for endpoint in endpoints:
        agreed = _ask(endpoint, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.MAXIMUM_SUPPORTED, _EVERYTHING)
        if agreed is None:
            raise NotLookedAtError
        found.append((endpoint, x509.load_der_x509_certificate(agreed.certificate)))
    if not found:
        raise NotLookedAtError
    return found


def _list_suites() -> list[str]:
    """Return everything that can be asked for below TLS 1.3, whose suites cannot be chosen here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers(_EVERYTHING)
    return [one["name"] for one in context.get_ciphers() if one["protocol"] != "TLSv1.3"]


def _ask(endpoint: Endpoint, oldest: ssl.TLSVersion, newest: ssl.TLSVersion, suites: str) -> Agreed | None:
    """Offer an endpoint so much, and return what it agreed to, if anything. Raises NotLookedAtError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        # Asking for what is out of date is the point of it.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = oldest, newest
    context.set_ciphers(suites)
    try:
        plain = socket.create_connection((endpoint.host, endpoint.port), timeout=SECONDS)
    except OSError as error:
        raise NotLookedAtError from error
    with plain:
        try:
            with context.wrap_socket(plain, server_hostname=endpoint.host) as encrypted:
                agreed, certificate = encrypted.cipher(), encrypted.getpeercert(binary_form=True)
        except TimeoutError as error:
            raise NotLookedAtError from error
        except OSError:
            # Refused by an alert or by hanging up: that is an answer.
            return None
    return None if agreed is None or certificate is None else Agreed(agreed[0], certificate)
