# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Metadata count where the pinned key signed them: when they are proposed, and each time somebody signs in by them."""

import asyncio
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from tests.identity.house import IdentityHouse
from tests.identity.saml_provider import RSA_SHA1, SamlProvider, instant, part
from tests.identity.visitor import OWN, Visitor, open_entrance
from vaka.clock import SystemClock
from vaka.commands.main import main
from vaka.identity import saml_library
from vaka.identity.saml_entity import Entity, make_entity
from vaka.identity.saml_xml import METADATA
from vaka.identity.trust import judge, list_rows
from vaka.identity.trust_content import UnusableTrustError

pytestmark = [pytest.mark.anyio, pytest.mark.database]

APPLY = ("--apply", "--change", "C-19", "--reason", "Ny utfärdare")
Writing = Callable[[SamlProvider], str]


def described(provider: SamlProvider, change: Callable[[ET.Element], None]) -> str:
    root = provider.described()
    change(root)
    return provider.federation.sign(root)


def stripped(provider: SamlProvider) -> str:
    """What pysaml2 alone would take: the signature taken out, another key put in."""
    return ET.tostring(provider.described(), "unicode")


def with_key_of(provider: SamlProvider) -> str:
    """Signed, and afterwards with somebody else's key in it."""
    signed = provider.federation.sign(provider.described())
    ours, theirs = ("".join(one.certificate.split("-----")[2].split()) for one in (provider.signer, provider.other))
    packed = "".join(signed.split("\n"))
    return packed.replace(ours, theirs) if ours in packed else "the key was not found"


def wrapped(provider: SamlProvider) -> str:
    """The signed document within another, which says what the attacker wants."""
    signed = ET.fromstring(provider.federation.sign(provider.described()))
    root = provider.described(ID="_evil")
    signature = part(signed, "Signature")
    signed.remove(signature)
    root.insert(0, signature)
    extensions = ET.Element(f"{{{METADATA}}}Extensions")
    extensions.append(signed)
    root.insert(1, extensions)
    return ET.tostring(root, "unicode")


def aggregate(provider: SamlProvider) -> str:
    root = ET.Element(f"{{{METADATA}}}EntitiesDescriptor", {"ID": "_all"})
    root.append(provider.described())
    return provider.federation.sign(root)


def second_place(root: ET.Element) -> None:
    service = part(root, "IDPSSODescriptor")
    service.append(deepcopy(part(service, "SingleSignOnService")))


