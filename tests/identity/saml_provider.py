# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A SAML identity provider of the tests' own (pysaml2's), which says what it is told, and an attacker's tools."""

import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from saml2 import BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server

from tests import peers
from tests.identity.house import LOA3, content
from vaka.clock import SystemClock
from vaka.crypto.chance import random_bytes
from vaka.identity.saml_signature import RSA_SHA256, SHA256
from vaka.identity.saml_xml import ASSERTION, METADATA, PROTOCOL, SIGNATURE

GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
OAEP_URI = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
RSA_SHA1, SHA1 = f"{SIGNATURE}rsa-sha1", f"{SIGNATURE}sha1"
TRANSFORMS = (f"{SIGNATURE}enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#")
Change = Callable[[ET.Element], None]


def nothing(_element: ET.Element) -> None:
    """Change nothing."""


@dataclass(frozen=True)
class Signer:
    """A key, its certificate, and what it signs with."""

    directory: Path
    name: str

    def __post_init__(self) -> None:
        made = rsa.generate_private_key(65_537, 2048)
        self.key_file.write_bytes(made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        now = SystemClock().now()
        built = x509.CertificateBuilder(subject, subject, made.public_key(), x509.random_serial_number())
        dated = built.not_valid_before(now).not_valid_after(now + timedelta(days=30))
        self.certificate_file.write_bytes(
            dated.sign(made, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )  # fmt: skip

    @property
    def key_file(self) -> Path:
        return self.directory / f"{self.name}.key"

    @property
    def certificate_file(self) -> Path:
        return self.directory / f"{self.name}.crt"

    @property
    def certificate(self) -> str:
        return self.certificate_file.read_text()

    def sign(
        self, root: ET.Element, *, method: str = RSA_SHA256, digest: str = SHA256,
        transforms: tuple[str, ...] = TRANSFORMS, change: Change = nothing,
    ) -> str:  # fmt: skip
        """Return a document whose root is signed, with the signature where SAML wants it."""
        root = deepcopy(root)
        signature = ET.fromstring(_TEMPLATE.format(
            method=method, digest=digest, uri=f"#{root.attrib['ID']}",
            transforms="".join(f'<ds:Transform Algorithm="{one}"/>' for one in transforms)))  # fmt: skip
        change(signature)
        root.insert(1 if root[0].tag == f"{{{ASSERTION}}}Issuer" else 0, signature)
        program = peers.require_program("xmlsec1", package="xmlsec1")
        namespace, _, local = root.tag[1:].partition("}")
        with tempfile.NamedTemporaryFile(suffix=".xml") as file:
            file.write(ET.tostring(root))
            file.flush()
            done = subprocess.run(
                [program, "--sign", "--privkey-pem", str(self.key_file), "--id-attr:ID", f"{namespace}:{local}",
                 "--node-id", root.attrib["ID"], file.name], capture_output=True, check=True)  # fmt: skip
        return done.stdout.decode().partition("?>")[2].strip()


_TEMPLATE = f"""<ds:Signature xmlns:ds="{SIGNATURE}"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="{{method}}"/><ds:Reference URI="{{uri}}"><ds:Transforms>{{transforms}}</ds:Transforms>
<ds:DigestMethod Algorithm="{{digest}}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>
<ds:SignatureValue/></ds:Signature>"""


def encrypt(plain: bytes, certificate: str, *, algorithm: str = GCM, transport: str = OAEP_URI) -> ET.Element:
    """Return an EncryptedAssertion for whose certificate this is."""
    public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    secret = random_bytes(16 if "128" in algorithm else 32)
    if algorithm.endswith("-gcm"):
        nonce = random_bytes(12)
        sealed = nonce + AESGCM(secret).encrypt(nonce, plain, None)
    else:
        vector, pad = random_bytes(16), 16 - len(plain) % 16
        sealing = Cipher(algorithms.AES(secret), modes.CBC(vector)).encryptor()
        sealed = vector + sealing.update(plain + b"\0" * (pad - 1) + bytes([pad])) + sealing.finalize()
    wrapped = public.encrypt(secret, OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None))
    return ET.fromstring(f"""<saml:EncryptedAssertion xmlns:saml="{ASSERTION}"><xenc:EncryptedData
 xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element">
<xenc:EncryptionMethod Algorithm="{algorithm}"/><ds:KeyInfo xmlns:ds="{SIGNATURE}"><xenc:EncryptedKey>
<xenc:EncryptionMethod Algorithm="{transport}"><ds:DigestMethod Algorithm="{SHA1}"/></xenc:EncryptionMethod>
<xenc:CipherData><xenc:CipherValue>{b64encode(wrapped).decode()}</xenc:CipherValue></xenc:CipherData>
</xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{b64encode(sealed).decode()}</xenc:CipherValue>
</xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>""")


@dataclass
class SamlProvider:
    """An identity provider, and who vouches for it."""

    directory: Path
    entity_id: str = "https://saml-idp.example/metadata"
    sign_in: str = "https://saml-idp.example/sso"
    sign_out: str = "https://saml-idp.example/slo"
    known: str = ""
    """The metadata of whom it answers."""

    @cached_property
    def signer(self) -> Signer:
        """Its own key."""
        return Signer(self.directory, "idp")

    @cached_property
    def federation(self) -> Signer:
        """The key of whoever vouches for it."""
        return Signer(self.directory, "federation")

    @cached_property
    def other(self) -> Signer:
        """Somebody else's key."""
        return Signer(self.directory, "other")

    @cached_property
    def server(self) -> Server:
        """The library's own idea of a provider."""
        config = IdPConfig().load(self._configuration())
        return Server(config=config)

    def described(self, **attributes: str) -> ET.Element:
        """Its metadata, not signed."""
        root = ET.fromstring(str(entity_descriptor(IdPConfig().load(self._configuration()))))
        root.attrib |= {"ID": "_described", **attributes}
        return root

    def content(self, *, document: str | None = None, **changes: Any) -> dict[str, Any]:
        """What is said of it in the registry."""
        said = content(protocol="saml", issuer=self.entity_id)
        for name in ("client_id", "authorization_endpoint", "token_endpoint", "algorithms", "keys"):
            del said[name]
        signed = document if document is not None else self.federation.sign(self.described())
        said |= {"issuer": self.entity_id, "metadata": signed, "metadata_certificate": self.federation.certificate,
                 "subject_attribute": "NameID", **changes}  # fmt: skip
        return said

    def assertion(self, request: str, consumer: str, audience: str, subject: str, level: str = LOA3) -> ET.Element:
        """A response as pysaml2 makes it, with a plain assertion in it and nothing signed."""
        known = ET.fromstring(self.known.encode()).attrib["entityID"]
        made = self.server.create_authn_response(
            {}, request, consumer, known, authn={"class_ref": level},
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=subject),
            sign_response=False, sign_assertion=False, encrypt_assertion=False,
        )  # fmt: skip
        root = ET.fromstring(str(made))
        part(root, "Assertion", "Conditions", "AudienceRestriction", "Audience").text = audience
        return root

    def _configuration(self) -> dict[str, Any]:
        return {
            "entityid": self.entity_id,
            "key_file": str(self.signer.key_file),
            "cert_file": str(self.signer.certificate_file),
            "metadata": {"inline": [self.known]} if self.known else {},
            "xmlsec_binary": peers.require_program("xmlsec1", package="xmlsec1"),
            "service": {"idp": {
                "endpoints": {
                    "single_sign_on_service": [(self.sign_in, BINDING_HTTP_REDIRECT)],
                    "single_logout_service": [(self.sign_out, BINDING_HTTP_REDIRECT)],
                },
                "policy": {"default": {"lifetime": {"minutes": 5}}},
            }},
        }  # fmt: skip


def part(root: ET.Element, *path: str) -> ET.Element:
    """The element at a path of local names, each the first of its kind."""
    for name in path:
        root = next(one for one in root if one.tag.rpartition("}")[2] == name)
    return root


def instant(seconds: float = 0.0) -> str:
    """A time as SAML writes it, so many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


ET.register_namespace("saml", ASSERTION)
ET.register_namespace("samlp", PROTOCOL)
ET.register_namespace("ds", SIGNATURE)
ET.register_namespace("md", METADATA)
