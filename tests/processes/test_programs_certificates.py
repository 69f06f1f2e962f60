# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Programs that prove themselves by a certificate, over TLS through a real nginx, configured as documented."""

import asyncio
import os
import re
import signal
import ssl
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey
from psycopg.rows import dict_row
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests import peers
from tests.browser.house import House
from tests.fronting import PROGRAMS, changed, nginx_before
from tests.identity.house import free_port
from tests.plain import NO_TLS
from tests.processes.test_api_described import newest
from tests.processes.test_web_answers import OWN, send
from tests.programs import assertion, key_set, proved_by
from tests.signing_in import cookies_of, sign_in_over_http
from tests.waiting import wait_for
from tests.web.furniture import open_installation
from tests.web.portal.conftest import Logs
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.settings_web import WebSettings
from vaka.web.portal.api_token import ADMISSION_PATH
from vaka.web.serve import Front, serve

pytestmark = [pytest.mark.database, pytest.mark.end_to_end]

ROOT = Path(__file__).parents[2]
HERE, ENTRIES = "/log/ekbacka/programs", "/api/v1/ekbacka/log/entries"


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate with its key, as files."""

    path: Path
    key: Path

    @property
    def text(self) -> str:
        """The certificate (PEM)."""
        return self.path.read_text()


def make_paper(place: Path, name: str, *, days: tuple[int, int] = (-1, 30), signer: Paper | None = None) -> Paper:
    """Make a certificate, good from and until so many days from now, signed by its own key or by another's."""
    now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        x509.load_pem_x509_certificate(signer.path.read_bytes()).subject if signer else subject, subject,
        key.public_key(), x509.random_serial_number(), now + timedelta(days[0]), now + timedelta(days[1]),
    ).add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)  # fmt: skip
    signing = key
    if signer is not None:
        loaded = load_pem_private_key(signer.key.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        signing = loaded
    paper = Paper(place / f"{name}.pem", place / f"{name}.key")
    paper.path.write_bytes(builder.sign(signing, SHA256()).public_bytes(Encoding.PEM))
    paper.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paper


@dataclass(frozen=True, slots=True)
class Gate:
    """The portal, with nginx before it."""

    house: House
    origin: str
    socket: Path
    shown_by_server: Path
    place: Path
    owner: Mapping[str, str]
    """What the browser of Ekbacka's log reviewer sends."""

    def client(self, paper: Paper | None) -> httpx.Client:
        """A program's connection, which shows a certificate, or none."""
        context = ssl.create_default_context(cafile=str(self.shown_by_server))
        if paper is not None:
            context.load_cert_chain(paper.path, paper.key)
        return httpx.Client(base_url=self.origin, verify=context, timeout=30)

    def ask_for_token(self, paper: Paper | None, identifier: str, **fields: str) -> httpx.Response:
        """Ask for a token, by a certificate."""
        with self.client(paper) as client:
            return client.post(
                ADMISSION_PATH, data={"grant_type": "client_credentials", "client_id": identifier, **fields}
            )  # fmt: skip

    def token(self, paper: Paper, identifier: str) -> str:
        """Get a token."""
        answer = self.ask_for_token(paper, identifier)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def read(self, paper: Paper | None, token: str) -> httpx.Response:
        """Read the log with a token."""
        with self.client(paper) as client:
            return client.get(ENTRIES, headers={"authorization": f"Bearer {token}"})

    def register(self, keys: str, days: int = 2) -> str:
        """Register a program as its owner does; return its identifier."""
        answer = self.try_to_register(keys, days)
        assert answer.status_code == 303, answer.text
        return newest(send(self.house, "portal", "GET", HERE, self.owner).text)

    def try_to_register(self, keys: str, days: int = 2) -> httpx.Response:
        form = {"purpose": "Hämtar loggen", "keys": keys, "days": str(days), "scopes": "portal.read_log"}
        return send(self.house, "portal", "POST", HERE, self.owner, form)

    @property
    def logs(self) -> Logs:
        return Logs(self.house.installation)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    peers.require_program("nginx", package="nginx-light")
    place = tmp_path_factory.mktemp("gate")
    port, shown = free_port(), make_paper(place, "server")
    with open_installation() as installation:
        house = House(installation)
        settings = installation.root / "vaka.toml"
        origin = f"https://localhost:{port}"
        said = settings.read_text().replace("[portal]\n", f'[portal]\nprograms_origin = "{origin}"\n')
        settings.write_text(said)
        socket = installation.root / "run" / "portal-programs.sock"
        socket.parent.mkdir(exist_ok=True)
        site = changed(
            PROGRAMS,
            {
                "/run/vaka-programs/portal.sock": str(socket),
                "/run/vaka-programs/registry.sock": str(socket.with_name("registry-programs.sock")),
                "8443": str(port), "portal.example;": "localhost;",
                "/etc/ssl/portal.example.pem": str(shown.path), "/etc/ssl/private/portal.example.key": str(shown.key),
            },
        )  # fmt: skip
        house.start("portal", "registry", "signin")
        try:
            with nginx_before(place, site) as front:
                owner = {"cookie": cookies_of(sign_in_over_http(house.signin, "lovisa")), **OWN}
                gate = Gate(house, origin, socket, shown.path, place, owner)
                wait_for(lambda: answers(gate, front))
                yield gate
        finally:
            house.stop()


def answers(gate: Gate, front: subprocess.Popen[bytes]) -> bool:
    assert front.poll() is None, (gate.place / "errors").read_text()
    try:
        with gate.client(None) as client:
            return client.get("/api/openapi.json").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def paper(gate: Gate, request: pytest.FixtureRequest) -> Paper:
    return make_paper(gate.place, re.sub(r"\W", "", request.node.name)[:60])


def reasons(gate: Gate, mark: int) -> list[tuple[str, str]]:
    """Of which programs the log tells refusals, and why."""
    return [
        (one["actor"], one["detail"]["reason"])
        for one in gate.logs.since(mark, "platform") if one["event"] == "access.denied"
    ]  # fmt: skip


def test_a_certificate_as_openssl_makes_it_is_registered_and_opens_the_log(gate: Gate) -> None:
    """By the very command of docs/api.md."""
    command = re.search(r"^openssl req .+$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    assert command is not None
    subprocess.run(command[0].split(), cwd=gate.place, check=True, capture_output=True)
    paper = Paper(gate.place / "program.pem", gate.place / "program.key")
    mark = gate.logs.mark("platform")
    program = gate.register(paper.text)
    assert gate.read(paper, gate.token(paper, program)).status_code == 200
    told = [one for one in gate.logs.since(mark, "platform") if one["actor"] == f"client:{program}"]
    assert [(one["event"], one["detail"]["method"]) for one in told] == [("client.admitted", "certificate")]
    [row] = gate.logs.ask(
        "platform",
        "select c.keys, t.certificate from vaka.api_client c"
        " join vaka.api_token t on t.client_id = c.id where c.id = %(id)s",
        {"id": program},
    )
    assert row["certificate"] == x509.load_pem_x509_certificate(paper.path.read_bytes()).fingerprint(SHA256())
    assert "CERTIFICATE" not in row["keys"]


def test_the_registry_is_behind_the_same_address_and_judges_the_certificate_itself(gate: Gate, paper: Paper) -> None:
    program, people = gate.register(paper.text), "/api/v1/ekbacka/people"
    token, mark = gate.token(paper, program), gate.logs.mark("platform")
    for shown, status in ((None, 401), (paper, 403)):  # known, and not given that
        with gate.client(shown) as client:
            answer = client.post(people, headers={"authorization": f"Bearer {token}"}, json={})
            assert answer.status_code == status, answer.text
            assert client.get("/api/registry/openapi.json").json()["paths"].keys() >= {"/api/v1/{authority}/people"}
    told = [one for one in gate.logs.since(mark, "platform") if one["actor"] == f"client:{program}"]
    assert [(one["event"], one["object"], one["detail"]["reason"]) for one in told] == [
        ("access.denied", "process:registry", "certificate_missing")
    ]


def test_a_token_is_worth_something_with_its_certificate_alone(gate: Gate, paper: Paper) -> None:
    program = gate.register(paper.text)
    token = gate.token(paper, program)
    other = make_paper(gate.place, "another")
    gate.register(other.text)
    for shown, reason in ((None, "certificate_missing"), (other, "certificate_other")):
        mark = gate.logs.mark("platform")
        answer = gate.read(shown, token)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert reasons(gate, mark) == [(f"client:{program}", reason)]
    # Straight to the portal's port, without any TLS: whatever the header says is not believed.
    header = {"vaka-client-certificate": quote(paper.text), "authorization": f"Bearer {token}"}
    assert httpx.get(f"{gate.house.portal}{ENTRIES}", headers=header, verify=NO_TLS).status_code == 401
    # Through nginx, with another's certificate or none, and a header of one's own.
    for shown in (None, other):
        with gate.client(shown) as client:
            assert client.get(ENTRIES, headers=header).status_code == 401
    assert gate.read(paper, token).status_code == 200


REFUSED = {
    "none": "certificate_missing", "another's": "certificate_other", "expired": "certificate_expired",
    "not yet good": "certificate_early", "of the same name": "certificate_other", "signed by it": "certificate_other",
}  # fmt: skip


@pytest.mark.parametrize("shown", REFUSED)
def test_a_certificate_that_is_not_the_programs_is_refused_and_told_of(gate: Gate, paper: Paper, shown: str) -> None:
    if shown == "expired":
        # It was good when it was registered: the day has come since.
        paper = make_paper(gate.place, "expired", days=(-9, -1))
        sequencer = gate.house.processes["sequencer"]
        sequencer.send_signal(signal.SIGSTOP)  # an entry that is sealed is changed no more
        try:
            program = gate.register(make_paper(gate.place, "before").text)
            swap_fingerprint(gate, program, paper)
        finally:
            sequencer.send_signal(signal.SIGCONT)
    elif shown == "not yet good":
        paper = make_paper(gate.place, "early", days=(2, 9))
        program = gate.register(paper.text)
    else:
        program = gate.register(paper.text)
    other = make_paper(gate.place, "other")
    gate.register(other.text)
    tried = {
        "none": None, "another's": other, "of the same name": make_paper(gate.place, paper.path.stem + "x"),
        "signed by it": make_paper(gate.place, "issued", signer=paper),
    }.get(shown, paper)  # fmt: skip
    mark = gate.logs.mark("platform")
    answer = gate.ask_for_token(tried, program)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert reasons(gate, mark) == [(f"client:{program}", REFUSED[shown])]


def swap_fingerprint(gate: Gate, program: str, paper: Paper) -> None:
    """Let a registration be of another certificate, entry and all, as if time had passed."""
    digest = x509.load_pem_x509_certificate(paper.path.read_bytes()).fingerprint(SHA256())
    name = urlsafe_b64encode(digest).rstrip(b"=").decode()
    conninfo = gate.house.installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            """update vaka.api_client set keys = '{"keys":[{"x5t#S256":"' || %s || '"}]}' where id = %s""",
            (name, program),
        )
        superuser.execute(
            "update ledger.inbox set detail = detail || jsonb_build_object('digest', (select vaka.client_digest(id,"
            " authority_id, owner, scopes, keys, ends_at) from vaka.api_client where id = %s))"
            " where object = %s and event = 'client.registered'",
            (program, f"client:{program}"),
        )


def test_each_program_proves_itself_in_the_way_it_was_registered_with(gate: Gate, paper: Paper) -> None:
    """A certificate does not open what a key opens, nor a key what a certificate does."""
    key = ECKey.generate_key("P-256")
    by_key, by_certificate = gate.register(key_set(key)), gate.register(paper.text)
    mark = gate.logs.mark("platform")
    assert gate.ask_for_token(paper, by_key).status_code == 401
    proof = proved_by(assertion(by_certificate, key, f"{gate.house.portal}{ADMISSION_PATH}"))
    assert gate.ask_for_token(None, by_certificate, **proof).status_code == 401
    assert reasons(gate, mark) == [
        (f"client:{by_key}", "assertion_missing"), (f"client:{by_certificate}", "certificate_missing")
    ]  # fmt: skip
    # A program with a key is heard here too, and its token is bound to nothing.
    proof = proved_by(assertion(by_key, key, f"{gate.house.portal}{ADMISSION_PATH}"))
    token = gate.ask_for_token(None, by_key, **proof).json()["access_token"]
    assert gate.read(None, token).status_code == 200
    assert httpx.get(f"{gate.house.portal}{ENTRIES}", headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_a_token_is_ended_by_whoever_shows_the_certificate(gate: Gate, paper: Paper) -> None:
    program = gate.register(paper.text)
    token = gate.token(paper, program)
    for shown, status, left in ((None, 401, 200), (paper, 200, 401)):
        with gate.client(shown) as client:
            assert client.post("/api/revoke", data={"token": token, "client_id": program}).status_code == status
        assert gate.read(paper, token).status_code == left


def test_nobody_but_the_web_servers_account_is_heard_over_the_socket(gate: Gate, paper: Paper) -> None:
    program = gate.register(paper.text)
    token = gate.token(paper, program)
    headers = {"authorization": f"Bearer {token}", "vaka-client-certificate": quote(paper.text)}
    assert gate.socket.stat().st_mode & 0o777 == 0o660
    # Our own account is believed, and with it two certificates are none.
    transport = httpx.HTTPTransport(uds=str(gate.socket))
    with httpx.Client(transport=transport, base_url=gate.origin.replace("https", "http")) as client:
        assert client.get(ENTRIES, headers=headers).status_code == 200
        twice = [*headers.items(), ("vaka-client-certificate", quote(paper.text))]
        assert client.get(ENTRIES, headers=twice).status_code == 401
        assert client.get("/log/ekbacka", headers=headers).status_code == 404, "there are no pages here"
        assert client.get(ENTRIES, headers={**headers, "host": "localhost"}).status_code == 421


@pytest.mark.anyio
async def test_another_account_at_the_socket_is_not_heard(tmp_path: Path) -> None:
    """The kernel says who is there: where that is nobody of those named, not a byte is answered."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("heard")(scope, receive, send)

    met = []
    for accounts in (frozenset({os.geteuid()}), frozenset({os.geteuid() + 1})):
        port, front = free_port(), Front(tmp_path / "front.sock", accounts)
        where = WebSettings(host="127.0.0.1", port=port, origin=f"http://localhost:{port}")
        serving = asyncio.create_task(serve(answer, where, front=front))
        try:
            while not front.path.exists():
                await asyncio.sleep(0.01)
            async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(front.path))) as client:
                try:
                    met.append((await client.get("http://localhost/")).text)
                except httpx.TransportError:
                    met.append("nothing")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await serving
            front.path.unlink()
    assert met == ["heard", "nothing"]


@pytest.mark.parametrize("wrong", ["signed by another", "RSA", "expired", "with its key", "five of them"])
def test_what_is_no_certificate_of_a_programs_own_cannot_be_registered(gate: Gate, paper: Paper, wrong: str) -> None:
    text = {
        "signed by another": make_paper(gate.place, "child", signer=paper).text,
        "expired": make_paper(gate.place, "old", days=(-9, -1)).text,
        "with its key": paper.text + paper.key.read_text(),
        "five of them": paper.text * 5,
    }.get(wrong)  # fmt: skip
    if text is None:
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=p"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        text = made.stdout
    answer = gate.try_to_register(text)
    assert answer.status_code == 400
    assert "certifikat" in answer.text
