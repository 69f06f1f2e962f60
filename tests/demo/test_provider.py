# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A demo's provider: as strict as a real one, and nothing outside a demo."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from joserfc.jwk import ECKey

from tests.conftest import START
from tests.web.browsers import Browser
from vaka.clock import TurnedClock
from vaka.demo.openid import MOST_AT_ONCE, Keep, Provider, UnusableRequestError
from vaka.demo.persona_pages import Stage, build_provider
from vaka.demo.provider import main
from vaka.demo.provider_facts import KEY, Client, Figure, ProviderFacts, facts_file, read_facts, write_facts
from vaka.demo.registering import ATTRIBUTE, NAMES, is_registered
from vaka.identity.levels import DEMO
from vaka.identity.oidc import make_client_key
from vaka.identity.oidc_guard import Expected, verify_id_token
from vaka.identity.oidc_request import authorization_address, token_request
from vaka.identity.pending import PendingSecret
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import AcceptedLevel, OidcIssuer
from vaka.settings import Settings
from vaka.web.assets import load_assets
from vaka.web.pages import Pages

SETTINGS = Settings(mode="demo")
ISSUER, SIGN_IN = SETTINGS.demo.origin, SETTINGS.signin.origin
OURS, ITS, OTHER = (
    ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"}, private=True) for _ in range(3)
)
FIGURES = [
    Figure(persona="olga", display_name="Olga Operatör", realm="operator", role="operator", places=["Ekbacka kommun"]),
    Figure(persona="vera", display_name="Vera Vilsen", realm="operator", role=None, places=[]),
    Figure(persona="rut", display_name="Rut Revisor", realm="authority", role="auditor", places=["Ekbacka kommun"]),
    Figure(persona="adam", display_name="Adam Administratör", realm="administrator", role="administrator", places=[]),
]
CLIENTS = [
    Client(
        id=UUID(int=number), realm=realm, redirect_uri=f"{SIGN_IN}/callback/demo-{realm}",
        keys=[OURS.as_dict(private=False)],
    )
    for number, realm in enumerate(NAMES, 1)
]  # fmt: skip
FACTS = ProviderFacts(issuer=ISSUER, sign_in=SIGN_IN, until=START.date(), clients=CLIENTS, figures=FIGURES)
PENDING = PendingSecret(bytes(32))


class Scene:
    """A provider, and the sign-in process that asks it."""

    def __init__(self, client: Client = CLIENTS[0]) -> None:
        self.clock, self.client = TurnedClock(START), client
        self.provider = Provider(FACTS, ITS, self.clock)
        self.issuer = OidcIssuer(
            protocol="oidc", issuer=ISSUER, title_sv="Demo", title_en="Demo", realms=[client.realm],
            levels={DEMO: AcceptedLevel(level=3, evidence="Invented people", expires=START.date())},
            matching_attribute=ATTRIBUTE, client_id=str(client.id), authorization_endpoint=f"{ISSUER}/authorize",
            token_endpoint=f"{ISSUER}/token", algorithms=["ES256"], keys=[ITS.as_dict(private=False)],
        )  # fmt: skip
        self.trusted = Trusted(UUID(int=9), None, "demo", self.issuer, {DEMO: 3})

    def query(self, **changes: str | None) -> dict[str, str]:
        """What the sign-in process sends a browser with, with changes; None leaves something out."""
        address = authorization_address(self.trusted, self.issuer, PENDING, self.client.redirect_uri)
        said = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | changes
        return {name: value for name, value in said.items() if value is not None}

    def code(self, persona: str = "olga", **changes: str | None) -> str:
        """A code for being this persona."""
        asked = self.provider.begun.take(self.provider.begin(self.query(**changes)))
        assert asked is not None
        code = self.provider.grant(asked, persona)
        assert code is not None
        return code

    def form(self, code: str, key: ECKey = OURS, pending: PendingSecret = PENDING, **changes: str) -> dict[str, str]:
        """What the sign-in process sends for a code."""
        body = token_request(self.issuer, pending, code, self.client.redirect_uri, key, self.clock.now())
        return {name: values[0] for name, values in parse_qs(body.decode()).items()} | changes


