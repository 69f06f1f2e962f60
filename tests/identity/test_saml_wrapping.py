# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""XML signature wrapping: what an issuer signed for an attacker, moved so that another assertion is read.

The variants are those of Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be" (USENIX Security 2012),
and what a signature may say besides. The attacker has an account at the issuer, and our public key to encrypt with.
"""

from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from tests.identity.house import IdentityHouse
from tests.identity.saml_provider import TRANSFORMS, SamlProvider, part
from tests.identity.saml_scene import Answered, Change, SamlScene, link, new_scene
from tests.identity.visitor import open_entrance
from vaka.identity.saml_xml import ASSERTION, PROTOCOL, SIGNATURE
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]

Moved = Callable[[ET.Element, ET.Element, ET.Element], ET.Element]
"""Makes a document of: what was signed without its signature, that signature, and what the attacker wants read."""


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


@pytest.fixture(scope="module")
def settled() -> list[tuple[SamlScene, Answered]]:
    return []


@pytest.fixture
async def scene(
    house: IdentityHouse, saml_provider: SamlProvider, entrance: Entrance,
    settled: list[tuple[SamlScene, Answered]],
) -> SamlScene:  # fmt: skip
    """An issuer, and the victim, who was linked before."""
    if not settled:
        made = await new_scene(house, saml_provider, entrance)
        settled.append((made, await link(made)))
    return replace(settled[0][0], entrance=entrance)


@pytest.fixture
def victim(scene: SamlScene, settled: list[tuple[SamlScene, Answered]]) -> Answered:
    return settled[0][1]


def held(local: str, *inside: ET.Element, namespace: str = SIGNATURE) -> ET.Element:
    """An element with others in it."""
    element = ET.Element(f"{{{namespace}}}{local}")
    element.extend(inside)
    return element


def within_the_signature(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    signature.append(signed)
    evil.insert(1, signature)
    return evil


def before_the_signature(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    evil.insert(1, signed)
    evil.insert(2, signature)
    return evil


def within_an_object(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    signature.append(held("Object", signed))
    evil.insert(1, signature)
    return evil


def within_extensions(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    evil.insert(1, signature)
    evil.insert(2, held("Extensions", signed, namespace=PROTOCOL))
    return evil


def with_the_same_name(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    evil.attrib["ID"] = signed.attrib["ID"]
    return within_extensions(signed, signature, evil)


def with_the_same_name_in_other_letters(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    """Some readers know an identifier by ``Id`` or ``xml:id``."""
    signed.attrib["Id"] = evil.attrib["ID"] = signed.attrib.pop("ID")
    return within_extensions(signed, signature, evil)


def without_a_name(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    del evil.attrib["ID"]
    return within_extensions(signed, signature, evil)


def around_the_whole(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    signed.insert(1, signature)
    evil.insert(1, held("Extensions", signed, namespace=PROTOCOL))
    return evil


def within_the_whole(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    signed.insert(1, signature)
    signed.append(evil)
    return signed


def beside_the_assertion(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    signed.insert(1, signature)
    signed.insert(3, part(evil, "EncryptedAssertion"))
    return signed


def instead_of_the_assertion(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    signed.insert(1, signature)
    signed.remove(part(signed, "EncryptedAssertion"))
    signed.append(part(evil, "EncryptedAssertion"))
    return signed


def two_signatures(signed: ET.Element, signature: ET.Element, evil: ET.Element) -> ET.Element:
    signed.insert(1, signature)
    signed.insert(2, deepcopy(signature))
    return signed


VARIANTS: dict[str, tuple[str, Moved]] = {
    "1: in the signature": ("signature_form", within_the_signature),
    "2: beside the signature": ("signature_form", before_the_signature),
    "3: beside the assertion": ("signature", beside_the_assertion),
    "4: around the whole": ("unsigned", around_the_whole),
    "5: in extensions": ("signature_form", within_extensions),
    "5: instead of the assertion": ("signature", instead_of_the_assertion),
    "6: in the signature's object": ("signature_form", within_an_object),
    "7: by the same name": ("signature_form", with_the_same_name),
    "7: by the same name in other letters": ("signature_form", with_the_same_name_in_other_letters),
    "8: without a name": ("signature_form", without_a_name),
    "within the whole": ("signature", within_the_whole),
    "two signatures": ("signature_form", two_signatures),
}


@pytest.mark.parametrize("variant", VARIANTS)
async def test_term_15_1_what_was_signed_for_somebody_else_is_no_cover(
    scene: SamlScene, victim: Answered, variant: str
) -> None:
    reason, move = VARIANTS[variant]
    visitor = scene.visitor()
    asked = await visitor.begin(scene.name)
    signed = ET.fromstring(scene.write(asked, replace(victim, subject="prov-1-mallory")))
    signature = part(signed, "Signature")
    signed.remove(signature)
    evil = ET.fromstring(scene.write(asked, replace(victim, signed=False)))
    moved = ET.tostring(move(signed, signature, evil), "unicode")
    before = scene.house.newest()
    scene.refused(await scene.come_back(visitor, asked, moved), visitor, reason, before)


def reference(signature: ET.Element) -> ET.Element:
    return part(signature, "SignedInfo", "Reference")


def to_nothing(signature: ET.Element) -> None:
    reference(signature).attrib["URI"] = ""


def twice(signature: ET.Element) -> None:
    part(signature, "SignedInfo").append(deepcopy(reference(signature)))


def by_path(signature: ET.Element) -> None:
    path = ET.SubElement(part(reference(signature), "Transforms"), f"{{{SIGNATURE}}}Transform",
                         {"Algorithm": "http://www.w3.org/TR/1999/REC-xpath-19991116"})  # fmt: skip
    ET.SubElement(path, f"{{{SIGNATURE}}}XPath").text = "not(ancestor-or-self::*[local-name() = 'EncryptedAssertion'])"


def without_a_transform(signature: ET.Element) -> None:
    transforms = part(reference(signature), "Transforms")
    transforms.remove(transforms[1])


def with_comments(signature: ET.Element) -> None:
    part(signature, "SignedInfo", "CanonicalizationMethod").attrib["Algorithm"] = f"{TRANSFORMS[1]}WithComments"


FORMS: dict[str, Change] = {
    "a reference to nothing by name": to_nothing,
    "two references": twice,
    "a part that is left out": by_path,
    "not canonical": without_a_transform,
    "with comments": with_comments,
}


@pytest.mark.parametrize("form", FORMS)
async def test_term_15_1_a_signature_over_less_than_all_is_none(scene: SamlScene, victim: Answered, form: str) -> None:
    """By the issuer's own key, and valid for what it covers."""
    before, visitor = scene.house.newest(), scene.visitor()
    answer = await scene.sign_in(visitor, replace(victim, signature=FORMS[form]))
    scene.refused(answer, visitor, "signature_form", before)


