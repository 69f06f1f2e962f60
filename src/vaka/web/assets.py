# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Static files: read once at the start, served from memory under the hash of their content.

A file's address changes whenever a byte of it does, so browsers may keep it for a year and never show an old one.
What others wrote (HTMX, the typeface) is not part of this source: it comes from the installed packages that carry it,
and is refused unless it is, byte for byte, the file that was reviewed.
"""

import base64
import hashlib
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from vaka.errors import Category, ConfigurationError, Sentence, VakaError


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A file of another package. A new version of it is a reviewed change of its line below."""

    package: str
    file: str
    sha256: str


_FACE = "font_source_sans_pro"
REVIEWED: Mapping[str, Reviewed] = {
    "htmx.js": Reviewed(
        "django_htmx", "static/django_htmx/htmx-2.min.js",
        "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de",
    ),
    "face-400.otf": Reviewed(
        _FACE, "files/SourceSansPro-Regular.otf",
        "6b096b47206d8f78a2c49af2f2ae46b35d93b0e3cf105a9febef59144aa2eae2",
    ),
    "face-600.otf": Reviewed(
        _FACE, "files/SourceSansPro-Semibold.otf",
        "ee3ba5c88400b22b880d85202ce82143dc5e19861bf7880b7f4c32d4263e96d5",
    ),
    "face-700.otf": Reviewed(
        _FACE, "files/SourceSansPro-Bold.otf",
        "9b8bd174f97413334e317be808d14d0ff8f6efed79a69299d84384c7e10e9312",
    ),
}  # fmt: skip
"""By the name under which the file is served: HTMX 2.0.10, Source Sans Pro 2.020."""

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".otf": "font/otf"}
ONE_YEAR_SECONDS = 31_536_000


@dataclass(frozen=True)
class Asset:
    """One static file. What is computed from its content is computed once: every page names it."""

    name: str
    content: bytes
    media_type: str

    @cached_property
    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of the content's SHA-256, part of the address."""
        return hashlib.sha256(self.content).hexdigest()[:16]

    @cached_property
    def address(self) -> str:
        """Where the browser finds it."""
        return f"/static/{self.fingerprint}/{self.name}"

    @cached_property
    def integrity(self) -> str:
        """The value of the page's ``integrity`` attribute (Subresource Integrity, SHA-384)."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.content).digest()).decode()


class Assets:
    """All static files by name."""

    def __init__(self, found: Mapping[str, Asset]) -> None:
        self._found = dict(found)

    def __getitem__(self, name: str) -> Asset:
        return self._found[name]

    def serve(self, request: Request) -> Response:
        """Answer a request for a static file. Raises VakaError (missing) for any other address."""
        asset = self._found.get(request.path_params["name"])
        if asset is None or asset.fingerprint != request.path_params["fingerprint"]:
            raise VakaError(Category.MISSING, Sentence(sv="Det finns ingen sådan fil.", en="There is no such file."))
        return Response(
            asset.content,
            media_type=asset.media_type,
            headers={"Cache-Control": f"public, max-age={ONE_YEAR_SECONDS}, immutable"},
        )


def load_assets() -> Assets:
    """Read every static file. Raises ConfigurationError where a reviewed file is missing or another."""
    found = {name: _asset(name, read_reviewed(reviewed)) for name, reviewed in REVIEWED.items()}
    for entry in files("vaka.web").joinpath("static").iterdir():
        if Path(entry.name).suffix in MEDIA_TYPES:
            found[entry.name] = _asset(entry.name, entry.read_bytes())
    for name in [name for name in found if name.endswith(".css")]:
        found[name] = _asset(name, _with_addresses(found[name].content, found))
    return Assets(found)


def read_reviewed(reviewed: Reviewed) -> bytes:
    """Return the content of a reviewed file, found without importing the package that carries it.

    Raises ConfigurationError where it is missing or its SHA-256 differs.
    """
    package = importlib.util.find_spec(reviewed.package)
    for location in (package.submodule_search_locations or ()) if package else ():
        path = Path(location) / reviewed.file
        if path.is_file():
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != reviewed.sha256:
                raise ConfigurationError(
                    f"{reviewed.file} of the installed {reviewed.package} is not the reviewed file: its SHA-256 "
                    "differs. Install the versions in requirements/runtime.txt."
                )
            return content
    raise ConfigurationError(
        f"The package {reviewed.package} with {reviewed.file} is missing. "
        "Install the versions in requirements/runtime.txt."
    )


def _asset(name: str, content: bytes) -> Asset:
    return Asset(name, content, MEDIA_TYPES[Path(name).suffix])


def _with_addresses(style: bytes, found: Mapping[str, Asset]) -> bytes:
    """A style sheet names other files plainly; in the browser each has its fingerprint."""
    return re.sub(rb"url\(([a-z0-9.-]+)\)", lambda match: f"url({found[match[1].decode()].address})".encode(), style)
