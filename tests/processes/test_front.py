# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The web processes behind a real nginx, configured as documented: what the network sees of them, TLS and headers."""

import re
import socket
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests import peers
from tests.assurance.test_remote_work import DAY, register_network
from tests.browser.house import House
from tests.fronting import PAGES, PROGRAMS, SERVER, changed, nginx_before
from tests.identity.house import free_port
from tests.processes.test_web_answers import ALWAYS, COOKIES, FORMS_LEAD_TO, NEVER, PERSONAS, POLICY, ROOMS
from tests.receiver.test_tls import Issuer
from tests.scanning import EARLY, curves_of, faults, scan
from tests.signing_in import OWN, cookies_of, sign_in_over_http
from tests.waiting import wait_for
from tests.web.furniture import open_installation
from vaka.clock import SystemClock
from vaka.crypto.policy import load_policy
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.settings_web import AttachmentSettings

pytestmark = [pytest.mark.database, pytest.mark.end_to_end]

BEHIND = {"signin": "8400", "desk": "8401", "portal": "8402", "office": "8403", "registry": "8405"}
"""By process, its usual port, as the documented file has it."""
NAMES = ("desk", "portal", "office", "signin")
"""Those with a host of their own in it; here they have a port each, for a demo's pages do not leave the machine."""
TRANSPORT = "max-age=63072000"
ONCE = (*ALWAYS, "content-security-policy", "cache-control", "strict-transport-security", "date", "content-length")
CALLED_ON = ("office", "signin")
"""Those that nginx tells from where somebody comes."""
FIRST_PAGES = {**{name: (name, ROOMS[name]) for name in NAMES}, "registry": ("portal", "/api/registry/openapi.json")}
"""By process: at whose origin it is found, and an address there."""


@dataclass(frozen=True, slots=True)
class Street:
    """What the network sees: nginx, and the processes behind it."""

    place: Path
    issuer: Issuer
    tls: Mapping[str, int]
    """By process, the port with TLS."""
    plain: int

    @classmethod
    def lay_out(cls, place: Path) -> Self:
        """Choose ports, and who issues certificates; nothing runs yet."""
        place.mkdir()
        return cls(place, Issuer(place, "vaka-front"), {name: free_port() for name in NAMES}, free_port())

    @property
    def origins(self) -> dict[str, str]:
        """What browsers call each process; the registry is the portal's neighbour."""
        found = {name: f"https://localhost:{port}" for name, port in self.tls.items()}
        return found | {"registry": found["portal"]}

    @property
    def way(self) -> httpx.HTTPTransport:
        """A way there on which the certificate is verified."""
        return httpx.HTTPTransport(verify=ssl.create_default_context(cafile=str(self.issuer.file)))

    def ask(self, method: str, address: str, headers: Mapping[str, str], body: bytes = b"") -> httpx.Response:
        """Ask once, and follow nothing."""
        with httpx.Client(transport=self.way, headers={**OWN, **headers}, timeout=60) as client:
            return client.request(method, address, content=body)


@contextmanager
def fronted(street: Street, house: House, server: str | None = None) -> Iterator[None]:
    """Run nginx with the documented file, other in ports, names and paths, and perhaps in what all servers share."""
    certificate, key, _ = street.issuer.issue("localhost")
    everywhere = "".join(f"    listen 127.0.0.1:{port} ssl default_server;\n" for port in street.tls.values())
    changes = {"    listen 443 ssl default_server;\n": everywhere, "listen 80": f"listen 127.0.0.1:{street.plain}"}
    for name, port in street.tls.items():
        documented = f"    listen 443 ssl;\n    server_name {name}.example;"
        changes[documented] = f"    listen 127.0.0.1:{port} ssl;\n    server_name localhost;"
        changes |= {
            f"/etc/ssl/{name}.example.pem": str(certificate),
            f"/etc/ssl/private/{name}.example.key": str(key),
        }
    for name, usual in BEHIND.items():
        changes[f"proxy_pass http://127.0.0.1:{usual};"] = f"proxy_pass http://127.0.0.1:{house.ports[name]};"
    with nginx_before(street.place, changed(PAGES, changes), server) as front:

        def listens() -> bool:
            assert front.poll() is None, (street.place / "errors").read_text()
            with socket.socket() as caller:
                return caller.connect_ex(("127.0.0.1", street.tls["desk"])) == 0

        wait_for(listens)
        yield


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    return Street.lay_out(tmp_path_factory.mktemp("street") / "front")


