# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Static files stand under the hash of their content, and HTMX is the file that was reviewed or none."""

import base64
import hashlib
import sys

import pytest

from tests.web.browsers import Browser
from vaka.errors import ConfigurationError
from vaka.web import assets
from vaka.web.assets import HTMX_SHA256, load_assets, read_htmx


def test_htmx_is_the_reviewed_file() -> None:
    content = read_htmx()
    assert hashlib.sha256(content).hexdigest() == HTMX_SHA256
    assert b'version:"2.' in content


def test_another_htmx_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="not the reviewed file"):
        read_htmx("0" * 64)


def test_a_missing_htmx_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "HTMX_PACKAGE", "no_such_package_here")
    with pytest.raises(ConfigurationError, match="not installed"):
        load_assets()


def test_the_package_that_carries_htmx_is_not_imported() -> None:
    load_assets()
    assert not [name for name in sys.modules if name.split(".")[0] in ("django", "django_htmx")]


def test_the_integrity_is_that_of_the_content() -> None:
    asset = load_assets()["vaka.css"]
    assert asset.integrity == "sha384-" + base64.b64encode(hashlib.sha384(asset.content).digest()).decode()


@pytest.mark.anyio
async def test_a_file_is_served_for_a_year_under_its_hash_alone(stranger: Browser) -> None:
    for name in ("vaka.css", "htmx.js", "signs.svg", "live.js"):
        asset = load_assets()[name]
        answer = await stranger.get(asset.address)
        assert answer.status == 200
        assert answer.body == asset.content
        assert answer.header("cache-control") == "public, max-age=31536000, immutable"
        assert (await stranger.get(f"/static/{'0' * 16}/{name}")).status == 404


def test_nothing_small_is_too_large() -> None:
    """Own scripts and style stay small enough to be read."""
    found = load_assets()
    for name in ("live.js", "ages.js", "sound.js", "keys.js", "closing.js"):
        assert found[name].content.count(b"\n") <= 300, name