def test_what_it_says_of_a_persona_is_believed_by_the_guard() -> None:
    scene = Scene()
    token = scene.provider.redeem(scene.form(scene.code()))
    assert token is not None
    now = scene.clock.now()
    assertion = verify_id_token(token, Expected(scene.trusted, scene.issuer, PENDING.nonce, now, now))
    assert (assertion.subject, assertion.matching, assertion.level_uri) == ("olga", "olga", DEMO)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": str(UUID(int=7))}, {"client_id": None}, {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": CLIENTS[1].redirect_uri}, {"redirect_uri": None}, {"response_type": "token"},
        {"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"code_challenge": None}, {"state": ""},
        {"nonce": None}, {"scope": "profile"}, {"state": "x" * 501},
    ],
)  # fmt: skip
def test_a_request_of_another_kind_is_refused(changes: dict[str, str | None]) -> None:
    scene = Scene()
    with pytest.raises(UnusableRequestError):
        scene.provider.begin(scene.query(**changes))


Attack = Callable[[Scene], dict[str, str]]


def used(scene: Scene) -> dict[str, str]:
    code = scene.code()
    assert scene.provider.redeem(scene.form(code)) is not None
    return scene.form(code)


def late(scene: Scene) -> dict[str, str]:
    code = scene.code()
    scene.clock.turn(61)
    return scene.form(code)


def replayed_proof(scene: Scene) -> dict[str, str]:
    form = scene.form(scene.code())
    assert scene.provider.redeem(form) is not None
    return form | {"code": scene.code()}


