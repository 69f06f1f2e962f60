# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which kind of browser somebody uses, of a short list: enough to know one's own again, and nobody else's machine.

What a browser says of itself (RFC 9110, section 10.1.5) is long, and tells machines apart; none of it is kept but this.
"""

from collections.abc import Mapping

from starlette.requests import Request

from vaka.web.texts import Language, mark, texts_in

LONGEST_LOOKED_AT = 512
"""Characters of what a browser says of itself."""
# In this order: Edge and Opera also say Chrome, and Chrome also says Safari.
_PROGRAMS = (
    ("edg", "edge"), ("opr/", "opera"), ("firefox/", "firefox"), ("fxios/", "firefox"), ("crios/", "chrome"),
    ("chrome/", "chrome"), ("safari/", "safari"),
)  # fmt: skip
# Android also says Linux, and telephones of Apple's also say Mac OS X.
_SYSTEMS = (
    ("android", "android"), ("iphone", "ios"), ("ipad", "ios"), ("windows", "windows"), ("mac os x", "macos"),
    ("cros", "chromeos"), ("linux", "linux"),
)  # fmt: skip
NAMES: Mapping[str, str] = {
    "edge": "Edge", "opera": "Opera", "firefox": "Firefox", "chrome": "Chrome", "safari": "Safari",
    "android": "Android", "ios": "iOS", "windows": "Windows", "macos": "macOS", "chromeos": "ChromeOS",
    "linux": "Linux",
}  # fmt: skip
OTHER, ON = mark("Another browser"), mark("%(program)s on %(system)s")


def read_browser(request: Request) -> str:
    """Return of which kind the browser says it is: ``firefox linux``, or nothing where that is not known."""
    said = request.headers.get("user-agent", "")[:LONGEST_LOOKED_AT].lower()
    program = next((name for sign, name in _PROGRAMS if sign in said), None)
    system = next((name for sign, name in _SYSTEMS if sign in said), None)
    return f"{program} {system}" if program and system else ""


def name_browser(kind: str, language: Language) -> str:
    """Return what people call it."""
    gettext = texts_in(language).gettext
    program, _, system = kind.partition(" ")
    if program not in NAMES or system not in NAMES:
        return gettext(OTHER)
    return gettext(ON) % {"program": NAMES[program], "system": NAMES[system]}
