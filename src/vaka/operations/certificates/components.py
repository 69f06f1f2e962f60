# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where issued certificates lie: ``tls/NAME.pem`` and ``tls/NAME.key``, which never belong to two issues.

Both are links by way of ``tls/issued/NAME/current``, and that one link is what is turned: at once, and either way of a
power cut certificate and key are of the same issue. The issue before stays until the next run, for whoever followed the
link a moment ago.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from vaka.crypto.certificates import (
    UNREADABLE,
    Issued,
    is_issued_by,
    issue,
    issue_for,
    list_hosts,
    read_request,
    use_of,
)
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
    hosts: Sequence[str]
    use: str
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
        """Whether it is to be renewed, and that gains anything: nothing outlasts its issuer. Where the issuer has ended
        it is due, and whoever renews is told why it cannot be.
        """
        gains = self.issuer_ends is None or self.ends < self.issuer_ends or self.issuer_ends <= now
        return gains and self.ends - now < load_policy().certificates.renew_before

    def renew(self, issuer: Issued, now: datetime) -> Issued:
        """Issue it anew, for the same hosts and uses; for a new key, where the key is here."""
        return issue_whole(issuer, self.hosts, self.use, now, self.request)


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
    for path, target in _links(root, name):
        # A link that leads elsewhere is somebody's way to files of his own.
        if (path.exists() or path.is_symlink()) and not (path.is_symlink() and path.readlink() == target):
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
    (shown, certificate), (opened, key) = _links(root, name)
    _turn(shown, certificate)
    if issued.key:
        _turn(opened, key)
    else:
        opened.unlink(missing_ok=True)


def tidy(root: Path, name: str) -> None:
    """Remove what is no longer shown, and write over its key; nothing where it is not seen what is. Raises OSError."""
    home = _home(root, name)
    current = home / _CURRENT
    if not current.is_dir():
        return
    for place in home.iterdir():
        # As directories, and not as paths: any part of the one to here may be a link.
        if place.is_dir() and not place.is_symlink() and not place.samefile(current):
            for file in place.iterdir():
                wipe(file)
            place.rmdir()


def list_components(root: Path) -> tuple[Sequence[Component], Mapping[str, Exception]]:
    """Return what was issued on this machine, by name, and what that raised which cannot be read. Raises OSError where
    it cannot even be seen what there is.
    """
    issuers, found, broken = list_issuers(root)[0], list[Component](), dict[str, Exception]()
    for name in _names(root):
        try:
            if _is_shown(root, name):
                found.append(_read(root, name, issuers))
        except (OSError, *UNREADABLE) as error:
            broken[name] = error
    return found, broken


def say_why(error: Exception) -> str:
    """Return what is wrong with a certificate, by what reading it raised."""
    return (error.strerror or "unknown") if isinstance(error, OSError) else "its file is no certificate of our making"


def _names(root: Path) -> Sequence[str]:
    try:
        return sorted(home.name for home in (root / "tls" / "issued").iterdir() if home.is_dir())
    except FileNotFoundError:
        return ()


def _is_shown(root: Path, name: str) -> bool:
    """Whether something leads there. A first issue that a power cut ended is none."""
    return any(one.is_symlink() for one in (_home(root, name) / _CURRENT, root / "tls" / f"{name}.pem"))


def _read(root: Path, name: str, issuers: Mapping[str, x509.Certificate]) -> Component:
    current = _home(root, name) / _CURRENT
    certificate = x509.load_pem_x509_certificate((current / _CERTIFICATE).read_bytes())
    # By its signature: whatever somebody puts there is not renewed for that.
    issuer = next((name for name, one in issuers.items() if is_issued_by(certificate, one)), "")
    ends = issuers[issuer].not_valid_after_utc if issuer else None
    request = b""
    with suppress(FileNotFoundError):
        request = (current / _REQUEST).read_bytes()
    return Component(name, certificate, list_hosts(certificate), use_of(certificate), issuer, ends, request)


def _links(root: Path, name: str) -> Sequence[tuple[Path, Path]]:
    """Return where certificate and key are shown, each with where the link there leads."""
    current = Path("issued") / name / _CURRENT
    return (
        (root / "tls" / f"{name}.pem", current / _CERTIFICATE), (root / "tls" / f"{name}.key", current / _KEY),
    )  # fmt: skip


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
