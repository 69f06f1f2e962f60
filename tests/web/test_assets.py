# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Static files stand under the hash of their content, and what others wrote is the file that was reviewed or none."""

import base64
import hashlib
import re
import sys
from dataclasses import replace

import pytest

from tests.web.browsers import Browser
from vaka.errors import ConfigurationError
from vaka.web import assets
from vaka.web.assets import REVIEWED, load_assets, read_reviewed


@pytest.mark.parametrize(
    ("name", "begins"), [("htmx.js", b"var htmx="), *((f"face-{weight}.otf", b"OTTO") for weight in (400, 600, 700))]
)
def test_what_others_wrote_is_the_reviewed_file(name: str, begins: bytes) -> None:
    content = load_assets()[name].content
    assert hashlib.sha256(content).hexdigest() == REVIEWED[name].sha256
    assert content.startswith(begins)


def test_another_version_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="not the reviewed file"):
        read_reviewed(replace(REVIEWED["htmx.js"], sha256="0" * 64))


def test_a_missing_package_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = replace(REVIEWED["htmx.js"], package="no_such_package_here")
    monkeypatch.setattr(assets, "REVIEWED", {**REVIEWED, "htmx.js": gone})
    with pytest.raises(ConfigurationError, match="is missing"):
        load_assets()


def test_the_packages_that_carry_them_are_not_imported() -> None:
    load_assets()
    strangers = {"django", *(reviewed.package for reviewed in REVIEWED.values())}
    assert not [name for name in sys.modules if name.split(".")[0] in strangers]


def test_the_style_finds_the_typeface_under_its_hash() -> None:
    found = load_assets()
    named = re.findall(rb"url\(([^)]+)\)", found["vaka.css"].content)
    assert {address.decode() for address in named} >= {
        found[f"face-{weight}.otf"].address for weight in (400, 600, 700)
    }


def test_the_integrity_is_that_of_the_content() -> None:
    asset = load_assets()["vaka.css"]
    assert asset.integrity == "sha384-" + base64.b64encode(hashlib.sha384(asset.content).digest()).decode()


@pytest.mark.anyio
async def test_a_file_is_served_for_a_year_under_its_hash_alone(stranger: Browser) -> None:
    for name in ("vaka.css", "htmx.js", "signs.svg", "live.js", "opened.js"):
        asset = load_assets()[name]
        answer = await stranger.get(asset.address)
        assert answer.status == 200
        assert answer.body == asset.content
        assert answer.header("cache-control") == "public, max-age=31536000, immutable"
        assert (await stranger.get(f"/static/{'0' * 16}/{name}")).status == 404


def test_nothing_small_is_too_large() -> None:
    """Own scripts and style stay small enough to be read."""
    found = load_assets()
    for name in ("live.js", "opened.js", "ages.js", "sound.js", "keys.js", "closing.js", "touch.js"):
        assert found[name].content.count(b"\n") <= 300, name
