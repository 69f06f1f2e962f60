# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening an encrypted assertion (XML Encryption 1.1). Done only with what a pinned key has signed.

Otherwise whoever sends ciphertexts of his own could learn from the answers what they hold. The bytes are opened here,
and not by a library, so that they pass the strict reader before any other parser.
"""

from base64 import b64decode
from binascii import Error

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vaka.crypto.policy import require_allowed
from vaka.identity.reasons import Reason
from vaka.identity.saml_xml import ENCRYPTION, SIGNATURE, Element, SamlRefusedError, named

ENCRYPTION_11 = "http://www.w3.org/2009/xmlenc11#"
KEY_BYTES = 32
CONTENT = {f"{ENCRYPTION_11}aes256-gcm": "AES-256-GCM", f"{ENCRYPTION}aes256-cbc": "AES-256-CBC"}
"""By URI, what the policy calls it. CBC shows no change by itself; here the response's signature does."""
TRANSPORT = (f"{ENCRYPTION}rsa-oaep-mgf1p", f"{ENCRYPTION_11}rsa-oaep")
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    f"{SIGNATURE}sha1": hashes.SHA1,
    f"{ENCRYPTION}sha256": hashes.SHA256,
    f"{ENCRYPTION_11}mgf1sha1": hashes.SHA1,
    f"{ENCRYPTION_11}mgf1sha256": hashes.SHA256,
}
"""In OAEP nothing rests on collisions; what is named without a hash means SHA-1 there."""
_NONCE, _TAG, _BLOCK = 12, 16, 16

for _name in CONTENT.values():
    require_allowed(_name, "assertion encryption")
require_allowed("RSA-OAEP", "assertion key")


def decrypt_assertion(encrypted: Element, key: RSAPrivateKey) -> bytes:
    """Return what an EncryptedAssertion holds. Raises SamlRefusedError: ALGORITHM or DECRYPTION."""
    data = encrypted.one(ENCRYPTION, "EncryptedData", Reason.DECRYPTION)
    wrapped = [one for one in encrypted.walk() if one.name == named(ENCRYPTION, "EncryptedKey")]
    if len(wrapped) != 1 or len([one for one in encrypted.walk() if one.name == data.name]) != 1:
        raise SamlRefusedError(Reason.DECRYPTION)
    name = _method(data).attributes.get("Algorithm", "")
    if name not in CONTENT:
        raise SamlRefusedError(Reason.ALGORITHM)
    secret = _unwrap(wrapped[0], key)
    if len(secret) != KEY_BYTES:
        raise SamlRefusedError(Reason.DECRYPTION)
    sealed = _cipher(data)
    return _open_cbc(secret, sealed) if CONTENT[name] == "AES-256-CBC" else _open_gcm(secret, sealed)


def _unwrap(wrapped: Element, key: RSAPrivateKey) -> bytes:
    method = _method(wrapped)
    if method.attributes.get("Algorithm") not in TRANSPORT:
        raise SamlRefusedError(Reason.ALGORITHM)
    digest = _hash(method, SIGNATURE, "DigestMethod", f"{SIGNATURE}sha1")
    mask = _hash(method, ENCRYPTION_11, "MGF", f"{ENCRYPTION_11}mgf1sha1")
    if method.all(ENCRYPTION, "OAEPparams"):
        raise SamlRefusedError(Reason.ALGORITHM)
    try:
        return key.decrypt(_cipher(wrapped), OAEP(MGF1(mask()), digest(), None))
    except (ValueError, UnsupportedAlgorithm):
        raise SamlRefusedError(Reason.DECRYPTION) from None


def _open_gcm(secret: bytes, sealed: bytes) -> bytes:
    if len(sealed) <= _NONCE + _TAG:
        raise SamlRefusedError(Reason.DECRYPTION)
    try:
        return AESGCM(secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except InvalidTag:
        raise SamlRefusedError(Reason.DECRYPTION) from None


def _open_cbc(secret: bytes, sealed: bytes) -> bytes:
    """Open what says of itself how much of its last block is padding (XML Encryption 1.1, section 5.2)."""
    if len(sealed) < 2 * _BLOCK or len(sealed) % _BLOCK:
        raise SamlRefusedError(Reason.DECRYPTION)
    opening = Cipher(algorithms.AES(secret), modes.CBC(sealed[:_BLOCK])).decryptor()
    padded = opening.update(sealed[_BLOCK:]) + opening.finalize()
    if not 1 <= padded[-1] <= _BLOCK:
        raise SamlRefusedError(Reason.DECRYPTION)
    return padded[: -padded[-1]]


def _method(element: Element) -> Element:
    return element.one(ENCRYPTION, "EncryptionMethod", Reason.DECRYPTION)


def _hash(method: Element, namespace: str, local: str, default: str) -> type[hashes.HashAlgorithm]:
    said = [one.attributes.get("Algorithm", "") for one in method.all(namespace, local)] or [default]
    found = _HASHES.get(said[0])
    if len(said) != 1 or found is None:
        raise SamlRefusedError(Reason.ALGORITHM)
    return found


def _cipher(element: Element) -> bytes:
    value = element.one(ENCRYPTION, "CipherData", Reason.DECRYPTION).one(
        ENCRYPTION, "CipherValue", Reason.DECRYPTION
    )  # fmt: skip
    try:
        return b64decode("".join(value.word().split()), validate=True)
    except (Error, ValueError):
        raise SamlRefusedError(Reason.DECRYPTION) from None
