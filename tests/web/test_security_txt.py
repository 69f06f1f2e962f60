# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whoever finds a weakness finds whom to tell (RFC 9116), judged by somebody else's reader of such files."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sectxt import Parser

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from vaka.clock import SystemClock
from vaka.settings import SecurityContactSettings, Settings
from vaka.web.office.application import build_office
from vaka.web.office.opening import open_office
from vaka.web.portal.application import build_portal
from vaka.web.portal.opening import open_portal
from vaka.web.security_txt import PATH, write_security_txt

NOW = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)
CONTACTS = ["mailto:sakerhet@leverantor.example", "https://leverantor.example/rapportera"]
ORIGIN = "https://portal.leverantor.example"


def contact(**other: Any) -> SecurityContactSettings:
    """Return whom to tell, for half a year from now on."""
    said = {
        "contacts": CONTACTS, "expires": datetime.now(UTC) + timedelta(days=180),
        "policy": "https://leverantor.example/policy", "encryption": "https://leverantor.example/nyckel.asc",
    }  # fmt: skip
    return SecurityContactSettings(**{**said, **other})


def judge(text: str) -> list[str]:
    """Return what sectxt finds wrong, and what it recommends beside a signature."""
    read = Parser(text.encode(), is_local=True)
    found = [one["code"] for one in (*read.errors, *read.recommendations)]
    return [one for one in found if one != "not_signed"]


def test_what_is_served_is_valid() -> None:
    """With everything and with the least."""
    text = write_security_txt(contact(), ORIGIN, datetime.now(UTC))
    assert text is not None
    assert judge(text) == []
    assert f"Canonical: {ORIGIN}{PATH}\n" in text
    least = contact(contacts=CONTACTS[1:], policy="", encryption="")
    assert judge(write_security_txt(least, ORIGIN, datetime.now(UTC)) or "") == []


def test_what_has_expired_is_not_served_and_the_judge_would_refuse_it() -> None:
    """To the second; the judge is shown what would have been served a day before."""
    ended = contact(expires=datetime.now(UTC) - timedelta(hours=1))
    before = write_security_txt(ended, ORIGIN, datetime.now(UTC) - timedelta(days=1))
    assert before is not None
    assert "expired" in judge(before)
    assert ended.expires is not None
    assert write_security_txt(ended, ORIGIN, ended.expires) is None
    assert write_security_txt(ended, ORIGIN, ended.expires - timedelta(seconds=1)) is not None


def test_what_says_too_little_is_refused_by_the_judge() -> None:
    """As it would any file: without a contact, without an end."""
    text = write_security_txt(contact(), ORIGIN, datetime.now(UTC)) or ""
    for lost, code in (("Contact", "no_contact"), ("Expires", "no_expire")):
        kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(lost))
        assert code in judge(kept), lost


@pytest.mark.parametrize(
    "other",
    [
        {"expires": None},
        {"expires": NOW.replace(tzinfo=None)},
        {"contacts": ["sakerhet@leverantor.example"]},
        {"contacts": ["mailto:a@b.example\nExpires: 2099-01-01T00:00:00Z"]},
        {"contacts": ["http://leverantor.example"]},
        {"policy": "http://leverantor.example/policy"},
        {"policy": "https://leverantor.example/\nContact: mailto:x@y.example"},
    ],
)
def test_settings_that_would_make_an_unusable_file_are_refused(other: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        contact(**other)


@pytest.mark.anyio
@pytest.mark.database
async def test_each_room_serves_it_to_strangers_or_says_that_there_is_none(installation: Installation) -> None:
    """The portal and the office, each with its own address in it; without settings it is not there."""
    told = Settings(mode="demo", security_contact=contact())
    for settings, status in ((told, 200), (Settings(mode="demo"), 404)):
        async with open_portal(installation.server, settings, SystemClock()) as portal:
            answer = await Browser(build_portal(portal, settings), settings.portal.origin).get(PATH)
            assert answer.status == status
        async with open_office(installation.server, settings, SystemClock()) as office:
            other = await Browser(build_office(office, settings), settings.office.origin).get(PATH)
            assert other.status == status
        if status == 200:
            assert answer.header("content-type") == "text/plain; charset=utf-8"
            assert f"Canonical: {settings.portal.origin}{PATH}\n" in answer.text
            assert f"Canonical: {settings.office.origin}{PATH}\n" in other.text