async def test_term_15_1_a_key_that_the_response_brings_along(scene: SamlScene, victim: Answered) -> None:
    other = scene.provider.other

    def with_its_certificate(signature: ET.Element) -> None:
        encoded = ET.Element(f"{{{SIGNATURE}}}X509Certificate")
        encoded.text = "".join(other.certificate.split("-----")[2].split())
        signature.append(held("KeyInfo", held("X509Data", encoded)))

    before, visitor = scene.house.newest(), scene.visitor()
    answer = await scene.sign_in(visitor, replace(victim, signer=other, signature=with_its_certificate))
    scene.refused(answer, visitor, "signature", before)
    own = replace(victim, signature=with_its_certificate)
    assert (await scene.sign_in(scene.visitor(), own)).status == 303, "what it brings is not looked at"


@pytest.mark.parametrize("kind", ["wrapped", "another's key"])
async def test_term_15_1_within_the_encryption_the_same_holds(scene: SamlScene, victim: Answered, kind: str) -> None:
    """An assertion that says it is signed is, as a whole and by the issuer, though the response around it is too."""

    def wrap(text: str) -> str:
        if kind == "another's key":
            return scene.provider.other.sign(ET.fromstring(text))
        inner = ET.fromstring(scene.provider.signer.sign(ET.fromstring(text)))
        signature = part(inner, "Signature")
        inner.remove(signature)
        outer = ET.fromstring(text)
        outer.attrib["ID"] = "_evil"
        outer.insert(1, signature)
        outer.append(held("Advice", inner, namespace=ASSERTION))
        return ET.tostring(outer, "unicode")

    before, visitor = scene.house.newest(), scene.visitor()
    answer = await scene.sign_in(visitor, replace(victim, plain=wrap))
    scene.refused(answer, visitor, "signature" if kind == "another's key" else "signature_form", before)
