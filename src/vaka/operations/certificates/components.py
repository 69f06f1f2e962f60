# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where issued certificates lie: ``tls/NAME.pem`` and ``tls/NAME.key``, which never belong to two issues.

Both are links by way of ``tls/issued/NAME/current``, and that one link is what is turned: at once, and either way of a
power cut certificate and key are of the same issue. The issue before stays until the next run, for whoever followed the
link a moment ago.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from vaka.crypto.certificates import Issued, is_issued_by, issue, issue_for, list_hosts, read_request, use_of
from vaka.crypto.policy import load_policy
from vaka.errors import ConfigurationError
from vaka.keys.files import draft_of, sync_directory, wipe, write_secret
from vaka.operations.certificates.issuers import list_issuers

_CURRENT, _CERTIFICATE, _KEY, _REQUEST = "current", "certificate.pem", "certificate.key", "request.pem"


@dataclass(frozen=True, slots=True)
class Component:
    """Something that shows a certificate of ours."""

    name: str
    certificate: x509.Certificate
    issuer: str
    """Which of this machine's issuers signed it; empty where none did."""
    issuer_ends: datetime | None
    """When that ends; None where there is none."""
    request: bytes
    """What it was asked for with, where another machine keeps the key."""

    @property
    def ends(self) -> datetime:
        """When it ends."""
        return self.certificate.not_valid_after_utc

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be renewed, and that gains anything: nothing outlasts its issuer."""
        gains = self.issuer_ends is None or self.ends < self.issuer_ends
        return gains and self.ends - now < load_policy().certificates.renew_before

    def renew(self, issuer: Issued, now: datetime) -> Issued:
        """Issue it anew, for the same hosts and uses; for a new key, where the key is here."""
        return issue_whole(issuer, list_hosts(self.certificate), use_of(self.certificate), now, self.request)


def issue_whole(issuer: Issued, hosts: Sequence[str], use: str, now: datetime, request: bytes) -> Issued:
    """Issue for a new key, or for the one of a request. Raises as `require_request` does."""
    public = require_request(request)
    return issue(issuer, hosts, use, now) if public is None else Issued(issue_for(issuer, public, hosts, use, now), b"")


def require_request(request: bytes) -> ec.EllipticCurvePublicKey | None:
    """Return the key of a request; None where there is none. Raises ConfigurationError, ForbiddenAlgorithmError."""
    try:
        return read_request(request) if request else None
    except ValueError as error:
        raise ConfigurationError("The request is none in PEM (PKCS #10), or not signed with its own key.") from error


def require_place(root: Path, name: str) -> None:
    """Raise ConfigurationError where files that we did not make lie in the place of a certificate or a key."""
    for path in (root / "tls" / f"{name}.pem", root / "tls" / f"{name}.key"):
        if path.exists() and not path.is_symlink():
            raise ConfigurationError(f"{path} is not of our making. Move it away first; what is open goes on with it.")


def keep(root: Path, name: str, issued: Issued, request: bytes = b"") -> None:
    """Put an issue in the place of the one before, whole or not at all. Raises OSError."""
    home = _home(root, name)
    place = home / f"{issued.certificate.serial_number:040x}"
    place.mkdir(mode=0o700, parents=True)
    for file, content in ((_CERTIFICATE, issued.pem), (_KEY, issued.key), (_REQUEST, request)):
        if content:
            write_secret(place / file, content)
    _turn(home / _CURRENT, Path(place.name))
    current = Path("issued") / name / _CURRENT
    _turn(root / "tls" / f"{name}.pem", current / _CERTIFICATE)
    if issued.key:
        _turn(root / "tls" / f"{name}.key", current / _KEY)
    else:
        (root / "tls" / f"{name}.key").unlink(missing_ok=True)


def tidy(root: Path, name: str) -> None:
    """Remove what is no longer shown, and write over its key. Raises OSError."""
    home = _home(root, name)
    current = (home / _CURRENT).resolve()
    for place in home.iterdir():
        if place.is_dir() and not place.is_symlink() and place != current:
            for file in place.iterdir():
                wipe(file)
            place.rmdir()


def list_components(root: Path) -> Sequence[Component]:
    """Return what was issued on this machine, by name. Raises OSError, ValueError."""
    issuers, found = list_issuers(root), []
    for home in sorted((root / "tls" / "issued").glob("*/current")):
        certificate = x509.load_pem_x509_certificate((home / _CERTIFICATE).read_bytes())
        # By its signature: whatever somebody puts there is not renewed for that.
        signed = [name for name, one in issuers.items() if is_issued_by(certificate, one)]
        issuer = signed[0] if signed else ""
        ends = issuers[issuer].not_valid_after_utc if issuer else None
        request = b""
        with suppress(FileNotFoundError):
            request = (home / _REQUEST).read_bytes()
        found.append(Component(home.parent.name, certificate, issuer, ends, request))
    return found


def _home(root: Path, name: str) -> Path:
    return root / "tls" / "issued" / name


def _turn(link: Path, target: Path) -> None:
    """Let a link point elsewhere, at once."""
    if link.is_symlink() and link.readlink() == target:
        return
    draft = draft_of(link)
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)
    sync_directory(link.parent)
