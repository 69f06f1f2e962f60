# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Single logout with a SAML identity provider: which sessions its request ends, and what is not to be believed."""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.identity.house import IdentityHouse
from tests.identity.saml_provider import RSA_SHA1, SHA1, SamlProvider, instant, part
from tests.identity.saml_scene import Answered, SamlScene, link, new_scene
from tests.identity.visitor import OWN, Visitor, open_entrance
from tests.web.browsers import Answer
from vaka.identity.saml_signature import RSA_SHA256
from vaka.identity.saml_xml import ASSERTION, PROTOCOL
from vaka.web.asker import COOKIES
from vaka.web.signin.arriving import LEAVING_SAML_COOKIE
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


@pytest.fixture(scope="module")
def settled() -> list[tuple[SamlScene, Answered]]:
    """The scene that tests share: somebody signs in anew for each."""
    return []


@pytest.fixture
async def scene(
    house: IdentityHouse, saml_provider: SamlProvider, entrance: Entrance,
    settled: list[tuple[SamlScene, Answered]],
) -> SamlScene:  # fmt: skip
    """A provider with which signing out is single, and somebody who was linked before."""
    if not settled:
        made = await new_scene(house, saml_provider, entrance, single_logout=True)
        settled.append((made, await link(made)))
    return replace(settled[0][0], entrance=entrance)


@pytest.fixture
def known(scene: SamlScene, settled: list[tuple[SamlScene, Answered]]) -> Answered:
    """What lets in whom was linked before."""
    return settled[0][1]


def in_session(known: Answered, session: str) -> Answered:
    """The same one, in a session of this name at the provider."""

    def change(assertion: ET.Element) -> None:
        part(assertion, "AuthnStatement").attrib["SessionIndex"] = session

    return replace(known, change=change)


async def signed_in(scene: SamlScene, known: Answered, session: str = "there-1") -> Visitor:
    visitor = scene.visitor()
    assert (await scene.sign_in(visitor, in_session(known, session))).status == 303
    return visitor


@dataclass
class Said:
    """A request of the provider's, and everything that can be done to it."""

    name: str
    sessions: tuple[str, ...] = ()
    made: float = 0.0
    until: float | None = 60.0
    destination: str = ""
    issuer: str = ""
    identifier: str = field(default_factory=lambda: f"_{uuid4().hex}")
    change: Callable[[ET.Element], None] = lambda _root: None


def write(scene: SamlScene, said: Said) -> ET.Element:
    """The request, not signed."""
    root = ET.Element(f"{{{PROTOCOL}}}LogoutRequest", {
        "ID": said.identifier, "Version": "2.0", "IssueInstant": instant(said.made),
        "Destination": said.destination or scene.entity.logout,
    })  # fmt: skip
    if said.until is not None:
        root.attrib["NotOnOrAfter"] = instant(said.until)
    ET.SubElement(root, f"{{{ASSERTION}}}Issuer").text = said.issuer or scene.provider.entity_id
    ET.SubElement(root, f"{{{ASSERTION}}}NameID").text = said.name
    for session in said.sessions:
        ET.SubElement(root, f"{{{PROTOCOL}}}SessionIndex").text = session
    said.change(root)
    return root


async def tell(scene: SamlScene, document: str, visitor: Visitor | None = None, **more: str) -> Answer:
    """Send a request as the provider's page does, from any browser."""
    sent = {"SAMLRequest": b64encode(document.encode()).decode(), **more}
    return await (visitor or scene.visitor()).arrive(f"/saml/{scene.entity.place}/slo", sent)


def sign(scene: SamlScene, said: Said) -> str:
    return scene.provider.signer.sign(write(scene, said))


