# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Handing out the certificate of an erasure: document, signature, public key, and how to verify them (term 6)."""

import io
import zipfile
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError
from vaka.access.permissions import Permission
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.erasure import Certificate, read_certificate
from vaka.web.asker import Asker
from vaka.web.portal.portal import Portal, require_authority


async def give_certificate(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/erasure/{order}/certificate: document, signature, public key, and how to verify them."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_ERASE)
    try:
        wanted = UUID(request.path_params["order"])
    except ValueError:
        raise NothingHereError from None
    async with portal.gateway.transaction(authority.id) as tenant:
        certificate = await read_certificate(tenant, wanted)
        if certificate is None:
            raise NothingHereError
        facts: dict[str, str | int | bool | None] = {"format": "erasure-certificate", "order": str(wanted)}
        log = portal.log_name(authority)
        await append(tenant, Entry(Event.LOG_READ, asker.principal.actor, portal.clock.now(), log, detail=facts))
    return send_certificate(certificate, f"{authority.slug}-erasure-{wanted}.zip", "erasure.certified")


def send_certificate(certificate: Certificate, name: str, event: str) -> Response:
    """Return the file with a certificate, of which the log tells by `event`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in (
            ("certificate.json", certificate.document), ("certificate.sig", certificate.signature),
            ("key.pem", certificate.key), ("VERIFY.txt", _VERIFY.replace(b"EVENT", event.encode())),
        ):  # fmt: skip
            archive.writestr(name, content)
    disposition = f'attachment; filename="{name}"'
    return Response(
        packed.getvalue(), media_type="application/zip", headers={"Content-Disposition": disposition}
    )  # fmt: skip


_VERIFY = b"""openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in certificate.json -sigfile certificate.sig

says "Signature Verified Successfully". That the key is the right one, your own log says: the entry EVENT of
this order, of which there is exactly one, names the SHA-256 of certificate.json (sha256) and of key.pem (key):

sha256sum certificate.json key.pem
"""