@pytest.fixture(scope="module", autouse=True)
def house(street: Street) -> Iterator[House]:
    """Every web process, and nginx before them exactly as documented."""
    peers.require_program("nginx", package="nginx-light")
    with open_installation() as installation:
        house = House(installation, street.origins)
        settings = installation.root / "vaka.toml"
        for process in CALLED_ON:
            told = settings.read_text().replace(f"[{process}]\n", f'[{process}]\nfront = ["127.0.0.1"]\n')
            settings.write_text(told)
        with fronted(street, house):
            try:
                house.start("desk", "portal", "office", "registry", "signin")
                yield house
            finally:
                house.stop()


def faults_of(street: Street, process: str, answer: httpx.Response) -> list[str]:
    """Everything in which an answer of a process, seen through nginx, is not as it is to be."""
    count = Counter(name for name, _ in answer.headers.multi_items())
    found = [f"{name}: {count[name]} times" for name in ONCE if count[name] > 1]
    targets = "".join(f" {street.origins[one]}" for one in FORMS_LEAD_TO.get(process, []))
    wanted = {
        **ALWAYS, "content-security-policy": POLICY.format(targets=targets), "cache-control": "no-store",
        "strict-transport-security": TRANSPORT, "server": "nginx",
    }  # fmt: skip
    if process == "registry":
        wanted["cache-control"] = answer.headers.get("cache-control", "missing")
    found += [
        f"{name}: {answer.headers.get(name)}" for name, text in wanted.items() if answer.headers.get(name) != text
    ]
    found += [name for name in NEVER if name in count and name != "server"]
    for line in answer.headers.get_list("set-cookie"):
        for name, morsel in SimpleCookie(line).items():
            kept = (
                name.startswith("__Host-"),
                bool(morsel["secure"]),
                bool(morsel["httponly"]),
                morsel["path"],
                morsel["domain"],
            )
            if kept != (True, True, True, "/", ""):
                found.append(f"cookie {name}")
    return found


@pytest.mark.parametrize("process", FIRST_PAGES)
def test_each_process_is_seen_with_each_header_once(street: Street, process: str) -> None:
    host, path = FIRST_PAGES[process]
    for method, asked in (("GET", path), ("GET", "/api/registry/nothing" if process == "registry" else "/nothing")):
        answer = street.ask(method, f"{street.origins[host]}{asked}", {})
        assert answer.status_code in (200, 303, 404), answer.text
        assert faults_of(street, process, answer) == []


@pytest.mark.parametrize("process", PERSONAS)
def test_who_signs_in_through_it_gets_a_cookie_for_that_host_and_is_in(street: Street, process: str) -> None:
    answer = sign_in_over_http(street.origins["signin"], PERSONAS[process], {"https://": street.way})
    assert faults_of(street, "signin", answer) == []
    name, _ = COOKIES[process]
    cookie = cookies_of(answer)
    assert f"{name}=" in cookie
    page = street.ask("GET", f"{street.origins[process]}{ROOMS[process]}", {"cookie": cookie})
    assert page.status_code == 200, page.text
    assert faults_of(street, process, page) == []
    left = street.ask("POST", f"{street.origins[process]}/sign-out", {"cookie": cookie})
    assert left.status_code == 303
    assert faults_of(street, process, left) == []


def test_the_live_stream_comes_through_as_it_is_written(street: Street) -> None:
    answer = sign_in_over_http(street.origins["signin"], PERSONAS["desk"], {"https://": street.way})
    headers = {"accept": "text/event-stream", "cookie": cookies_of(answer)}
    with (
        httpx.Client(transport=street.way, timeout=30) as client,
        client.stream("GET", f"{street.origins['desk']}/stream", headers=headers) as stream,
    ):
        assert faults_of(street, "desk", stream) == []
        assert next(stream.iter_text()).startswith("retry:")


