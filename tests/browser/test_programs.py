# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Programs in a real browser: registering one, and a program that asks the running portal over HTTP."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import expect

from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from tests.programs import FORM, assertion, key_set, proved_by
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
HERE = "/log/ekbacka/programs"


@pytest.fixture(autouse=True)
def no_programs(house: House) -> Iterator[None]:
    yield
    conninfo = house.installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo, autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("truncate vaka.api_client, vaka.api_token, vaka.api_assertion")


def ask(house: House, method: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[int, str]:
    """One request of a program, over the network."""
    place = urlsplit(house.portal)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    with closing(connection):
        connection.request(method, path, body, {"host": place.netloc, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_a_program_is_registered_and_asks_the_running_portal(house: House, review: Review) -> None:  # noqa: F811
    key = ECKey.generate_key("P-256")
    page = review("lovisa", HERE)
    page.fill("#purpose", "Hämtar loggen till e-arkivet varje natt")
    page.check("input[name=scope]")
    page.fill("#keys", key_set(key))
    page.get_by_role("button", name="Registrera").click()
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("I bruk")
    program = row.locator("code").first.inner_text()
    proof = proved_by(assertion(program, key, f"{house.portal}/api/token"))
    status, answer = ask(
        house, "POST", "/api/token", FORM, urlencode({"grant_type": "client_credentials", **proof})
    )  # fmt: skip
    assert status == 200, answer
    bearer = {"authorization": "Bearer " + json.loads(answer)["access_token"]}
    status, answer = ask(house, "GET", "/api/v1/ekbacka/log/entries", bearer)
    assert status == 200
    assert json.loads(answer)["entries"]
    row.get_by_role("button", name="Avsluta").click()
    expect(page.locator("tbody tr").first).to_contain_text("Avslutat")
    assert ask(house, "GET", "/api/v1/ekbacka/log/entries", bearer)[0] == 401


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_pages_are_accessible_and_fit(house: House, review: Review, theme: str, language: str) -> None:  # noqa: F811
    page = review("lovisa", HERE, theme=theme, language=language)
    require_accessible(page, "no programs")
    assert not scrolls(page)[0]
    page.fill("#purpose", "Prov")
    page.check("input[name=scope]")
    page.fill("#keys", json.dumps(ECKey.generate_key("P-256").as_dict(private=False)))
    page.locator("form[action$='/programs'] button.next-act").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    require_accessible(page, "a program")
    for size in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert not scrolls(page)[0]