FAULTS: dict[str, tuple[str, Writing]] = {
    "its signature stripped": ("unsigned", stripped),
    "signed by another": ("signature", lambda one: one.other.sign(one.described())),
    "signed by itself": ("signature", lambda one: one.signer.sign(one.described())),
    "signed with SHA-1": ("algorithm", lambda one: one.federation.sign(one.described(), method=RSA_SHA1)),
    "another key put in": ("signature", with_key_of),
    "wrapped": ("signature_form", wrapped),
    "a document type": ("document_type", lambda one: f"<!DOCTYPE a>{one.federation.sign(one.described())}"),
    "many issuers at once": ("metadata", aggregate),
    "no identity provider": (
        "metadata", lambda one: described(one, lambda root: root.remove(part(root, "IDPSSODescriptor")))),
    "two places to sign in": ("metadata", lambda one: described(one, second_place)),
    "no key": ("metadata", lambda one: described(
        one, lambda root: part(root, "IDPSSODescriptor").remove(part(root, "IDPSSODescriptor", "KeyDescriptor")))),
    "another issuer": ("another issuer's", lambda one: described(
        one, lambda root: root.attrib.update(entityID="https://other.example"))),
    "over": ("validUntil", lambda one: one.federation.sign(one.described(validUntil=instant(-60)))),
    "no XML": ("response_form", lambda _one: "metadata"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_term_15_4_metadata_nobody_vouches_for_are_refused_when_proposed(
    house: IdentityHouse, saml_provider: SamlProvider, fault: str
) -> None:
    said, writing = FAULTS[fault]
    before = house.newest()
    with pytest.raises(UnusableTrustError) as refused:
        await house.propose(saml_provider.content(document=writing(saml_provider)))
    assert said in str(refused.value)
    assert house.entries(before) == []


async def test_outside_a_demo_the_place_to_sign_in_has_tls(house: IdentityHouse, tmp_path: Path) -> None:
    local = SamlProvider(tmp_path, sign_in="http://127.0.0.1:1/sso")
    with pytest.raises(UnusableTrustError):
        await house.propose(local.content(), demo=False)
    with pytest.raises(UnusableTrustError):
        await house.propose(SamlProvider(tmp_path, sign_in="http://idp.example/sso").content())


async def test_metadata_that_hold_for_a_while_are_taken(house: IdentityHouse, saml_provider: SamlProvider) -> None:
    """Afterwards the day of the evidence counts, as nothing is fetched."""
    document = saml_provider.federation.sign(saml_provider.described(validUntil=instant(3600)))
    assert (await house.propose(saml_provider.content(document=document))).digest


async def test_a_row_that_somebody_changed_has_no_effect(house: IdentityHouse, saml_provider: SamlProvider) -> None:
    """The supplier's own administrator, with a statement: other metadata, and the certificate that vouches for them."""
    row = await house.trust(saml_provider.content())
    document = saml_provider.other.sign(saml_provider.described())
    changed = saml_provider.content(document=document, metadata_certificate=saml_provider.other.certificate)
    before = house.newest()
    with house.superuser() as hand:
        hand.execute("update trusted_issuer set content = %s where id = %s", (json.dumps(changed), row.id))
    async with house.as_("setup") as setup:
        [altered] = [one for one in await list_rows(setup) if one.id == row.id]
        assert (await judge(setup, altered)).state == "altered"
    async with open_entrance(house) as entrance:
        answer = await Visitor(entrance).get(f"/begin/{row.name}?realm=operator", OWN)
    assert (answer.status, "issuer_not_approved" in answer.text) == (403, True)
    assert "row.changed_by_hand" in [one["event"] for one in house.entries(before)]


async def test_the_library_never_sees_metadata_that_were_not_verified(
    house: IdentityHouse, saml_provider: SamlProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the registry itself would say so: what is in the row is verified each time."""
    row = await house.trust(saml_provider.content())
    seen: list[str] = []
    monkeypatch.setattr(saml_library, "_configure", lambda _entity, metadata: seen.append(metadata))
    monkeypatch.setattr("vaka.identity.trust_content._require_vouched_for", lambda *_arguments: [])
    unsigned = await house.trust(saml_provider.content(document=stripped(saml_provider)))
    async with open_entrance(house) as entrance:
        answer = await Visitor(entrance).get(f"/begin/{unsigned.name}?realm=operator", OWN)
        page = (await Visitor(entrance).get("/", OWN)).text
    assert (answer.status, "metadata" in answer.text) == (403, True)
    assert seen == []
    assert row.name in page
    assert unsigned.name not in page


def vaka(house: IdentityHouse, command: str, *arguments: object) -> Result:
    """Run it; where something is to be done, with whoever it is said to be of behind it."""
    if "--apply" in arguments:
        named = arguments[arguments.index("--account") + 1] if "--account" in arguments else None
        behind = next((one for one in house.administrators if str(one) == str(named)), house.administrators[0])
        asyncio.run(house.stand_behind(behind))
    given = ["trust", command, "--data", house.data.root, *arguments]
    return CliRunner().invoke(main, [str(argument) for argument in given])


def test_two_administrators_bring_the_same_metadata(
    house: IdentityHouse, saml_provider: SamlProvider, tmp_path: Path
) -> None:
    first, second = house.administrators
    said = saml_provider.content()
    signed, file = tmp_path / "idp.xml", tmp_path / "idp.json"
    signed.write_text(said.pop("metadata"))
    file.write_text(json.dumps(said))
    given = ("--name", "saml-command", "--metadata", signed)
    done = vaka(house, "propose", *given, "--account", first, *APPLY, file)
    assert done.exit_code == 0, done.stderr
    other = tmp_path / "other.xml"
    other.write_text(f"{signed.read_text()}\n")
    refused = vaka(house, "approve", "--name", "saml-command", "--metadata", other, "--account", second, *APPLY, file)
    assert "not the one that you have read" in refused.stderr
    other.write_text(stripped(saml_provider))
    refused = vaka(house, "approve", "--name", "saml-command", "--metadata", other, "--account", second, *APPLY, file)
    assert "the metadata are refused (unsigned)" in refused.stderr
    done = vaka(house, "approve", *given, "--account", second, *APPLY, file)
    assert done.exit_code == 0, done.stderr
    assert f"saml {saml_provider.entity_id}, for operator" in vaka(house, "list").output


def test_who_we_are_is_made_once_and_its_key_never_shown(house: IdentityHouse) -> None:
    directory = house.data.root / house.settings.signin.saml_keys
    entity = Entity("supplier", house.settings.signin.origin, directory)
    made = vaka(house, "entity", *APPLY)
    assert made.exit_code == 0, made.stderr
    assert "PRIVATE" not in made.output
    shown = vaka(house, "entity")
    assert f"It is {entity.identifier}, where its metadata are." in shown.output
    assert f"Its answers go to {entity.consumer}." in shown.output
    certificate = entity.certificate_file.read_text()
    assert certificate in shown.output
    assert make_entity(entity, SystemClock().now()) == certificate, "and is not made anew"
    assert entity.key_file.stat().st_mode & 0o777 == 0o600
    assert "There is no authority 'nowhere'" in vaka(house, "entity", "--authority", "nowhere", *APPLY).stderr
