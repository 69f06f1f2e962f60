# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing in by a SAML identity provider that says what it is told: the way in."""

import tempfile
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from tests.identity.house import LOA3, IdentityHouse
from tests.identity.saml_provider import CBC, GCM, SamlProvider
from tests.identity.saml_scene import Answered, SamlScene, authenticated, link, new_scene, request_of
from tests.identity.visitor import OWN, open_entrance
from vaka.clock import SystemClock
from vaka.identity.saml_entity import Entity, make_entity
from vaka.identity.saml_library import keep_files_in_memory
from vaka.identity.saml_signature import RSA_SHA256
from vaka.identity.saml_xml import ASSERTION, METADATA, PROTOCOL, read_xml
from vaka.identity.sessions import find_session
from vaka.web.asker import COOKIES
from vaka.web.signin.arriving import INVITATION_COOKIE, SAML_COOKIE
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


@pytest.fixture
async def scene(house: IdentityHouse, saml_provider: SamlProvider, entrance: Entrance) -> SamlScene:
    return await new_scene(house, saml_provider, entrance)


async def test_an_invited_person_signs_in_and_each_step_is_one_entry(scene: SamlScene) -> None:
    before, visitor, known = scene.house.newest(), scene.visitor(), Answered(subject=f"prov-1-{scene.name}")
    answer = await scene.sign_in(visitor, known, code=await scene.code())
    assert (answer.status, answer.header("location")) == (303, f"{scene.house.settings.desk.origin}/history")
    assert not {SAML_COOKIE, INVITATION_COOKIE} & set(visitor.cookies)
    _, linked, started = scene.house.entries(before)
    account = f"account:{scene.account}"
    assert (linked["event"], linked["object"]) == ("account.linked", account)
    said = started["detail"]
    assert (started["event"], said["method"], said["level"]) == ("session.started", "saml", 3)
    assert (said["issuer"], said["requested"], said["returned"]) == (scene.provider.entity_id, LOA3, LOA3)
    again = scene.visitor()
    assert (await scene.sign_in(again, known)).status == 303, "and from then on without an invitation"
    session = await scene.session(again)
    assert session is not None
    assert (session.account_id, session.method, session.level) == (scene.account, "saml", 3)


async def test_what_the_issuer_is_asked(scene: SamlScene) -> None:
    asked = await scene.visitor().begin(scene.name)
    assert asked["SigAlg"] == RSA_SHA256
    assert len(asked["Signature"]) > 300
    request = request_of(asked)
    assert (request.tag, request.attrib["Version"]) == (f"{{{PROTOCOL}}}AuthnRequest", "2.0")
    assert (request.attrib["ForceAuthn"], request.attrib["Destination"]) == ("true", scene.provider.sign_in)
    assert request.attrib["AssertionConsumerServiceURL"] == scene.entity.consumer
    assert request.findtext(f"{{{ASSERTION}}}Issuer") == scene.entity.identifier
    context = request.find(f"{{{PROTOCOL}}}RequestedAuthnContext")
    assert context is not None
    assert context.attrib["Comparison"] == "exact"
    assert [one.text for one in context] == [LOA3]
    policy = request.find(f"{{{PROTOCOL}}}NameIDPolicy")
    assert policy is not None
    assert policy.attrib["Format"].endswith(":persistent")


