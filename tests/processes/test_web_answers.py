# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the running web processes send with every kind of answer: one table of headers, one of cookies."""

import re
from collections.abc import Iterator, Mapping
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest

from tests.browser.house import House
from tests.plain import NO_TLS
from tests.signing_in import sign_in_over_http
from tests.web.furniture import open_installation

pytestmark = [pytest.mark.database, pytest.mark.end_to_end]

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}
NEVER = ("server", "x-powered-by", "access-control-allow-origin", "last-modified", "etag", "via")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'{targets}; frame-ancestors 'none'; base-uri 'none'"
)
FORMS_LEAD_TO = {
    "desk": ["signin"], "portal": ["signin"], "office": ["signin"], "signin": ["desk", "portal", "office"],
    "provider": ["signin", "desk", "portal", "office"],
}  # fmt: skip
"""By process: the others to which its forms lead, by a redirect."""
PERSONAS = {"desk": "olga", "portal": "rut", "office": "adam"}
COOKIES = {
    "desk": ("__Host-vaka-operator", "lax"),
    "portal": ("__Host-vaka-authority", "lax"),
    "office": ("__Host-vaka-administrator", "strict"),
}
ROOMS = {"desk": "/", "portal": "/log/ekbacka", "office": "/", "signin": "/", "provider": "/"}
HTML, PLAIN = "text/html; charset=utf-8", "text/plain; charset=utf-8"
NOT_KEPT, KEPT = "no-store", "public, max-age=31536000, immutable"

# What is asked, signed in or not, and what the answer is: status, type, how long it may be kept.
PAGE = {"accept": "text/html"}
OWN, FOREIGN = ({"sec-fetch-site": site, **PAGE} for site in ("same-origin", "cross-site"))
ANSWERS: dict[str, tuple[str, str, bool, Mapping[str, str], int, str, str]] = {
    "a page": ("GET", "/", True, PAGE, 200, HTML, NOT_KEPT),
    "a page for a stranger": ("GET", "/", False, PAGE, 303, "", NOT_KEPT),
    "a part, for a stranger": ("GET", "/", False, {"hx-request": "true"}, 401, "", NOT_KEPT),
    "nothing there": ("GET", "/nothing", True, PAGE, 404, HTML, NOT_KEPT),
    "nothing there, in plain text": ("GET", "/nothing", True, {"accept": "*/*"}, 404, PLAIN, NOT_KEPT),
    "nothing there, as a part": ("GET", "/nothing", True, {"hx-request": "true"}, 404, HTML, NOT_KEPT),
    "a form from elsewhere": ("POST", "/preferences", True, FOREIGN, 403, HTML, NOT_KEPT),
    "a form that is wrong": ("POST", "/preferences", True, OWN, 400, HTML, NOT_KEPT),
    "another method": ("DELETE", "/", True, PAGE, 405, HTML, NOT_KEPT),
    "another host": ("GET", "/", True, {"host": "elsewhere.example", **PAGE}, 421, HTML, NOT_KEPT),
    "too long an address": ("GET", "/" + "x" * 3000, True, PAGE, 414, HTML, NOT_KEPT),
    "whether it lives": ("GET", "/alive", False, {}, 200, PLAIN, NOT_KEPT),
}  # fmt: skip


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Every web process over one installation."""
    with open_installation() as installation:
        house = House(installation)
        house.start("desk", "portal", "office", "signin")
        try:
            yield house
        finally:
            house.stop()


def send(
    house: House,
    process: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    data: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Send one request, and follow nothing."""
    where = f"http://localhost:{house.ports[process]}{path}"
    return httpx.request(
        method, where, headers=dict(headers), data=data, follow_redirects=False, timeout=60, verify=NO_TLS
    )


def sign_in(house: House, process: str) -> httpx.Response:
    """Sign in to a process's realm, as a persona."""
    return sign_in_over_http(house.signin, PERSONAS[process])


