# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What pysaml2 does for us, and the only module that imports it: requests, our metadata, and a second opinion.

It is given nothing that was not verified before: an issuer's metadata whose signature holds, a response that the guard
has accepted. What it makes is looked at before it leaves, since left alone it signs with SHA-1.
"""

import tempfile
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.extension.algsupport import DigestMethod, SigningMethod
from saml2.md import EncryptionMethod, Extensions
from saml2.metadata import entity_descriptor
from saml2.s_utils import sid
from saml2.saml import NAMEID_FORMAT_PERSISTENT, Issuer, NameID
from saml2.samlp import STATUS_SUCCESS, LogoutResponse, Status, StatusCode
from saml2.time_util import instant

from vaka.identity.reasons import Reason
from vaka.identity.saml_decryption import CONTENT, TRANSPORT
from vaka.identity.saml_entity import Entity
from vaka.identity.saml_guard import SKEW, ExpectedResponse
from vaka.identity.saml_metadata import ProviderFacts
from vaka.identity.saml_person import AtIssuer
from vaka.identity.saml_signature import DIGESTS, RSA_SHA256, SHA256, SIGNATURES, find_xmlsec
from vaka.identity.saml_xml import SamlRefusedError
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import NAME_ID, SamlIssuer

_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory in memory; each file there has a name that nobody can guess


def keep_files_in_memory() -> None:
    """Let no file of this process reach a disk: the library hands to xmlsec1, in files, what it has decrypted."""
    if _MEMORY.is_dir():
        tempfile.tempdir = str(_MEMORY)


def request_address(
    trusted: Trusted, issuer: SamlIssuer, provider: ProviderFacts, entity: Entity, *, request: str, relay_state: str,
    fresh: bool,
) -> str:  # fmt: skip
    """Return where the browser is sent: with a signed AuthnRequest (redirect binding) for exactly the listed levels.

    Raises SamlRefusedError where it would not be signed as it should.
    """
    client = Saml2Client(_configure(entity, issuer.metadata))
    _, asked = client.create_authn_request(
        provider.sign_in,
        binding=BINDING_HTTP_POST,
        message_id=request,
        assertion_consumer_service_url=entity.consumer,
        nameid_format=NAMEID_FORMAT_PERSISTENT if issuer.subject_attribute == NAME_ID else None,
        requested_authn_context={"authn_context_class_ref": sorted(trusted.levels), "comparison": "exact"},
        force_authn=fresh,
        sign=False,  # the address is signed, not the document (SAML 2.0 bindings, section 3.4.4.1)
    )
    if asked.id != request:
        raise SamlRefusedError(Reason.ALGORITHM)
    return _redirect(client, str(asked), provider.sign_in, relay_state, "SAMLRequest")


def logout_address(
    issuer: SamlIssuer, where: str, entity: Entity, at: AtIssuer, *, request: str, relay_state: str
) -> str:
    """Return where the browser is sent: with a signed LogoutRequest (redirect binding) for one session of somebody.

    Raises SamlRefusedError where it would not be signed as it should.
    """
    client = Saml2Client(_configure(entity, issuer.metadata))
    _, asked = client.create_logout_request(
        where, issuer.issuer, name_id=NameID(format=at.form or None, text=at.name), message_id=request, sign=False,
        session_indexes=[at.session] if at.session else None,
    )  # fmt: skip
    return _redirect(client, str(asked), where, relay_state, "SAMLRequest")


def logout_answer_address(issuer: SamlIssuer, where: str, entity: Entity, *, request: str, relay_state: str) -> str:
    """Return where the browser is sent: with a signed LogoutResponse (redirect binding) that it is done.

    Raises SamlRefusedError where it would not be signed as it should.
    """
    client = Saml2Client(_configure(entity, issuer.metadata))
    done = Status(status_code=StatusCode(value=STATUS_SUCCESS))
    answer = LogoutResponse(
        id=sid(), version="2.0", issue_instant=instant(), destination=where, in_response_to=request,
        issuer=Issuer(text=entity.identifier), status=done,
    )  # fmt: skip
    return _redirect(client, str(answer), where, relay_state, "SAMLResponse")


def _redirect(client: Saml2Client, document: str, where: str, relay_state: str, kind: str) -> str:
    sent = client.apply_binding(
        BINDING_HTTP_REDIRECT, document, where, relay_state=relay_state, response=kind == "SAMLResponse", sign=True,
        sigalg=RSA_SHA256,
    )  # fmt: skip
    address = str(dict(sent["headers"])["Location"])
    said = parse_qs(urlsplit(address).query)
    if said.get("SigAlg") != [RSA_SHA256] or any(len(said.get(one, [])) != 1 for one in ("Signature", kind)):
        raise SamlRefusedError(Reason.ALGORITHM)
    return address


@lru_cache(maxsize=512)
def write_metadata(entity: Entity) -> str:
    """Return what an issuer has to know of us (EntityDescriptor), as it was when it was first asked for."""
    descriptor = entity_descriptor(_configure(entity, ""))
    # The library names all that xmlsec1 knows, MD5 too; what stands here is what the guard accepts.
    descriptor.extensions = Extensions()
    supported = [DigestMethod(algorithm=uri) for uri in DIGESTS] + [SigningMethod(algorithm=uri) for uri in SIGNATURES]
    for made in supported:
        descriptor.extensions.add_extension_element(made)
    for key in descriptor.spsso_descriptor.key_descriptor:
        if key.use == "encryption":
            key.encryption_method = [EncryptionMethod(algorithm=uri) for uri in (*CONTENT, *TRANSPORT)]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{descriptor}\n'


def ask_library(response: str, expected: ExpectedResponse) -> None:
    """Have the library verify a response that the guard has accepted (``response`` is the base64 that came).

    Raises SamlRefusedError where it finds something against it, or reads another assertion.
    """
    try:
        client = Saml2Client(_configure(expected.entity, expected.issuer.metadata))
        found = client.parse_authn_request_response(response, BINDING_HTTP_POST, {expected.request: "/"})
        issuers = [] if found is None else [one.issuer.text.strip() for one in found.assertions]
    except Exception:  # whatever it raises, and it raises many things, is a no
        raise SamlRefusedError(Reason.LIBRARY) from None
    if issuers != [expected.issuer.issuer]:
        raise SamlRefusedError(Reason.LIBRARY)


@lru_cache(maxsize=64)
def _configure(entity: Entity, metadata: str) -> SPConfig:
    """Return the library's idea of us and of one issuer. Clients are made anew each time: they remember people."""
    key, certificate = str(entity.key_file), str(entity.certificate_file)
    said = {
        "entityid": entity.identifier,
        "xmlsec_binary": find_xmlsec(),
        "key_file": key,
        "cert_file": certificate,
        "encryption_keypairs": [{"key_file": key, "cert_file": certificate}],
        "metadata": {"inline": [metadata]} if metadata else {},
        "accepted_time_diff": int(SKEW.total_seconds()),
        "allow_unknown_attributes": True,
        "delete_tmpfiles": True,
        "service": {
            "sp": {
                "endpoints": {
                    "assertion_consumer_service": [(entity.consumer, BINDING_HTTP_POST)],
                    "single_logout_service": [(entity.logout, BINDING_HTTP_POST)],
                },
                "authn_requests_signed": True,
                "want_response_signed": True,
                "want_assertions_signed": False,  # the response is, and the assertion where it says so
                "allow_unsolicited": False,
                # Set here, or it is SHA-1.
                "signing_algorithm": RSA_SHA256,
                "digest_algorithm": SHA256,
            }
        },
    }
    return SPConfig().load(said)