async def test_the_signature_of_what_is_asked_holds(scene: SamlScene) -> None:
    """Verified from our metadata, as an issuer does it, over the bytes of the address."""
    answer = await scene.visitor().get(f"/begin/{scene.name}?realm=operator", OWN)
    query = urlsplit(answer.header("location")).query
    signed, _, signature = query.partition("&Signature=")
    key = x509.load_pem_x509_certificate(scene.entity.certificate_file.read_bytes()).public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(b64decode(unquote(signature)), signed.encode(), PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(b64decode(unquote(signature)), signed.replace("RelayState=", "RelayState=x").encode(),
                   PKCS1v15(), SHA256())  # fmt: skip


async def test_our_metadata_say_who_we_are(scene: SamlScene) -> None:
    answer = await scene.visitor().get("/saml/supplier/metadata")
    assert (answer.status, answer.header("content-type")) == (200, "application/samlmetadata+xml")
    root = read_xml(answer.body)
    assert root.attributes["entityID"] == scene.entity.identifier
    service = root.one(METADATA, "SPSSODescriptor")
    assert service.attributes["AuthnRequestsSigned"] == "true"
    assert service.one(METADATA, "AssertionConsumerService").attributes["Location"] == scene.entity.consumer
    leaving = service.one(METADATA, "SingleLogoutService").attributes
    assert (leaving["Location"], leaving["Binding"].rpartition(":")[2]) == (scene.entity.logout, "HTTP-POST")
    uses = {one.attributes["use"]: one for one in service.all(METADATA, "KeyDescriptor")}
    assert set(uses) == {"signing", "encryption"}
    methods = [one.attributes["Algorithm"] for one in uses["encryption"].all(METADATA, "EncryptionMethod")]
    assert methods[:2] == [GCM, CBC]
    for weak in ('sha1"', "md5", "ripemd", "PRIVATE", "aes128"):
        assert weak not in answer.text
    for other in ("/saml/authority/nowhere/metadata", "/saml/authority/..%2fsupplier/metadata"):
        assert (await scene.visitor().get(other)).status == 404
    assert scene.entity.key_file.stat().st_mode & 0o777 == 0o600


async def test_each_authority_is_a_service_provider_of_its_own(house: IdentityHouse, scene: SamlScene) -> None:
    """Its own name, its own key, its own door: what is made out for one is worth nothing at the other's."""
    authority, settings = await house.authority("saml_ort"), house.settings.signin
    entity = Entity("authority/saml_ort", settings.origin, scene.entity.directory)
    row = await house.trust(scene.provider.content(realms=["authority"]), authority=authority)
    visitor = scene.visitor()
    answer = await visitor.get(f"/begin/{row.name}?realm=authority", OWN)
    assert (answer.status, "client_key" in answer.text) == (403, True), "nobody has made its key yet"
    make_entity(entity, SystemClock().now())
    own = replace(scene, name=row.name, entity=entity)
    known = Answered(subject=f"prov-1-{row.name}")
    answer = await own.sign_in(visitor, known, code=await own.code(realm="authority"), realm="authority")
    assert (answer.status, answer.header("location")) == (303, "http://localhost:8402/")
    async with house.as_("portal") as portal:
        session = await find_session(portal, visitor.cookies[COOKIES["authority"]], SystemClock().now())
    assert session is not None
    assert session.authority_id == authority
    asked = await own.visitor().begin(row.name, "authority")
    assert request_of(asked).findtext(f"{{{ASSERTION}}}Issuer") == f"{settings.origin}/saml/authority/saml_ort/metadata"
    assert "ForceAuthn" not in request_of(asked).attrib, "an authority's people come from their workplace's login"
    before, elsewhere = house.newest(), own.visitor()
    asked = await elsewhere.begin(row.name, "authority")
    response = own.write(asked, known)
    answer = await replace(own, entity=scene.entity).come_back(elsewhere, asked, response)
    own.refused(answer, elsewhere, "issuer_mixed", before)
    before, other = house.newest(), own.visitor()
    asked = await other.begin(row.name, "authority")
    answer = await own.come_back(other, asked, own.write(asked, replace(known, audience=scene.entity.identifier)))
    own.refused(answer, other, "audience", before)


async def test_an_authoritys_people_may_have_authenticated_this_morning(house: IdentityHouse, scene: SamlScene) -> None:
    row = await house.trust(scene.provider.content(realms=["authority"]))
    own, known = replace(scene, name=row.name), Answered(subject=f"prov-1-{row.name}")
    early = replace(known, change=authenticated(-3 * 3600))
    code = await own.code(realm="authority")
    assert (await own.sign_in(own.visitor(), early, code=code, realm="authority")).status == 303
    before, visitor = house.newest(), own.visitor()
    answer = await own.sign_in(visitor, replace(known, change=authenticated(-9 * 3600)), realm="authority")
    own.refused(answer, visitor, "authentication_time", before)


@pytest.mark.parametrize("form", ["signed twice", "CBC", "an attribute names the person", "scoped", "more is said"])
async def test_what_else_lets_in(house: IdentityHouse, scene: SamlScene, form: str) -> None:
    known = Answered(subject=f"prov-1-{scene.name}")
    if form == "signed twice":
        known = replace(known, assertion_signed=True)
    elif form == "CBC":
        known = replace(known, algorithm=CBC)
    elif form == "scoped":
        known = replace(known, person=(("employee_number", "E-17"), ("organisation", "e17@SE-prov-1")))
    elif form == "more is said":
        known = replace(known, person=(*known.person, ("givenName", "Åsa <&> Öst")))
    else:
        row = await house.trust(scene.provider.content(subject_attribute="urn:oid:1.2.752.29.4.13"))
        scene = replace(scene, name=row.name)
        known = replace(known, subject="x", person=(*known.person, ("urn:oid:1.2.752.29.4.13", row.name)))
        assert request_of(await scene.visitor().begin(row.name)).find(f"{{{PROTOCOL}}}NameIDPolicy") is None
    answer = await scene.sign_in(scene.visitor(), known, code=await scene.code())
    assert answer.status == 303, answer.text


async def test_what_the_browser_had_before_ends(scene: SamlScene) -> None:
    """Session fixation: no cookie of before comes along with an assertion, so it ends when one goes to the issuer."""
    known, planted = await link(scene), scene.visitor()
    planted.cookies[COOKIES["operator"]] = "A" * 43
    assert (await scene.sign_in(planted, known)).status == 303
    first = dict(planted.cookies)
    assert first[COOKIES["operator"]] != "A" * 43
    assert (await scene.sign_in(planted, known)).status == 303
    assert planted.cookies[COOKIES["operator"]] != first[COOKIES["operator"]]
    assert await scene.session(planted) is not None
    assert await scene.session(replace(planted, cookies=first)) is None


async def test_the_cookie_that_comes_along_is_short_and_out_of_reach(scene: SamlScene) -> None:
    visitor = scene.visitor()
    begun = await visitor.get(f"/begin/{scene.name}?realm=operator", OWN)
    cookie = begun.cookies[SAML_COOKIE][SAML_COOKIE]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "none", "/")
    assert (cookie["domain"], cookie["max-age"]) == ("", "600")
    answer = await scene.sign_in(visitor, await link(scene))
    cookie = answer.cookies[COOKIES["operator"]][COOKIES["operator"]]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "lax")


