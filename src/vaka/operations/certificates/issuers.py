# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The issuers that an installation has: their certificates in ``tls/``, for all to trust, their keys in
``credentials/``.
"""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path

from cryptography import x509

from vaka.addresses import plain_address
from vaka.crypto.certificates import UNREADABLE, Issued, Network, belongs, is_within
from vaka.errors import ConfigurationError
from vaka.keys.files import write_secret

_SUFFIX = "-ca"
"""Of the names of issuers' files: ``tls/database-ca.pem`` is what processes verify the database server by."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_OF_NOBODY = frozenset({"internal", "localhost", "test", "example"})
"""Names of one label that lead nowhere in public (RFC 6761, and ICANN's for private use); ``se`` is no name of ours."""
MOST_NAMED = 20
"""Hosts of one certificate, and names and networks of one issuer: the entry says them all."""
LONGEST_HOST = 64
"""Characters that the subject of a certificate can have (RFC 5280, appendix A)."""


def require_name(name: str) -> str:
    """Return a name that files can be called by. Raises ConfigurationError."""
    if not _NAME.fullmatch(name) or name.endswith(_SUFFIX):
        raise ConfigurationError(
            f"A name has 1–40 characters of a–z, 0–9 and -, begins with a letter and does not end with {_SUFFIX}."
        )
    return name


def _require_few(named: Sequence[str]) -> None:
    if len(named) > MOST_NAMED:
        raise ConfigurationError(f"No more than {MOST_NAMED} names, networks or hosts at once.")


def require_names(names: Sequence[str]) -> Sequence[str]:
    """Return names that an issuer can be good for, with all below them. Raises ConfigurationError."""
    _require_few(names)
    for one in names:
        if not _HOST.fullmatch(one) or one[-1].isdigit() or ("." not in one and one not in _OF_NOBODY):
            raise ConfigurationError(
                f"{one} is no name that an issuer can be bound to: write a domain of your own in small letters, "
                "vaka.internal say."
            )
    return names


def require_networks(networks: Sequence[str]) -> Sequence[Network]:
    """Return networks that an issuer can be good for: private ones alone. Raises ConfigurationError."""
    _require_few(networks)
    found: list[Network] = []
    for one in networks:
        try:
            network = ip_network(one)
        except ValueError:
            network = None
        if network is None or not network.is_private:
            raise ConfigurationError(f"{one} is no private network that an issuer can be bound to: 10.20.0.0/24, say.")
        found.append(network)
    return found


def require_hosts(issuer: x509.Certificate, hosts: Sequence[str]) -> Sequence[str]:
    """Return hosts that an issuer can vouch for. Raises ConfigurationError."""
    _require_few(hosts)
    for host in hosts:
        if len(host) > LONGEST_HOST or not _is_host(host) or not is_within(issuer, host):
            raise ConfigurationError(f"The issuer is not good for {host}; nobody would believe the certificate.")
    return hosts


def _is_host(host: str) -> bool:
    return plain_address(host) is not None or _HOST.fullmatch(host) is not None


def certificate_file(root: Path, name: str) -> Path:
    """Return where an issuer's certificate is, which others have to be given."""
    return root / "tls" / f"{name}{_SUFFIX}.pem"


def key_file(root: Path, name: str) -> Path:
    """Return where an issuer's key is, on the one machine that it issues on."""
    return root / "credentials" / f"{name}{_SUFFIX}.key"


def require_none_yet(root: Path, name: str) -> None:
    """Raise ConfigurationError where an issuer of that name is there: it is never replaced, for others trust it."""
    if certificate_file(root, name).exists():
        raise ConfigurationError(
            f"{certificate_file(root, name)} is there already. Found an issuer of another name, and issue from that."
        )


def keep_issuer(root: Path, name: str, made: Issued) -> None:
    """Write an issuer down. A key without certificate, as a crash may leave it, is worth nothing. Raises OSError."""
    (root / "tls").mkdir(mode=0o700, exist_ok=True)
    write_secret(key_file(root, name), made.key)
    write_secret(certificate_file(root, name), made.pem)


def open_issuer(root: Path, name: str) -> Issued:
    """Return an issuer with its key. Raises ConfigurationError."""
    try:
        [certificate] = x509.load_pem_x509_certificates(certificate_file(root, name).read_bytes())
        key = key_file(root, name).read_bytes()
        if not belongs(certificate, key):
            raise ConfigurationError(f"{key_file(root, name)} is not the key of {certificate_file(root, name)}.")
    except OSError as error:
        raise ConfigurationError(
            f"The issuer {name} cannot be read on this machine: {error.strerror}. `vaka certificates list` says which "
            "there are; `vaka certificates found` makes one."
        ) from error
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"The files of the issuer {name} are not a certificate and its key.") from error
    return Issued(certificate, key)


def list_issuers(root: Path) -> tuple[Mapping[str, x509.Certificate], Mapping[str, Exception]]:
    """Return the certificates of the issuers whose keys are on this machine, by name, and what those that cannot be
    read raised.
    """
    names = [one.name.removesuffix(f"{_SUFFIX}.key") for one in (root / "credentials").glob(f"*{_SUFFIX}.key")]
    found, broken = dict[str, x509.Certificate](), dict[str, Exception]()
    for name in sorted(names):
        try:
            found[name] = x509.load_pem_x509_certificate(certificate_file(root, name).read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, *UNREADABLE) as error:
            broken[name] = error
    return found, broken