@pytest.mark.parametrize("process", NAMES)
def test_over_plain_http_pages_send_on_and_programs_are_closed(street: Street, process: str) -> None:
    here, host = f"http://127.0.0.1:{street.plain}", {"host": f"{process}.example"}
    answer = street.ask("GET", f"{here}/a/b?c=d", host)
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{process}.example/a/b?c=d")
    assert "strict-transport-security" not in answer.headers
    assert "set-cookie" not in answer.headers
    for path, asked in (("/api/token", host), ("/", {"host": "elsewhere.example"})):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            street.ask("GET", f"{here}{path}", asked)


@pytest.mark.parametrize("process", NAMES)
def test_other_names_get_no_certificate_and_no_answer(street: Street, process: str) -> None:
    context = ssl.create_default_context(cafile=str(street.issuer.file))
    for name, refused in (("elsewhere.example", True), ("localhost", False)):
        with socket.create_connection(("127.0.0.1", street.tls[process])) as caller:
            if refused:
                with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
                    context.wrap_socket(caller, server_hostname=name)
            else:
                context.wrap_socket(caller, server_hostname=name).close()


def test_a_file_comes_through_where_files_are_attached_and_nowhere_else(street: Street) -> None:
    """As large as one may be: the office itself says that there is no such entry. Elsewhere nginx stops it."""
    answer = sign_in_over_http(street.origins["signin"], PERSONAS["office"], {"https://": street.way})
    headers = {"cookie": cookies_of(answer), "content-type": "multipart/form-data; boundary=x"}
    where = f"{street.origins['office']}/registers/documents/entry/00000000-0000-4000-8000-000000000007"
    file = bytes(AttachmentSettings().largest_bytes)
    came = street.ask("POST", f"{where}/files", headers, file)
    assert came.status_code == 404
    assert faults_of(street, "office", came) == []
    stopped = street.ask("POST", f"{where}/move", headers, file[:300_000])
    assert (stopped.status_code, stopped.headers["server"]) == (413, "nginx")


def test_what_nginx_refuses_by_itself_is_guarded_too(street: Street) -> None:
    """Too long a header, too large a body: the processes never see them."""
    long = street.ask("GET", f"{street.origins['desk']}/", {"x-long": "x" * 9000})
    large = street.ask("POST", f"{street.origins['portal']}/preferences", {}, b"x" * 40_000)
    passed = street.ask("POST", f"{street.origins['office']}/preferences", {}, b"x" * 40_000)
    assert (long.status_code, large.status_code, passed.status_code) == (400, 413, 413)
    for answer in (long, large):
        assert answer.headers.get_list("content-security-policy")[0].startswith("default-src 'none'; frame-ancestors")
        assert (answer.headers["strict-transport-security"], answer.headers["cache-control"]) == (TRANSPORT, "no-store")
        assert answer.headers["server"] == "nginx", "and no version"
    assert faults_of(street, "office", passed) == [], "this one is the office's own answer"


@pytest.mark.parametrize("process", NAMES)
def test_each_name_offers_what_the_policy_allows_and_nothing_else(street: Street, process: str, tmp_path: Path) -> None:
    report = scan(street.tls[process], tmp_path / "report.json", "localhost")
    assert faults(report) == []
    assert curves_of(report) == set(load_policy().tls.groups)


def test_an_nginx_that_is_careless_is_found(house: House, tmp_path: Path) -> None:
    """The same, with old protocols and weak suites, and headers of its own: what judges us can tell.

    sslyze knows no curve of TLS 1.3 that the policy has not: a narrower policy is what shows that it tells of curves.
    """
    narrow = replace(load_policy().tls, groups=("X25519",))
    careless = Street.lay_out(tmp_path / "careless")
    server = changed(
        SERVER,
        {
            "ssl_protocols TLSv1.2": "ssl_protocols TLSv1.1 TLSv1.2", "ssl_ciphers ": "ssl_ciphers ALL:@SECLEVEL=0:",
            "ssl_early_data off": "ssl_early_data on", "ssl_session_tickets off": "ssl_session_tickets on",
            "server_tokens off": "server_tokens on; add_header X-Frame-Options SAMEORIGIN always",
            "/var/log/nginx/vaka.log": str(tmp_path / "log"),
        },
    )  # fmt: skip
    with fronted(careless, house, server):
        found = faults(scan(careless.tls["desk"], tmp_path / "report.json", "localhost"), narrow)
        seen = faults_of(careless, "desk", careless.ask("GET", f"{careless.origins['desk']}/nothing", {}))
    assert {"TLSv1.1: offered", "TLSv1.2: ECDHE-ECDSA-AES128-SHA", "curve: secp256r1", EARLY} <= set(found)
    assert "x-frame-options: 2 times" in seen
    assert any(one.startswith("server: nginx/") for one in seen)


