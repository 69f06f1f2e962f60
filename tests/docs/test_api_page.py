# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The page about the interface for programs names every address there is, with its permission, and no other."""

import re
from pathlib import Path

from vaka.web.portal.api import API as PORTAL
from vaka.web.registry.application import API as REGISTRY
from vaka.web.routes import PUBLIC

API = (*PORTAL, *(one for one in REGISTRY if one.path.startswith("/api/")))
PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def test_every_address_is_on_the_page_with_its_permission() -> None:
    rows = set(re.findall(r"^\| `(?:GET|POST|PUT) (\S+)` \| `([a-z_.]+)` \|", PAGE, flags=re.MULTILINE))
    assert rows == {(one.path, str(one.needs.value)) for one in API if one.needs is not PUBLIC}
    for one in API:
        assert f"{one.methods[0]} {one.path}" in PAGE