async def test_an_administrator_goes_on_from_a_page_of_ours(house: IdentityHouse, scene: SamlScene) -> None:
    row = await house.trust(scene.provider.content(realms=["administrator"]))
    own, visitor = replace(scene, name=row.name), scene.visitor()
    account = await house.person("Asta Administratör", kind="administrator")
    code = await own.code(account=account, realm="administrator")
    answer = await own.sign_in(visitor, Answered(subject=f"p-{row.name}"), code=code, realm="administrator")
    assert answer.status == 200
    assert f"Legitimerad av {scene.provider.entity_id}, tillitsnivå 3." in answer.text
    assert answer.cookies[COOKIES["administrator"]][COOKIES["administrator"]]["samesite"] == "strict"


async def test_only_the_places_of_assertions_hear_other_sites(scene: SamlScene) -> None:
    """And what comes there is bounded too."""
    known = await link(scene)
    visitor = scene.visitor()
    for path in ("/invitation", "/sign-out", "/saml/supplier/metadata", "/saml/supplier/acs/", "/saml//acs"):
        assert (await visitor.arrive(path, {"code": "x"})).status in (403, 404, 405)
    asked = await visitor.begin(scene.name)
    answer = await scene.come_back(visitor, asked, scene.write(asked, known) + " " * 160_000)
    assert answer.status == 413
    assert (await scene.come_back(visitor, asked, scene.write(asked, known))).status == 303, "and it still holds"


async def test_the_page_lists_it_while_its_metadata_hold(house: IdentityHouse, scene: SamlScene) -> None:
    row = await house.trust(scene.provider.content(title_sv="Saml-id prov"))
    page = (await scene.visitor().get("/", OWN)).text
    assert f'href="/begin/{row.name}?realm=operator"' in page
    assert "Saml-id prov" in page


def test_what_the_library_decrypts_reaches_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    keep_files_in_memory()
    with tempfile.NamedTemporaryFile() as file:
        kinds = {line.split()[1]: line.split()[2] for line in Path("/proc/mounts").read_text().splitlines()}
        assert kinds[str(Path(file.name).parent)] == "tmpfs"
