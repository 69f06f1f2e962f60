# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A SAML issuer that is believed, somebody with an account, and a browser between them."""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

from tests.identity.house import LOA3, IdentityHouse
from tests.identity.saml_provider import GCM, SamlProvider, Signer, encrypt, instant, nothing, part
from tests.identity.visitor import Visitor
from tests.web.browsers import Answer
from vaka.clock import SystemClock
from vaka.identity.invitations import invite
from vaka.identity.saml_entity import Entity, make_entity
from vaka.identity.saml_signature import RSA_SHA256, SHA256
from vaka.identity.saml_xml import ASSERTION
from vaka.identity.sessions import Realm, Session, find_session
from vaka.web.asker import COOKIES
from vaka.web.signin.entrance import Entrance

Change = Callable[[ET.Element], None]


@dataclass
class Answered:
    """What an issuer answers with, and everything that can be done to it on the way."""

    change: Change = nothing
    """To the assertion, before anything is signed."""
    plain: Callable[[str], str] = str
    """To the bytes that are encrypted."""
    sealed: Change = nothing
    """To the response, when the encrypted assertion is in it and before it is signed."""
    sent: Callable[[str], str] = str
    """To the signed response."""
    encrypted: bool = True
    signed: bool = True
    assertion_signed: bool = False
    algorithm: str = GCM
    method: str = RSA_SHA256
    digest: str = SHA256
    signature: Change = nothing
    """To the template of the response's signature."""
    signer: Signer | None = None
    recipient: str = ""
    """The certificate that it is encrypted for; ours where it is empty."""
    level: str | None = LOA3
    person: tuple[tuple[str, str], ...] = (("employee_number", "E-17"), ("organisation", "SE-prov-1"))
    subject: str = "prov-1"
    audience: str = ""
    consumer: str = ""
    request: str = ""


@dataclass
class SamlScene:
    """An issuer that is believed, and somebody with an account."""

    house: IdentityHouse
    provider: SamlProvider
    entity: Entity
    name: str
    account: UUID
    entrance: Entrance

    def visitor(self) -> Visitor:
        return Visitor(self.entrance)

    async def code(self, value: str = "E-17", account: UUID | None = None, realm: Realm = "operator") -> str:
        """An invitation."""
        await self.house.stand()
        async with self.house.as_("setup") as setup:
            made = await invite(
                setup, account or self.account, realm, "employee_number", value, actor="setup",
                now=SystemClock().now(),
            )  # fmt: skip
        return made.text

    def write(self, asked: dict[str, str], answered: Answered) -> str:
        """The response to what was asked, in the form in which it is sent (without its base64)."""
        root = self.provider.assertion(
            answered.request or request_of(asked).attrib["ID"], answered.consumer or self.entity.consumer,
            answered.audience or self.entity.identifier, answered.subject, answered.level or LOA3,
        )  # fmt: skip
        assertion = root.find(f"{{{ASSERTION}}}Assertion")
        assert assertion is not None
        root.remove(assertion)
        statement = ET.SubElement(assertion, f"{{{ASSERTION}}}AttributeStatement")
        for name, value in answered.person:
            attribute = ET.SubElement(statement, f"{{{ASSERTION}}}Attribute", {"Name": name})
            ET.SubElement(attribute, f"{{{ASSERTION}}}AttributeValue").text = value
        answered.change(assertion)
        signer = answered.signer or self.provider.signer
        text = signer.sign(assertion) if answered.assertion_signed else ET.tostring(assertion, "unicode")
        text = answered.plain(text)
        if answered.encrypted:
            ours = answered.recipient or self.entity.certificate_file.read_text()
            root.append(encrypt(text.encode(), ours, algorithm=answered.algorithm))
        else:
            root.append(ET.fromstring(text))
        answered.sealed(root)
        if not answered.signed:
            return answered.sent(ET.tostring(root, "unicode"))
        return answered.sent(
            signer.sign(root, method=answered.method, digest=answered.digest, change=answered.signature)
        )

    async def sign_in(
        self, visitor: Visitor, answered: Answered | None = None, *, code: str = "", realm: Realm = "operator"
    ) -> Answer:
        """Go all the way."""
        if code:
            assert (await visitor.post(f"/invitation?realm={realm}", {"code": code})).status == 303
        asked = await visitor.begin(self.name, realm)
        return await self.come_back(visitor, asked, self.write(asked, answered or Answered()))

    async def come_back(self, visitor: Visitor, asked: dict[str, str], response: str, **changes: str) -> Answer:
        """Bring a response back from the issuer's page."""
        sent = {"SAMLResponse": b64encode(response.encode()).decode(), "RelayState": asked["RelayState"], **changes}
        return await visitor.arrive(f"/saml/{self.entity.place}/acs", sent)

    async def session(self, visitor: Visitor, realm: Realm = "operator") -> Session | None:
        async with self.house.as_("signin") as signin:
            return await find_session(signin, visitor.cookies.get(COOKIES[realm], ""), SystemClock().now())

    def refused(self, answer: Answer, visitor: Visitor, reason: str, before: int, status: int = 403) -> dict[str, Any]:
        """See that nobody is in, that the page says why, and that one entry does; return what that says."""
        assert answer.status == status, answer.text
        assert not set(COOKIES.values()) & set(visitor.cookies)
        assert f"koden till den som hjälper dig: {reason}." in answer.text
        told = self.house.entries(before)
        assert {one["event"] for one in told} == {"sign_in.refused"}, told
        # Another sign-in page over the same house tells once a minute of what it counted.
        [entry] = [one for one in told if one["detail"]["reason"] == reason]
        assert (entry["event"], entry["outcome"], entry["actor"]) == ("sign_in.refused", "failure", "signin")
        assert (entry["detail"]["reason"], entry["detail"]["count"]) == (reason, 1)
        for private in ("prov-1", "E-17", "<"):
            assert private not in json.dumps(entry["detail"]).replace(self.name, "")
        detail: dict[str, Any] = entry["detail"]
        return detail


def authenticated(seconds: float) -> Change:
    """Somebody authenticated so many seconds from now."""

    def change(assertion: ET.Element) -> None:
        part(assertion, "AuthnStatement").attrib["AuthnInstant"] = instant(seconds)

    return change


def request_of(asked: dict[str, str]) -> ET.Element:
    """What was asked."""
    return ET.fromstring(zlib.decompress(b64decode(asked["SAMLRequest"]), -15))


async def new_scene(house: IdentityHouse, provider: SamlProvider, entrance: Entrance, **changes: Any) -> SamlScene:
    """An issuer that is believed by the supplier, and an account."""
    settings = house.settings.signin
    entity = Entity("supplier", settings.origin, house.data.root / settings.saml_keys)
    make_entity(entity, SystemClock().now())
    provider.known = entrance.saml.metadata(entity.place) or ""
    row = await house.trust(provider.content(**changes))
    return SamlScene(house, provider, entity, row.name, await house.person(), entrance)


async def link(scene: SamlScene) -> Answered:
    """Link somebody whom no other scene knows; return what lets him in from then on."""
    known = Answered(subject=f"prov-1-{scene.name}")
    answer = await scene.sign_in(scene.visitor(), known, code=await scene.code())
    assert answer.status == 303, answer.text
    return known