def cookies_of(answer: httpx.Response) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets, with what is said of each."""
    found = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        found.load(line)
    return dict(found)


def assert_guarded(house: House, process: str, answer: httpx.Response, kept: str = NOT_KEPT) -> None:
    """Assert what every answer carries."""
    names = [name for name, _ in answer.headers.multi_items()]
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert all(names.count(name) == 1 for name in (*ALWAYS, "content-security-policy", "cache-control"))
    targets = "".join(f" http://localhost:{house.ports[one]}" for one in FORMS_LEAD_TO[process])
    assert answer.headers["content-security-policy"] == POLICY.format(targets=targets)
    assert answer.headers["cache-control"] == kept
    assert [name for name in NEVER if name in names] == []


@pytest.mark.parametrize("process", FORMS_LEAD_TO)
@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_answer_carries_its_headers(house: House, process: str, kind: str) -> None:
    method, path, signed_in, headers, status, media_type, kept = ANSWERS[kind]
    if process == "signin" and not signed_in and path == "/":
        status, media_type = 200, HTML  # its first page is for strangers
    if process == "provider" and status in (200, 401) and path == "/":
        status, media_type = 303, ""  # nobody begins there
    sent, path = dict(headers), ROOMS[process] if path == "/" else path
    if signed_in and process in COOKIES:
        name, _ = COOKIES[process]
        sent["cookie"] = f"{name}={cookies_of(sign_in(house, process))[name].value}"
    answer = send(house, process, method, path, sent, {"theme": "pink"} if method == "POST" else None)
    assert (answer.status_code, answer.headers.get("content-type", "")) == (status, media_type), answer.text
    assert_guarded(house, process, answer, kept)


@pytest.mark.parametrize("process", FORMS_LEAD_TO)
def test_a_static_file_may_be_kept_and_carries_the_same(house: House, process: str) -> None:
    page = send(house, "signin", "GET", "/", PAGE).text
    style, icon = re.search(r"/static/[0-9a-f]+/vaka\.css", page), re.search(r"/static/[0-9a-f]+/icon\.svg", page)
    assert style is not None
    assert icon is not None
    for address, media_type in ((style[0], "text/css; charset=utf-8"), (icon[0], "image/svg+xml")):
        answer = send(house, process, "GET", address, {})
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert_guarded(house, process, answer, KEPT)


def test_the_live_stream_carries_the_same(house: House) -> None:
    name, _ = COOKIES["desk"]
    cookie = f"{name}={cookies_of(sign_in(house, 'desk'))[name].value}"
    address = f"http://localhost:{house.ports['desk']}/stream"
    headers = {"accept": "text/event-stream", "cookie": cookie}
    with httpx.stream("GET", address, headers=headers) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert_guarded(house, "desk", answer)


def test_a_file_to_save_carries_the_same(house: House) -> None:
    name, _ = COOKIES["portal"]
    cookie = f"{name}={cookies_of(sign_in(house, 'portal'))[name].value}"
    answer = send(house, "portal", "POST", "/log/ekbacka/access/report/2026/csv", {"cookie": cookie, **OWN})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert_guarded(house, "portal", answer)


@pytest.mark.parametrize("process", PERSONAS)
def test_every_realms_cookie_is_for_its_host_and_out_of_reach(house: House, process: str) -> None:
    name, same_site = COOKIES[process]
    answer = sign_in(house, process)
    # An administrator's cookie comes with nothing that began elsewhere: he goes on from a page of ours.
    assert answer.status_code == (200 if process == "office" else 303)
    assert_guarded(house, "signin", answer)
    given = cookies_of(answer)
    cookie = given[name]
    assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
    assert cookie["samesite"] == same_site
    assert (cookie["domain"], cookie["max-age"], cookie["expires"]) == ("", "", ""), "until the browser closes"
    assert {one for one in given if one.startswith("__Host-vaka-") and given[one].value} >= {name}
    # Signing out takes back what was given, from the same place, and what was cached.
    sent = {"cookie": f"{name}={cookie.value}", **OWN}
    answer = send(house, process, "POST", "/sign-out", sent)
    assert (answer.status_code, answer.headers["clear-site-data"]) == (303, '"cache"')
    assert_guarded(house, process, answer)
    back = cookies_of(answer)[name]
    assert (back.value, back["max-age"], back["secure"], back["httponly"], back["samesite"]) == (
        "", "0", True, True, same_site
    )  # fmt: skip
    left = send(house, process, "GET", ROOMS[process], {"cookie": f"{name}={cookie.value}", **PAGE})
    assert (left.status_code, left.headers["location"].startswith(house.signin)) == (303, True)


@pytest.mark.parametrize("process", PERSONAS)
@pytest.mark.parametrize("other", PERSONAS)
def test_a_cookie_of_another_realm_opens_nothing(house: House, process: str, other: str) -> None:
    name, _ = COOKIES[other]
    token = cookies_of(sign_in(house, other))[name].value
    room = ROOMS[process]
    opened = send(house, process, "GET", room, {"cookie": f"{name}={token}", **PAGE})
    assert (opened.status_code == 200) is (process == other)
    mine, _ = COOKIES[process]
    planted = send(house, process, "GET", room, {"cookie": f"{mine}={token}", **PAGE})
    assert (planted.status_code == 200) is (process == other)
