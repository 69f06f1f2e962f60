# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The routine of who gets access, as an authority takes it out: it says what decides, and taking it is an entry."""

import hashlib
import html
import re

import pytest

from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from vaka.access.duties import CONFLICTS
from vaka.access.permission_words import PERMISSION_WORDS
from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/access"


def test_every_permission_is_said_in_both_languages() -> None:
    assert PERMISSION_WORDS.keys() == set(Permission)
    for said in PERMISSION_WORDS.values():
        assert said.sv
        assert said.en != said.sv


@pytest.mark.parametrize(("persona", "language"), [("beata", "sv"), ("bertil", "en")])
async def test_term_14_4_the_authority_takes_out_how_access_is_given(
    portal: Portal, installation: Installation, logs: Logs, persona: str, language: str
) -> None:
    browser = await enter(portal, installation, persona)
    mark = logs.mark("ekbacka")
    answer = await browser.post(f"{HERE}/routine")
    assert answer.status == 200
    assert re.fullmatch(
        r'attachment; filename="vaka-ekbacka-access-\d{8}-\d{4}\.html"', answer.header("Content-Disposition")
    )
    [entry] = [one for one in logs.since(mark, "ekbacka") if one["event"] == "routine.taken"]
    assert entry["actor"] == f"account:{installation.accounts[persona]}"
    assert entry["detail"] == {"format": "html", "sha256": hashlib.sha256(answer.text.encode()).hexdigest()}
    text = html.unescape(answer.text)
    for role in ROLES.values():
        part = text.split(f"<h3>{role.title.in_language(language)}")[1].split("</ul>")[0]
        wanted = [PERMISSION_WORDS[one].in_language(language) for one in Permission if one in role.permissions]
        assert re.findall(r"<li>(.*?)</li>", part) == wanted
    for pair in CONFLICTS:
        row = [ROLES[name].title.in_language(language) for name in (pair.one, pair.other)]
        assert f"<tr><td>{row[0]}</td><td>{row[1]}</td>" in text
    assert "<script" not in text
    assert not any(name in text for name in ("Beata", "Bertil"))


async def test_what_the_authority_has_designated_stands_in_it(
    portal: Portal, installation: Installation, logs: Logs
) -> None:
    browser = await enter(portal, installation, "bertil")
    assert "needs your approval" not in (await browser.post(f"{HERE}/routine")).text
    where, who = installation.authorities["ekbacka"].id, installation.accounts["beata"]
    logs.execute(
        "platform",
        "insert into vaka.designated_role (authority_id, role, since, designated_by, reason) values"
        f" ('{where}', 'archivist', now(), '{who}', 'KS 1')",
        unguarded=True,
    )
    try:
        assert "<h3>Archivist · needs your approval since" in (await browser.post(f"{HERE}/routine")).text
    finally:
        logs.execute("platform", "delete from vaka.designated_role", unguarded=True)


@pytest.mark.parametrize("persona", ["lovisa", "niklas"])
async def test_whoever_does_not_see_access_takes_nothing_out(
    portal: Portal, installation: Installation, logs: Logs, persona: str
) -> None:
    browser, mark = await enter(portal, installation, persona), logs.mark("ekbacka")
    assert (await browser.post(f"{HERE}/routine")).status in (403, 404)
    assert "routine.taken" not in {one["event"] for one in logs.since(mark, "ekbacka")}
