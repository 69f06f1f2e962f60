# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is not to be believed of a SAML response, one thing at a time; and whom a response is for."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from tests.identity.house import LOA3, LOA4, IdentityHouse
from tests.identity.saml_provider import RSA_SHA1, SHA1, SamlProvider, instant, part
from tests.identity.saml_scene import Answered, Change, SamlScene, authenticated, link, new_scene
from tests.identity.visitor import OWN, Visitor, open_entrance
from vaka.identity import saml_guard, saml_signature
from vaka.identity.saml_xml import ASSERTION, PROTOCOL
from vaka.web.asker import COOKIES
from vaka.web.signin.arriving import SAML_COOKIE
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LOW = "http://id.elegnamnden.se/loa/1.0/loa2"
CLASS = ("AuthnStatement", "AuthnContext", "AuthnContextClassRef")
DATA = ("Subject", "SubjectConfirmation", "SubjectConfirmationData")
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
ENTITIES = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
Doing = Callable[[SamlScene, Answered], Answered]


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


@pytest.fixture(scope="module")
def settled() -> list[tuple[SamlScene, Answered]]:
    """The scene that tests share which change nothing of it."""
    return []


@pytest.fixture
async def scene(
    house: IdentityHouse, saml_provider: SamlProvider, entrance: Entrance,
    settled: list[tuple[SamlScene, Answered]],
) -> SamlScene:  # fmt: skip
    """An issuer, and somebody who was linked before."""
    if not settled:
        made = await new_scene(house, saml_provider, entrance)
        settled.append((made, await link(made)))
    return replace(settled[0][0], entrance=entrance)


@pytest.fixture
def known(scene: SamlScene, settled: list[tuple[SamlScene, Answered]]) -> Answered:
    """What lets in whom was linked before."""
    return settled[0][1]


def attribute(name: str, value: str | None, *path: str) -> Change:
    """Set an attribute of the element at a path, or take it away."""

    def change(root: ET.Element) -> None:
        element = part(root, *path)
        if value is None:
            del element.attrib[name]
        else:
            element.attrib[name] = value

    return change


def text(value: str, *path: str) -> Change:
    """Set the text of the element at a path."""

    def change(root: ET.Element) -> None:
        part(root, *path).text = value

    return change


def without(*path: str) -> Change:
    """Take the element at a path away."""

    def change(root: ET.Element) -> None:
        above = part(root, *path[:-1])
        above.remove(part(above, path[-1]))

    return change


def twice(*path: str) -> Change:
    """Put the element at a path there a second time."""

    def change(root: ET.Element) -> None:
        part(root, *path[:-1]).append(part(root, *path))

    return change


def status(*codes: str) -> Change:
    """Say that it failed, and no assertion."""

    def change(root: ET.Element) -> None:
        without("EncryptedAssertion")(root)
        element = part(root, "Status", "StatusCode")
        element.attrib["Value"] = codes[0]
        for code in codes[1:]:
            element = ET.SubElement(element, f"{{{PROTOCOL}}}StatusCode", {"Value": code})

    return change


def condition(root: ET.Element) -> None:
    """A condition that nobody understands."""
    ET.SubElement(part(root, "Conditions"), f"{{{ASSERTION}}}Condition")


def _with(**changes: object) -> Doing:
    return lambda _scene, known: replace(known, **changes)  # type: ignore[arg-type]


def _assertion(change: Change) -> Doing:
    return _with(change=change)


def _response(change: Change) -> Doing:
    return _with(sealed=change)


def _person(**values: str | None) -> Doing:
    said = {"employee_number": "E-17", "organisation": "SE-prov-1", **values}
    return _with(person=tuple((name, value) for name, value in said.items() if value is not None))