ATTACKS: dict[str, Attack] = {
    "a code of nobody's": lambda scene: scene.form("x" * 32),
    "used before": used,
    "after a minute": late,
    "by another key": lambda scene: scene.form(scene.code(), OTHER),
    "without a proof": lambda scene: scene.form(scene.code(), client_assertion=""),
    "with a proof that was used": replayed_proof,
    "by another client": lambda scene: Scene(CLIENTS[1]).form(scene.code(), redirect_uri=CLIENTS[0].redirect_uri),
    "by another browser": lambda scene: scene.form(scene.code(), pending=PendingSecret(bytes(31) + b"x")),
    "for another address": lambda scene: scene.form(scene.code(), redirect_uri="https://evil.example/"),
    "in another way": lambda scene: scene.form(scene.code(), grant_type="password"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_code_is_worth_nothing(attack: str) -> None:
    scene = Scene()
    assert scene.provider.redeem(ATTACKS[attack](scene)) is None


@pytest.mark.parametrize("persona", ["rut", "adam", "nobody"])
def test_nobody_is_a_persona_of_another_realm(persona: str) -> None:
    scene = Scene()
    asked = scene.provider.begun.get(scene.provider.begin(scene.query()))
    assert asked is not None
    assert scene.provider.grant(asked, persona) is None


def test_what_it_keeps_is_bounded() -> None:
    kept: Keep[int] = Keep(TurnedClock(START), START - START)
    names = [kept.put(number) for number in range(MOST_AT_ONCE + 1)]
    assert [kept.get(names[0]), kept.get(names[1]), kept.get(names[-1])] == [None, 1, MOST_AT_ONCE]


@pytest.mark.anyio
async def test_from_the_sign_in_page_to_the_personas_and_back() -> None:
    scene, assets = Scene(), load_assets()
    stage = Stage(scene.provider, Pages(assets, scene.clock), assets, SETTINGS)
    browser = Browser(build_provider(stage), ISSUER)
    address = authorization_address(scene.trusted, scene.issuer, PENDING, scene.client.redirect_uri)
    answer = await browser.get(address.removeprefix(ISSUER), {"sec-fetch-site": "same-site"})
    assert answer.status == 303
    here = answer.header("location")
    page = await browser.get(here)
    for text in ("Olga Operatör", "Larmoperatör", "Ekbacka kommun", 'value="olga"', "Ingen här finns"):
        assert text in page.text
    assert "disabled" in page.text.partition('value="vera"')[2].partition(">")[0]
    assert "Rut Revisor" not in page.text
    browser.cookies = {"__Host-vaka-language": "en", "__Host-vaka-theme": "light"}
    assert "Who are you tonight?" in (await browser.get(here)).text
    targets = "http://localhost:8400 http://localhost:8401 http://localhost:8402 http://localhost:8403"
    assert f"form-action 'self' {targets};" in page.header("content-security-policy")
    for fields, headers, status in (
        ({"persona": "rut"}, {}, 400), ({"persona": ""}, {}, 400), ({"persona": "olga", "realm": "authority"}, {}, 400),
        ({"persona": "olga"}, {"sec-fetch-site": "cross-site"}, 403),
        ({"persona": "olga"}, {"sec-fetch-site": "same-site"}, 403),
    ):  # fmt: skip
        assert (await browser.post(here, fields, headers)).status == status
    answer = await browser.post(here, {"persona": "olga"})
    assert answer.status == 303
    back = urlsplit(answer.header("location"))
    said = parse_qs(back.query)
    assert f"{back.scheme}://{back.netloc}{back.path}" == scene.client.redirect_uri
    assert (said["state"], said["iss"]) == ([PENDING.state], [ISSUER])
    server = {"accept": "application/json", "sec-fetch-site": ""}
    given = await browser.post("/token", scene.form(said["code"][0]), server)
    assert (given.status, '"id_token"' in given.text) == (200, True)
    assert (await browser.post("/token", scene.form(said["code"][0]), server)).status == 400
    # Whoever goes back, or comes too late, begins anew.
    for answer in (await browser.get(here), await browser.post(here, {"persona": "olga"}), await browser.get("/")):
        assert (answer.status, answer.header("location")) == (303, f"{SIGN_IN}/")


@pytest.mark.parametrize("mode", ["", 'mode = "production"\n'])
def test_it_does_not_start_where_there_is_no_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    """Also where somebody copied everything else that a demo has."""
    (tmp_path / "vaka.toml").write_text(mode)
    write_facts(tmp_path, FACTS)
    make_client_key(facts_file(tmp_path).parent, KEY)
    assert main(["--data", str(tmp_path)]) == 2
    assert "is no demo" in capsys.readouterr().err


def test_nor_where_the_settings_alone_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "vaka.toml").write_text('mode = "demo"\n')
    assert main(["--data", str(tmp_path)]) == 2
    assert "is no furnished demo" in capsys.readouterr().err
    facts_file(tmp_path).parent.mkdir()
    facts_file(tmp_path).write_text("{}")
    assert main(["--data", str(tmp_path)]) == 2
    assert "is no furnished demo" in capsys.readouterr().err


@pytest.mark.parametrize("line", ['host = "0.0.0.0"', 'origin = "https://demo.example"'])
def test_nor_where_others_could_reach_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    (tmp_path / "vaka.toml").write_text(f'mode = "demo"\n[demo]\n{line}\n')
    write_facts(tmp_path, FACTS)
    assert main(["--data", str(tmp_path)]) == 2
    assert "of this machine only" in capsys.readouterr().err


def test_it_is_registered_anew_at_another_address_and_after_a_year(tmp_path: Path) -> None:
    assert not is_registered(tmp_path, SETTINGS, START)
    write_facts(tmp_path, FACTS.model_copy(update={"until": START.date().replace(year=START.year + 1)}))
    assert read_facts(tmp_path).figures == FIGURES
    assert is_registered(tmp_path, SETTINGS, START)
    assert not is_registered(tmp_path, SETTINGS, START.replace(year=START.year + 1))
    moved = SETTINGS.demo.model_copy(update={"origin": "http://localhost:9999"})
    assert not is_registered(tmp_path, SETTINGS.model_copy(update={"demo": moved}), START)