def read_redirect(scene: SamlScene, answer: Answer, kind: str) -> tuple[ET.Element, str]:
    """What a browser is sent to the provider with, verified as the provider does it, and its RelayState."""
    assert answer.status == 303, answer.text
    address = answer.header("location")
    assert address.startswith(f"{scene.provider.sign_out}?")
    query = urlsplit(address).query
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    assert asked["SigAlg"] == RSA_SHA256
    public = x509.load_pem_x509_certificate(scene.entity.certificate_file.read_bytes()).public_key()
    assert isinstance(public, RSAPublicKey)
    signed = query.partition("&Signature=")[0].encode()
    public.verify(b64decode(asked["Signature"]), signed, PKCS1v15(), hashes.SHA256())
    return ET.fromstring(zlib.decompress(b64decode(asked[kind]), -15)), asked.get("RelayState", "")


async def test_exactly_the_session_that_it_means_ends(scene: SamlScene, known: Answered) -> None:
    one, other = await signed_in(scene, known, "there-1"), await signed_in(scene, known, "there-2")
    session = await scene.session(one)
    assert session is not None
    before, said = scene.house.newest(), Said(known.subject, ("there-1", "of-nobody"))
    answer = await tell(scene, sign(scene, said), RelayState="what it wants back")
    assert await scene.session(one) is None
    assert await scene.session(other) is not None
    root, relay_state = read_redirect(scene, answer, "SAMLResponse")
    assert (root.tag, relay_state) == (f"{{{PROTOCOL}}}LogoutResponse", "what it wants back")
    assert (root.attrib["InResponseTo"], root.attrib["Destination"]) == (said.identifier, scene.provider.sign_out)
    assert part(root, "Status", "StatusCode").attrib["Value"] == SUCCESS
    assert part(root, "Issuer").text == scene.entity.identifier
    [entry] = scene.house.entries(before)
    assert (entry["event"], entry["actor"], entry["object"]) == ("session.ended", "signin", f"session:{session.id}")
    assert entry["detail"] == {"reason": "ended_by_issuer", "account": f"account:{scene.account}"}


async def test_without_a_session_all_of_the_name_end_and_nobody_elses(scene: SamlScene, known: Answered) -> None:
    visitors = [await signed_in(scene, known, one) for one in ("there-1", "there-2")]
    other = replace(scene, account=await scene.house.person("Nina Norrvik"))
    stranger, code = other.visitor(), await other.code("E-18")
    person = (("employee_number", "E-18"), ("organisation", "SE-prov-1"))
    theirs = replace(known, subject=f"another-{scene.name}", person=person)
    assert (await other.sign_in(stranger, in_session(theirs, "there-1"), code=code)).status == 303
    assert (await tell(scene, sign(scene, Said(known.subject)))).status == 303
    assert [await scene.session(one) for one in visitors] == [None, None]
    assert await scene.session(stranger) is not None, "whose session there has the same name, and who has another"


async def test_whom_nobody_knows_has_nothing_to_end(scene: SamlScene) -> None:
    before = scene.house.newest()
    assert (await tell(scene, sign(scene, Said("somebody-else")))).status == 303
    assert scene.house.entries(before) == []


async def test_who_reads_the_table_learns_no_name(scene: SamlScene, known: Answered) -> None:
    """What is kept is a keyed hash, another for another session, and no hand changes it."""
    visitors = [await signed_in(scene, known, one) for one in ("there-1", "there-2")]
    sessions = [await scene.session(one) for one in visitors]
    rows = scene.house.onlooker.execute(
        "select * from vaka.session where id = any(%s)", ([one.id for one in sessions if one],)
    ).fetchall()
    assert len(rows) == 2
    assert len({row["issuer_name"] for row in rows}) == 1
    assert len({row["issuer_session"] for row in rows}) == 2
    assert all(len(row["issuer_name"]) == len(row["issuer_session"]) == 32 for row in rows)
    for private in (known.subject, "there-1", "there-2"):
        assert private not in str(rows)
        assert private.encode().hex() not in str([{name: bytes(row[name]).hex() for name in (
            "issuer_name", "issuer_session")} for row in rows])  # fmt: skip
    with scene.house.superuser() as hand, pytest.raises(Exception, match="how a session began does not change"):
        hand.execute("update session set issuer_session = null where id = %s", (rows[0]["id"],))


