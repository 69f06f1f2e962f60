# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which kind of browser it is, of what browsers really say of themselves."""

import pytest
from starlette.requests import Request

from vaka.web.browser_kinds import name_browser, read_browser

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("said", "kind", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "firefox linux", "Firefox på Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "chrome windows", "Chrome på Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/131.0.0.0", "edge windows",
         "Edge på Windows"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Version/18.1 Safari/605.1.15", "safari macos",
         "Safari på macOS"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {SAFARI} Version/18.1 Mobile/15E148 Safari/604.1",
         "safari ios", "Safari på iOS"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {CHROME} Mobile Safari/537.36", "chrome android",
         "Chrome på Android"),
        ("curl/8.9", "", "En annan webbläsare"),
        ("<script>alert(1)</script> Firefox/1", "", "En annan webbläsare"),
        ("x" * 4000 + " Firefox/1 Linux", "", "En annan webbläsare"),
        ("", "", "En annan webbläsare"),
    ],
)  # fmt: skip
def test_a_browser_is_two_words_or_none(said: str, kind: str, name: str) -> None:
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"user-agent", said.encode())]})
    assert read_browser(request) == kind
    assert name_browser(kind, "sv") == name


def test_what_is_not_of_the_list_is_never_shown() -> None:
    assert name_browser("<b> linux", "en") == name_browser("firefox", "en") == "Another browser"