CASES: dict[str, tuple[str, Doing]] = {
    "level missing": ("level_missing", _assertion(without(*CLASS))),
    "level empty": ("level_missing", _assertion(text("", *CLASS))),
    "level loa2": ("level_too_low", _with(level=LOW)),
    "level eidas low": ("level_too_low", _with(level="http://id.elegnamnden.se/loa/1.0/eidas-low")),
    "level of a password": ("level_unknown", _with(level="urn:oasis:names:tc:SAML:2.0:ac:classes:Password")),
    "level that is not listed": ("level_unknown", _with(level=LOA4)),
    "two levels": ("level_missing", _assertion(twice(*CLASS))),
    "two statements": ("response_form", _assertion(twice("AuthnStatement"))),
    "not encrypted": ("not_encrypted", _with(encrypted=False)),
    "not encrypted beside an encrypted one": (
        "not_encrypted", _response(lambda root: root.append(ET.Element(f"{{{ASSERTION}}}Assertion")))),
    "two encrypted ones": ("response_form", _response(twice("EncryptedAssertion"))),
    "encrypted for somebody else": (
        "decryption", lambda scene, known: replace(known, recipient=scene.provider.other.certificate)),
    "encrypted with 128 bits": ("algorithm", _with(algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm")),
    "encrypted with AES-128-CBC": ("algorithm", _with(algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc")),
    "unsigned": ("unsigned", _with(signed=False)),
    "the assertion signed alone": ("unsigned", _with(signed=False, assertion_signed=True)),
    "signed with SHA-1": ("algorithm", _with(method=RSA_SHA1)),
    "a digest with SHA-1": ("algorithm", _with(digest=SHA1)),
    "another's key": ("signature", lambda scene, known: replace(known, signer=scene.provider.other)),
    "the federation's key": ("signature", lambda scene, known: replace(known, signer=scene.provider.federation)),
    "changed on its way": (
        "signature", _with(sent=lambda sent: sent.replace('Value="urn:oasis', 'Value=" urn:oasis', 1))),
    "another issuer": ("issuer", _response(text("https://other.example", "Issuer"))),
    "another issuer within": ("issuer", _assertion(text("https://other.example", "Issuer"))),
    "no issuer": ("issuer", _response(without("Issuer"))),
    "another audience": ("audience", _with(audience="https://other.example/metadata")),
    "our audience among others": ("audience", _assertion(twice("Conditions", "AudienceRestriction", "Audience"))),
    "no audience": ("audience", _assertion(without("Conditions", "AudienceRestriction"))),
    "no conditions": ("audience", _assertion(without("Conditions"))),
    "another condition": ("claims", _assertion(condition)),
    "another destination": ("destination", _response(attribute("Destination", "https://other.example/acs"))),
    "no destination": ("destination", _response(attribute("Destination", None))),
    "another recipient": ("recipient", _assertion(attribute("Recipient", "https://other.example/acs", *DATA))),
    "no recipient": ("recipient", _assertion(attribute("Recipient", None, *DATA))),
    "not for whoever brings it": (
        "claims", _assertion(attribute("Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key", *DATA[:2]))),
    "for whoever brings it later": ("claims", _assertion(attribute("NotBefore", instant(-5), *DATA))),
    "of another sign-in": ("in_response_to", _with(request="_another")),
    "of none": ("in_response_to", _response(attribute("InResponseTo", None))),
    "of none within": ("in_response_to", _assertion(attribute("InResponseTo", None, *DATA))),
    "expired": ("expired", _assertion(attribute("NotOnOrAfter", instant(-60), "Conditions"))),
    "confirmation expired": ("expired", _assertion(attribute("NotOnOrAfter", instant(-60), *DATA))),
    "session over": ("expired", _assertion(attribute("SessionNotOnOrAfter", instant(-60), "AuthnStatement"))),
    "expires never": ("response_form", _assertion(attribute("NotOnOrAfter", None, "Conditions"))),
    "holds for a day": ("claims", _assertion(attribute("NotOnOrAfter", instant(86_400), "Conditions"))),
    "not before tomorrow": ("not_yet", _assertion(attribute("NotBefore", instant(86_400), "Conditions"))),
    "issued before it was asked for": ("expired", _assertion(attribute("IssueInstant", instant(-600)))),
    "answered before it was asked": ("expired", _response(attribute("IssueInstant", instant(-600)))),
    "issued tomorrow": ("not_yet", _assertion(attribute("IssueInstant", instant(86_400)))),
    "no time at all": ("response_form", _assertion(attribute("IssueInstant", "soon"))),
    "authenticated an hour ago": ("authentication_time", _assertion(authenticated(-3600))),
    "authenticated tomorrow": ("authentication_time", _assertion(authenticated(86_400))),
    "authenticated nobody knows when": (
        "response_form", _assertion(attribute("AuthnInstant", None, "AuthnStatement"))),
    "a foreign organisation": ("organisation", _person(organisation="SE-foreign")),
    "a foreign scope": ("organisation", _person(organisation="SE-prov-1@SE-foreign")),
    "no organisation": ("organisation", _person(organisation=None)),
    "nothing to match": ("claims", _person(employee_number=None)),
    "no subject": ("claims", _with(subject=" ")),
    "a subject for this once": (
        "claims", _assertion(attribute("Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
                                       "Subject", "NameID"))),
    "an attribute twice": ("claims", _with(person=(
        ("employee_number", "E-17"), ("organisation", "SE-prov-1"), ("organisation", "SE-foreign")))),
    "it failed": ("cancelled", _response(status(f"{STATUS}Responder", f"{STATUS}AuthnFailed"))),
    "cancelled": ("cancelled", _response(status(f"{STATUS}Responder", "http://id.elegnamnden.se/status/1.0/cancel"))),
    "it cannot keep the level": ("level_missing", _response(status(f"{STATUS}Responder", f"{STATUS}NoAuthnContext"))),
    "an error": ("issuer_refused", _response(status(f"{STATUS}Requester"))),
    "an error with an assertion": (
        "issuer_refused", _response(attribute("Value", f"{STATUS}Requester", "Status", "StatusCode"))),
    "another version": ("response_form", _response(attribute("Version", "1.1"))),
    "a document type": ("document_type", _with(sent=lambda sent: f"{ENTITIES}{sent}")),
    "a document type that is encrypted": ("document_type", _with(plain=lambda plain: f"{ENTITIES}{plain}")),
    "a comment in the subject": (
        "response_form", _with(plain=lambda plain: plain.replace("prov-1", "prov<!-- -->-1", 1))),
    "an instruction": ("response_form", _with(sent=lambda sent: f"<?vaka x?>{sent}")),
    "another encoding": (
        "response_form", _with(sent=lambda sent: f'<?xml version="1.0" encoding="ISO-8859-1"?>{sent}')),
    "too deep": ("response_form", _with(sent=lambda sent: f"{'<a>' * 60}{sent}{'</a>' * 60}")),
    "too much": ("response_form", _with(sent=lambda sent: f"<r>{'<a/>' * 3000}{sent}</r>")),
    "no XML": ("response_form", _with(sent=lambda _sent: "prov-1 was here")),
    "another document": ("response_form", _with(sent=lambda sent: sent.replace("samlp:Response", "samlp:Answer"))),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_term_15_1_what_is_not_to_be_believed_is_refused_and_logged(
    scene: SamlScene, known: Answered, case: str
) -> None:
    """For somebody who gets in with the very same answer, but for this one thing."""
    reason, doing = CASES[case]
    before, visitor = scene.house.newest(), scene.visitor()
    answered = doing(scene, known)
    answer = await scene.sign_in(visitor, answered)
    detail = scene.refused(answer, visitor, reason, before)
    assert (detail["issuer"], detail["requested"], len(detail["assertion"])) == (scene.name, LOA3, 64)
    if case.startswith("level") and answered.level != LOA3:
        listed = answered.level if answered.level in (LOW, LOA4) or "eidas" in str(answered.level) else "other"
        assert detail["returned"] == listed


async def test_the_same_answer_without_that_one_thing_lets_in(scene: SamlScene, known: Answered) -> None:
    """The control of all of the above."""
    visitor = scene.visitor()
    assert (await scene.sign_in(visitor, known)).status == 303
    assert await scene.session(visitor) is not None


async def test_term_15_1_an_answer_counts_once(scene: SamlScene, known: Answered) -> None:
    """With the cookie from before, in another sign-in, and where the issuer itself says it a second time."""
    visitor = scene.visitor()
    asked = await visitor.begin(scene.name)
    cookie, response = visitor.cookies[SAML_COOKIE], scene.write(asked, replace(known, change=called("_once")))
    assert (await scene.come_back(visitor, asked, response)).status == 303
    before, again = scene.house.newest(), Visitor(scene.entrance, {SAML_COOKIE: cookie})
    scene.refused(await scene.come_back(again, asked, response), again, "pending_spent", before)
    before, other = scene.house.newest(), scene.visitor()
    asked = await other.begin(scene.name)
    scene.refused(await scene.come_back(other, asked, response), other, "in_response_to", before)
    before, third = scene.house.newest(), scene.visitor()
    answer = await scene.sign_in(third, replace(known, change=called("_once")))
    scene.refused(answer, third, "replayed", before)


def called(identifier: str) -> Change:
    """Give the assertion an identifier."""
    return attribute("ID", identifier)


@pytest.mark.parametrize("cookie", ["none", "another's", "made up"])
async def test_term_15_1_login_csrf_an_answer_for_another_browser(
    scene: SamlScene, known: Answered, cookie: str
) -> None:
    """Somebody has a victim's browser send his own answer; the victim would then work in his name."""
    before, attacker, victim = scene.house.newest(), scene.visitor(), scene.visitor()
    asked = await attacker.begin(scene.name)
    response = scene.write(asked, known)
    if cookie == "another's":
        own = await victim.begin(scene.name)
    elif cookie == "made up":
        victim.cookies[SAML_COOKIE] = "A" * 43
    answer = await scene.come_back(victim, asked, response)
    reason = "no_pending" if cookie == "none" else "state"
    assert (answer.status, reason in answer.text) == (403, True)
    assert not set(COOKIES.values()) & set(victim.cookies)
    await scene.entrance.attempts.tell()
    told = scene.house.entries(before)
    assert {one["event"] for one in told} == {"sign_in.refused"}
    assert reason in {one["detail"]["reason"] for one in told}
    if cookie == "another's":
        assert (await scene.come_back(victim, own, scene.write(own, known))).status == 303, "his own still holds"


async def test_an_answer_that_says_it_all_but_whose_browser(scene: SamlScene, known: Answered) -> None:
    visitor = scene.visitor()
    asked = await visitor.begin(scene.name)
    answer = await scene.come_back(visitor, asked, scene.write(asked, known), RelayState="")
    assert (answer.status, "state" in answer.text) == (403, True)


async def test_nobody_appears_because_an_issuer_knows_him(scene: SamlScene) -> None:
    before, visitor = scene.house.newest(), scene.visitor()
    answer = await scene.sign_in(visitor, Answered(subject="prov-1-nobody"))
    assert scene.refused(answer, visitor, "unknown_person", before)["returned"] == LOA3


async def test_term_11_2_an_invitation_holds_for_one_person(scene: SamlScene) -> None:
    visitor, code = scene.visitor(), await scene.code("E-18", await scene.house.person("Emil Exempel"))
    before = scene.house.newest()
    answer = await scene.sign_in(visitor, Answered(subject=f"prov-1-{scene.name}-b"), code=code)
    scene.refused(answer, visitor, "invitation", before, status=410)


async def test_term_15_1_an_issuer_that_was_withdrawn_while_somebody_was_there(
    house: IdentityHouse, saml_provider: SamlProvider, entrance: Entrance
) -> None:
    row = await house.trust(saml_provider.content())
    own = replace(await new_scene(house, saml_provider, entrance), name=row.name)
    visitor = own.visitor()
    asked = await visitor.begin(row.name)
    response = own.write(asked, Answered())
    await house.withdraw(row)
    before = house.newest()
    own.refused(await own.come_back(visitor, asked, response), visitor, "issuer_not_approved", before)
    assert row.name not in (await visitor.get("/", OWN)).text


@pytest.mark.parametrize("key", ["another's", "its own"])
async def test_where_the_guard_had_a_fault_the_library_still_says_no(
    scene: SamlScene, known: Answered, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard depends on nothing that the library checks; what it checks counts all the same."""
    monkeypatch.setattr(saml_guard, "require_signed", lambda *_arguments: None)
    before, visitor = scene.house.newest(), scene.visitor()
    answered = replace(known, signer=scene.provider.other) if key == "another's" else known
    answer = await scene.sign_in(visitor, answered)
    if key == "another's":
        scene.refused(answer, visitor, "library", before)
    else:
        assert answer.status == 303


async def test_without_the_program_that_verifies_nobody_gets_in(
    scene: SamlScene, known: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = scene.visitor()
    asked = await visitor.begin(scene.name)
    response = scene.write(asked, known)
    before = scene.house.newest()
    monkeypatch.setattr(saml_signature, "XMLSEC", "a-program-that-is-not-there")
    scene.refused(await scene.come_back(visitor, asked, response), visitor, "xmlsec", before)
