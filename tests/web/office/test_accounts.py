# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an administrator sees of accounts, and who else sees nothing of it."""

import re
from uuid import uuid4

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.conftest import SETTINGS, enter
from tests.web.portal.conftest import Logs
from vaka.identity.sessions import Realm
from vaka.web.office.application import ADDRESSES
from vaka.web.office.office import Office
from vaka.web.routes import PUBLIC

pytestmark = pytest.mark.anyio

GUARDED = [(method, one.path) for one in ADDRESSES for method in one.methods if one.needs is not PUBLIC]


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "0199a1de-7c00-7000-8000-000000000001", path)


async def test_every_page_says_that_an_administrator_is_at_work(adam: Browser, installation: Installation) -> None:
    for path in ("/", "/?show=all", f"/account/{installation.accounts['olga']}", "/keys", "/sessions"):
        page = await adam.get(path)
        assert page.status == 200
        assert '<section class="office-band"' in page.text
        assert "<strong>Administratör</strong>" in page.text
        assert "Kontoret" in page.text


async def test_the_first_page_lists_accounts_with_their_kind_and_roles(adam: Browser) -> None:
    page = (await adam.get("/")).text.partition("<tbody>")[2]
    row = next(line for line in page.split("<tr>") if "Adam Administratör" in line)
    assert ">adm<" in row
    assert "<td>Administratör</td>" in row
    row = next(line for line in page.split("<tr>") if "Agneta Avtal" in line)
    assert ">anv.<" in row
    assert "Avtalsansvarig" in row
    administrators = (await adam.get("/?show=administrators")).text
    assert "Ada Administrator" in administrators
    assert "Agneta Avtal" not in administrators
    assert "Det finns inget sådant konto." in (await adam.get("/?show=removed")).text


async def test_an_account_shows_what_became_of_it_and_nothing_of_what_it_did(
    adam: Browser, installation: Installation, logs: Logs
) -> None:
    account = installation.accounts["lovisa"]
    before = (await adam.get(f"/account/{account}")).text
    assert "Konto skapat" in before
    assert "Loggranskare" in before
    assert "Ekbacka kommun" in before
    assert "Ingen säkerhetsnyckel." in before
    await logs.seal_platform()
    sealed = (await adam.get(f"/account/{account}")).text
    assert sealed.count("Konto skapat") == 1, "it has left the inbox, and stands in the log"


async def test_of_a_link_the_issuer_is_shown_and_never_the_subject(
    adam: Browser, installation: Installation, logs: Logs
) -> None:
    account = installation.accounts["nina"]
    logs.execute(
        "platform",
        f"""insert into vaka.account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at)
            values ('{uuid4()}', '{account}', 'https://issuer.example', '\\x{"ab" * 32}', '\\x{"cd" * 32}', now())""",
        unguarded=True,
    )
    page = (await adam.get(f"/account/{account}")).text
    assert "https://issuer.example" in page
    assert "abab" not in page
    assert "cdcd" not in page


@pytest.mark.parametrize("address", ["/account/0199a1de-7c00-7000-8000-000000000001", "/account/x", "/account/'"])
async def test_an_account_that_is_not_there_is_no_page(adam: Browser, address: str) -> None:
    assert (await adam.get(address)).status == 404


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize(("persona", "realm"), [("olga", "operator"), ("beata", "authority"), ("lena", "operator")])
async def test_nobody_but_an_administrator_gets_in(
    office: Office, installation: Installation, logs: Logs, persona: str, realm: Realm, method: str, path: str
) -> None:
    browser = await enter(office, installation, persona, (realm,))
    mark = logs.mark("platform")
    answer = await (browser.get(filled(path)) if method == "GET" else browser.post(filled(path)))
    assert answer.status == 403
    [denied] = [one for one in logs.since(mark, "platform") if one["event"] == "access.denied"]
    assert (denied["actor"], denied["object"]) == (f"account:{installation.accounts[persona]}", "process:office")


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_who_is_not_signed_in_is_sent_to_sign_in(nobody: Browser, method: str, path: str) -> None:
    answer = await (nobody.get(filled(path)) if method == "GET" else nobody.post(filled(path)))
    if method == "GET":
        assert (answer.status, answer.header("location")) == (303, f"{SETTINGS.signin.origin}/?realm=administrator")
    else:
        assert answer.status == 401


async def test_an_administrators_cookie_comes_with_nothing_that_began_elsewhere(adam: Browser) -> None:
    answer = await adam.post("/sign-out")
    [cookie] = [value for name, value in answer.headers if name == "set-cookie" and "administrator" in value]
    assert "samesite=strict" in cookie.lower()
    assert "secure" in cookie.lower()
    assert "httponly" in cookie.lower()
    assert (await adam.get("/")).status == 303, "the session has ended"
