# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who we are to SAML identity providers: one service provider for each authority, and one for the supplier.

Each has a key of its own in a file, and addresses of its own, so that what is made out for one holds for no other.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from vaka.errors import ConfigurationError
from vaka.keys.files import create_secret
from vaka.keys.roots import read_secret

SUPPLIER = "supplier"
KEY_BITS = 3072
CERTIFICATE_LIFETIME = timedelta(days=5 * 365)
"""Issuers compare the key and not its certificate's dates; it is written, as some refuse one without."""
_PLACE = re.compile(r"supplier|authority/[a-z][a-z0-9_]{1,30}")


@dataclass(frozen=True, slots=True)
class Entity:
    """One service provider."""

    place: str
    """``supplier``, or ``authority/`` and the authority's short name."""
    origin: str
    """The sign-in page's."""
    directory: Path
    """Where keys are."""

    @property
    def identifier(self) -> str:
        """Its entityID, which is also where its metadata are."""
        return f"{self.origin}/saml/{self.place}/metadata"

    @property
    def consumer(self) -> str:
        """Where assertions come to."""
        return f"{self.origin}/saml/{self.place}/acs"

    @property
    def logout(self) -> str:
        """Where issuers' pages send what they say of signing out."""
        return f"{self.origin}/saml/{self.place}/slo"

    @property
    def key_file(self) -> Path:
        """Its private key (PEM), for signing what it asks and opening what it is answered."""
        return self.directory / f"{self._name}.key"

    @property
    def certificate_file(self) -> Path:
        """The public half, as a certificate that it signed itself (PEM)."""
        return self.directory / f"{self._name}.crt"

    @property
    def _name(self) -> str:
        return self.place.replace("/", "-")

    def read_key(self) -> rsa.RSAPrivateKey:
        """Return its private key. Raises ConfigurationError."""
        text = read_secret(self.key_file, "The key")
        try:
            key = serialization.load_pem_private_key(text.encode(), None)
        except ValueError:
            key = None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ConfigurationError(f"The key {self.key_file} is no RSA key (PEM).")
        return key


def place_of(slug: str | None) -> str:
    """Return where an authority's service provider stands; the supplier's where there is none."""
    return SUPPLIER if slug is None else f"authority/{slug}"


def find_entity(place: str, origin: str, directory: Path) -> Entity | None:
    """Return the service provider of this place, if it has a key."""
    if not _PLACE.fullmatch(place):
        return None
    entity = Entity(place, origin, directory)
    return entity if entity.key_file.is_file() and entity.certificate_file.is_file() else None


def make_entity(entity: Entity, now: datetime) -> str:
    """Make key and certificate where there are none; return the certificate (PEM). Raises ConfigurationError."""
    key = rsa.generate_private_key(65_537, KEY_BITS)
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        entity.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_secret(entity.key_file, encoded)
        create_secret(entity.certificate_file, _certify(entity, entity.read_key(), now))
        return entity.certificate_file.read_text(encoding="ascii")
    except OSError as error:
        raise ConfigurationError(f"No key can be written to {entity.key_file}: {error.strerror}.") from error


def _certify(entity: Entity, key: rsa.RSAPrivateKey, now: datetime) -> bytes:
    host = urlsplit(entity.origin).hostname or SUPPLIER
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = builder.not_valid_before(now).not_valid_after(now + CERTIFICATE_LIFETIME)
    return dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
