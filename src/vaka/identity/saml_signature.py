# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""That a whole document is signed by a pinned key: its root, and so everything that is read of it (XML Signature 1.1).

A wrapped document has a signed element somewhere, and another where the reader looks. Here the signed element is the
root, its signature is the only one, and its form is the one that SAML prescribes (SAML 2.0 core, section 5.4).
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from vaka.crypto.policy import require_allowed
from vaka.identity.reasons import Reason
from vaka.identity.saml_xml import ENCRYPTION, SIGNATURE, Element, SamlRefusedError, named

XMLSEC = "xmlsec1"
SECONDS = 10.0
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{SIGNATURE}enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = f"{ENCRYPTION}sha256"
SIGNATURES = {
    RSA_SHA256: "RSA-SHA256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": "RSA-SHA384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": "RSA-SHA512",
}
"""By URI, what the policy calls it. SHA-1 is not among them."""
DIGESTS = {
    SHA256: "SHA-256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "SHA-384",
    f"{ENCRYPTION}sha512": "SHA-512",
}

for _name in SIGNATURES.values():
    require_allowed(_name, "assertion signature")
for _name in DIGESTS.values():
    require_allowed(_name, "assertion digest")


def is_signed(root: Element) -> bool:
    """Whether a document says that it is signed."""
    return bool(root.all(SIGNATURE, "Signature"))


def require_signed(document: bytes, root: Element, certificates: Sequence[str]) -> None:
    """Return where one of the certificates' keys (PEM) signed all of ``document``, whose root is ``root``.

    Raises SamlRefusedError: UNSIGNED, SIGNATURE_FORM, ALGORITHM, SIGNATURE or XMLSEC.
    """
    if not is_signed(root):
        raise SamlRefusedError(Reason.UNSIGNED)
    _require_form(root)
    _require_algorithms(root)
    program = find_xmlsec()
    if not any(_verifies(program, document, root, certificate) for certificate in certificates):
        raise SamlRefusedError(Reason.SIGNATURE)


def find_xmlsec() -> str:
    """Return where the program is. Raises SamlRefusedError (XMLSEC)."""
    program = shutil.which(XMLSEC)
    if program is None:
        raise SamlRefusedError(Reason.XMLSEC)
    return program


def _require_form(root: Element) -> None:
    """One signature, of the root, over the root, by reference to its identifier, and through nothing else."""
    everywhere = [element for element in root.walk() if element.name in (_SIGNATURE, _SIGNED_INFO)]
    signature = root.one(SIGNATURE, "Signature", Reason.SIGNATURE_FORM)
    signed = signature.one(SIGNATURE, "SignedInfo", Reason.SIGNATURE_FORM)
    if everywhere != [signature, signed] or not _are_named(
        signature.children, "SignedInfo", "SignatureValue", optional="KeyInfo"
    ):
        raise SamlRefusedError(Reason.SIGNATURE_FORM)
    if not _are_named(signed.children, "CanonicalizationMethod", "SignatureMethod", "Reference"):
        raise SamlRefusedError(Reason.SIGNATURE_FORM)
    reference = signed.children[2]
    if reference.attributes.get("URI") != f"#{root.attributes.get('ID', '')}" or not root.attributes.get("ID"):
        raise SamlRefusedError(Reason.SIGNATURE_FORM)
    if not _are_named(reference.children, "Transforms", "DigestMethod", "DigestValue"):
        raise SamlRefusedError(Reason.SIGNATURE_FORM)
    transforms = reference.children[0].children
    if [_algorithm(one) for one in transforms] != [ENVELOPED, EXCLUSIVE]:
        raise SamlRefusedError(Reason.SIGNATURE_FORM)
    if _algorithm(signed.children[0]) != EXCLUSIVE:
        raise SamlRefusedError(Reason.SIGNATURE_FORM)
    # Only the prefixes that count as used may be said of a transform: no path, no style sheet, no filter.
    inner = [child for one in (*transforms, signed.children[0]) for child in one.children]
    if any(child.name != named(EXCLUSIVE, "InclusiveNamespaces") or child.children for child in inner):
        raise SamlRefusedError(Reason.SIGNATURE_FORM)


def _require_algorithms(root: Element) -> None:
    signed = root.one(SIGNATURE, "Signature").one(SIGNATURE, "SignedInfo")
    method, digest = signed.one(SIGNATURE, "SignatureMethod"), signed.children[2].one(SIGNATURE, "DigestMethod")
    if _algorithm(method) not in SIGNATURES or method.children:
        raise SamlRefusedError(Reason.ALGORITHM)
    if _algorithm(digest) not in DIGESTS or digest.children:
        raise SamlRefusedError(Reason.ALGORITHM)


def _verifies(program: str, document: bytes, root: Element, certificate: str) -> bool:
    """Ask xmlsec1, which gets the key from us and not from the document. Nothing is written to a disk."""
    namespace, _, local = root.name[1:].partition("}")
    with _held(document) as said, _held(certificate.encode("ascii")) as key:
        command = [
            program, "--verify", "--enabled-reference-uris", "same-doc", "--enabled-key-data", "raw-x509-cert",
            "--pubkey-cert-pem", f"/dev/fd/{key}", "--id-attr:ID", f"{namespace}:{local}",
            "--node-id", root.attributes["ID"], f"/dev/fd/{said}",
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, pass_fds=(said, key), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, timeout=SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            raise SamlRefusedError(Reason.XMLSEC) from None
    return done.returncode == 0 and done.stderr.splitlines()[:1] == [b"OK"]


@contextmanager
def _held(content: bytes) -> Iterator[int]:
    """Hold bytes in a file of memory, which the program opens by its number."""
    descriptor = os.memfd_create("vaka-saml")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        yield descriptor
    finally:
        os.close(descriptor)


def _are_named(children: Sequence[Element], *locals_: str, optional: str = "") -> bool:
    found = [child.name for child in children]
    if optional and found and found[-1] == named(SIGNATURE, optional):
        found.pop()
    return found == [named(SIGNATURE, local) for local in locals_]


def _algorithm(element: Element) -> str:
    return element.attributes.get("Algorithm", "")


_SIGNATURE, _SIGNED_INFO = named(SIGNATURE, "Signature"), named(SIGNATURE, "SignedInfo")