def retold(known: Answered, **changes: Any) -> Said:
    return replace(Said(known.subject), identifier=f"_{uuid4().hex}", **changes)


def attribute(name: str, value: str | None) -> Callable[[ET.Element], None]:
    def change(root: ET.Element) -> None:
        root.attrib.pop(name) if value is None else root.attrib.update({name: value})

    return change


def doubled(root: ET.Element) -> None:
    root.append(part(root, "NameID"))


def nameless(root: ET.Element) -> None:
    root.remove(part(root, "NameID"))


def after_signing(scene: SamlScene, known: Answered) -> str:
    """Signed for somebody else, and his name put in the place."""
    return sign(scene, replace(retold(known), name="somebody-else-known")).replace("somebody-else-known", known.subject)


CASES: dict[str, tuple[str, Callable[[SamlScene, Answered], str]]] = {
    "not signed": ("unsigned", lambda s, k: ET.tostring(write(s, retold(k)), "unicode")),
    "signed by another": ("signature", lambda s, k: s.provider.other.sign(write(s, retold(k)))),
    "signed by who vouches": ("signature", lambda s, k: s.provider.federation.sign(write(s, retold(k)))),
    "signed with SHA-1": ("algorithm", lambda s, k: s.provider.signer.sign(
        write(s, retold(k)), method=RSA_SHA1, digest=SHA1)),
    "changed after it was signed": ("signature", after_signing),
    "of an unlisted provider": ("issuer_not_approved", lambda s, k: sign(s, retold(k, issuer="https://evil.example"))),
    "to another place": ("destination", lambda s, k: sign(s, retold(k, destination="https://other.example/slo"))),
    "to where assertions come": ("destination", lambda s, k: sign(s, retold(k, destination=s.entity.consumer))),
    "to no place": ("destination", lambda s, k: sign(s, retold(k, change=attribute("Destination", None)))),
    "long ago": ("expired", lambda s, k: sign(s, retold(k, made=-600, until=600))),
    "past its time": ("expired", lambda s, k: sign(s, retold(k, made=-60, until=-40))),
    "of tomorrow": ("not_yet", lambda s, k: sign(s, retold(k, made=600, until=None))),
    "made nobody knows when": ("response_form", lambda s, k: sign(s, retold(k, change=attribute("IssueInstant", "x")))),
    "of another version": ("response_form", lambda s, k: sign(s, retold(k, change=attribute("Version", "1.1")))),
    "of two people": ("claims", lambda s, k: sign(s, retold(k, change=doubled))),
    "of nobody": ("claims", lambda s, k: sign(s, retold(k, change=nameless))),
    "of very many sessions": ("claims", lambda s, k: sign(s, retold(k, sessions=("x",) * 21))),
    "with a document type": ("document_type", lambda s, k: f"<!DOCTYPE r []>{sign(s, retold(k))}"),
    "no XML": ("response_form", lambda _s, _k: "x"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_what_is_not_to_be_believed_ends_nothing_and_is_logged(
    scene: SamlScene, known: Answered, case: str
) -> None:
    """Of somebody whose session would end by the very same request, but for this one thing."""
    reason, document = CASES[case]
    visitor, before = await signed_in(scene, known), scene.house.newest()
    answer = await tell(scene, document(scene, known))
    assert (answer.status, answer.header("location")) == (403, "")
    assert f"logout_{reason}" in answer.text
    assert await scene.session(visitor) is not None
    [entry] = [one for one in scene.house.entries(before) if one["detail"]["reason"] == f"logout_{reason}"]
    assert (entry["event"], entry["outcome"]) == ("sign_in.refused", "failure")
    assert known.subject not in json.dumps(entry["detail"])


async def test_a_request_counts_once(scene: SamlScene, known: Answered) -> None:
    document = sign(scene, Said(known.subject))
    assert (await tell(scene, document)).status == 303
    visitor, before = await signed_in(scene, known), scene.house.newest()
    assert (await tell(scene, document)).status == 403
    assert await scene.session(visitor) is not None
    assert [one["detail"]["reason"] for one in scene.house.entries(before)] == ["logout_replayed"]


async def test_a_provider_signs_out_where_two_people_said_so(
    house: IdentityHouse, entrance: Entrance, tmp_path: Path
) -> None:
    """Of one that may not, nothing is kept that it could sign out by, and its request ends nothing."""
    provider = SamlProvider(tmp_path, entity_id="https://another-idp.example/metadata")
    plain = await new_scene(house, provider, entrance)
    visitor = await signed_in(plain, await link(plain))
    session = await plain.session(visitor)
    assert session is not None
    row = house.onlooker.execute("select * from vaka.session where id = %s", (session.id,)).fetchone()
    assert row is not None
    assert (row["issuer_name"], row["issuer_session"]) == (None, None)
    answer = await tell(plain, sign(plain, Said(f"prov-1-{plain.name}")))
    assert (answer.status, "logout_issuer_not_approved" in answer.text) == (403, True)
    assert await plain.session(visitor) is not None
    await visitor.post("/sign-out", {})
    page = (await visitor.get("/signed-out?realm=operator", OWN)).text
    assert "som vi inte kan säga till härifrån" in page


async def go_there(scene: SamlScene, visitor: Visitor) -> tuple[ET.Element, str]:
    """Sign out here, and follow the link; return what the provider is asked, and its RelayState."""
    assert (await visitor.post("/sign-out", {})).header("location") == "/signed-out?realm=operator"
    page = (await visitor.get("/signed-out?realm=operator", OWN)).text
    assert f'href="/sign-out/{scene.name}?realm=operator"' in page
    answer = await visitor.get(f"/sign-out/{scene.name}?realm=operator", OWN)
    cookie = answer.cookies[LEAVING_SAML_COOKIE][LEAVING_SAML_COOKIE]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "none")
    return read_redirect(scene, answer, "SAMLRequest")


def answer_to(scene: SamlScene, request: str, status: str = SUCCESS, made: float = 0.0) -> ET.Element:
    """The provider's answer, not signed."""
    root = ET.Element(f"{{{PROTOCOL}}}LogoutResponse", {
        "ID": f"_{uuid4().hex}", "Version": "2.0", "IssueInstant": instant(made), "InResponseTo": request,
        "Destination": scene.entity.logout,
    })  # fmt: skip
    ET.SubElement(root, f"{{{ASSERTION}}}Issuer").text = scene.provider.entity_id
    ET.SubElement(ET.SubElement(root, f"{{{PROTOCOL}}}Status"), f"{{{PROTOCOL}}}StatusCode", {"Value": status})
    return root


async def bring(scene: SamlScene, visitor: Visitor, document: str, relay_state: str) -> Answer:
    sent = {"SAMLResponse": b64encode(document.encode()).decode(), "RelayState": relay_state}
    return await visitor.arrive(f"/saml/{scene.entity.place}/slo", sent)


async def test_who_signs_out_here_signs_out_there_too(scene: SamlScene, known: Answered) -> None:
    visitor = await signed_in(scene, known, "there-7")
    asked, relay_state = await go_there(scene, visitor)
    assert await scene.session(visitor) is None, "before the provider was asked anything"
    assert (asked.tag, asked.attrib["Destination"]) == (f"{{{PROTOCOL}}}LogoutRequest", scene.provider.sign_out)
    assert part(asked, "NameID").text == known.subject
    assert part(asked, "SessionIndex").text == "there-7"
    assert part(asked, "Issuer").text == scene.entity.identifier
    done = await bring(scene, visitor, scene.provider.signer.sign(answer_to(scene, asked.attrib["ID"])), relay_state)
    assert done.status == 200
    assert "Du är utloggad här, och Provlegitimation svarar att det är klart där." in done.text


async def test_what_a_browser_keeps_names_nobody(scene: SamlScene, known: Answered) -> None:
    visitor = await signed_in(scene, known, "there-7")
    kept = visitor.cookies["__Host-vaka-operator-issuer"]
    name, _, sealed = kept.partition(".")
    assert name == scene.name
    decoded = b64decode(sealed, altchars=b"-_")
    for private in (known.subject, "there-7", "persistent"):
        assert private.encode() not in decoded
    changed = f"{name}.{sealed[:-6]}AAAAAA"
    for value in (changed, name, f"{name}.", f"{name}.%", f"another.{sealed}"):
        other = Visitor(scene.entrance, {"__Host-vaka-operator-issuer": value})
        assert "/sign-out/" not in (await other.get("/signed-out?realm=operator", OWN)).text
        answer = await other.get(f"/sign-out/{scene.name}?realm=operator", OWN)
        assert (answer.status, answer.header("location")) == (403, "")


ANSWERS: dict[str, tuple[str, Callable[[SamlScene, str], str]]] = {
    "not signed": ("unsigned", lambda s, r: ET.tostring(answer_to(s, r), "unicode")),
    "signed by another": ("signature", lambda s, r: s.provider.other.sign(answer_to(s, r))),
    "to another request": ("in_response_to", lambda s, _r: s.provider.signer.sign(answer_to(s, "_another"))),
    "that it failed": ("issuer_refused", lambda s, r: s.provider.signer.sign(
        answer_to(s, r, "urn:oasis:names:tc:SAML:2.0:status:Responder"))),
    "long ago": ("expired", lambda s, r: s.provider.signer.sign(answer_to(s, r, made=-600))),
    "a request instead": ("response_form", lambda s, _r: sign(s, Said("x"))),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
async def test_an_answer_that_is_not_to_be_believed_says_nothing(scene: SamlScene, known: Answered, case: str) -> None:
    reason, document = ANSWERS[case]
    visitor = await signed_in(scene, known)
    asked, relay_state = await go_there(scene, visitor)
    answer = await bring(scene, visitor, document(scene, asked.attrib["ID"]), relay_state)
    assert (answer.status, f"logout_{reason}" in answer.text) == (403, True)
    assert "Det är oklart om du är utloggad" in answer.text


async def test_an_answer_is_this_browsers_or_nobodys(scene: SamlScene, known: Answered) -> None:
    visitor = await signed_in(scene, known)
    asked, relay_state = await go_there(scene, visitor)
    document = scene.provider.signer.sign(answer_to(scene, asked.attrib["ID"]))
    for who, state in ((scene.visitor(), relay_state), (visitor, "another"), (visitor, "")):
        answer = await bring(scene, who, document, state)
        assert (answer.status, "logout_state" in answer.text) == (403, True)
        assert not set(COOKIES.values()) & set(answer.cookies)


@pytest.mark.parametrize("fields", [{}, {"SAMLRequest": "x", "SAMLResponse": "x"}, {"SAMLRequest": "%%"}])
async def test_what_says_neither_or_both_is_refused(scene: SamlScene, fields: dict[str, str]) -> None:
    answer = await scene.visitor().arrive(f"/saml/{scene.entity.place}/slo", fields)
    assert (answer.status, "logout_" in answer.text) == (403, True)


async def test_what_is_said_to_one_of_us_ends_nothing_at_another(scene: SamlScene, known: Answered) -> None:
    """A provider of the supplier's own people is nobody at an authority's door, whatever it signs."""
    visitor, document = await signed_in(scene, known), sign(scene, Said(known.subject))
    sent = {"SAMLRequest": b64encode(document.encode()).decode()}
    answer = await scene.visitor().arrive("/saml/authority/ekbacka/slo", sent)
    assert (answer.status, "logout_issuer_not_approved" in answer.text) == (403, True)
    assert await scene.session(visitor) is not None
    assert (await tell(scene, document)).status == 303, "and it is not spent by that"
    assert await scene.session(visitor) is None