def refused_from(house: House) -> list[str]:
    """From which networks logout tokens were refused so far, as the log has it, sealed or not."""
    server = house.installation.server
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as superuser:
        found = superuser.execute(
            "select e.detail ->> 'source' from ("
            " select (convert_from(leaf, 'UTF8')::jsonb) ->> 'event' as event,"
            " (convert_from(leaf, 'UTF8')::jsonb) -> 'detail' as detail from ledger.log_entry"
            " union all select event, detail from ledger.inbox) e"
            " where e.event = 'sign_in.refused' and e.detail ->> 'reason' like 'logout%'"
        ).fetchall()
    return sorted(one for (one,) in found)


def test_where_somebody_comes_from_is_nginx_word_alone(street: Street, house: House) -> None:
    """What a browser says of it is written over by nginx, and is nothing where it goes past nginx."""
    behind = f"http://127.0.0.1:{house.ports['signin']}"
    context = ssl.create_default_context(cafile=str(street.issuer.file))
    forged = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "203.0.113.10"), ("forwarded", "for=203.0.113.9")]
    ways = [
        (street.origins["signin"], "127.9.9.9", forged[:1]),
        (street.origins["signin"], "127.8.8.8", forged),
        (behind, "127.7.7.7", [("host", urlsplit(street.origins["signin"]).netloc), *forged[:1]]),
    ]
    for where, caller, headers in ways:
        with httpx.Client(transport=httpx.HTTPTransport(verify=context, local_address=caller)) as client:
            assert client.post(f"{where}/logout/nowhere", headers=headers, data={"a": "b"}).status_code == 400
    assert refused_from(house) == ["127.7.7.0/24", "127.8.8.0/24", "127.9.9.0/24"]


@contextmanager
def registered(house: House) -> Iterator[None]:
    """One may administer from one network alone, which nobody here is on."""
    server = house.installation.server
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("set search_path = vaka")

        def by_hand(statement: str, **values: object) -> None:
            superuser.execute(statement.encode(), values)

        entry = register_network(by_hand, SystemClock().now() + DAY)
        yield
        superuser.execute("delete from register_version where entry = %s", (entry,))


def test_term_03_3_nobody_forges_from_where_he_administers(street: Street, house: House) -> None:
    """What a browser says is worth nothing, through nginx or past it; nginx's own word is."""
    origin, claim = street.origins["office"], ("x-forwarded-for", "198.51.100.7")
    behind, host = f"http://127.0.0.1:{house.ports['office']}", ("host", urlsplit(origin).netloc)
    context = ssl.create_default_context(cafile=str(street.issuer.file))

    def ask(where: str, caller: str, *headers: tuple[str, str]) -> int:
        cookie = cookies_of(sign_in_over_http(street.origins["signin"], PERSONAS["office"], {"https://": street.way}))
        sent = [("cookie", cookie), ("accept", "text/html"), *headers]
        with httpx.Client(transport=httpx.HTTPTransport(verify=context, local_address=caller)) as client:
            return client.get(f"{where}{ROOMS['office']}", headers=sent).status_code

    assert ask(origin, "127.9.9.9") == 200, "nothing is registered"
    with registered(house):
        assert ask(origin, "127.9.9.9") == 403
        assert ask(origin, "127.9.9.9", claim) == 403
        assert ask(behind, "127.7.7.7", host, claim) == 403
        assert ask(behind, "127.0.0.1", host, claim) == 200, "from there it is nginx that speaks"


def test_who_has_no_need_of_it_is_not_told_from_where_somebody_comes() -> None:
    servers = PAGES.read_text().split("\nserver {")[1:]
    told = [one for one in servers if "set $vaka_caller $remote_addr;" in one]
    assert len(told) == len(CALLED_ON)
    assert all(any(f"server_name {name}.example;" in one for one in told) for name in CALLED_ON)


def test_the_two_files_hand_the_same_addresses_to_the_registry() -> None:
    told = [re.findall(r"~ ?(\^/api/\S+)", file.read_text()) for file in (PAGES, PROGRAMS)]
    assert told[0] == told[1] != []
