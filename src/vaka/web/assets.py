# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Static files: read once at the start, served from memory under the hash of their content.

A file's address changes whenever a byte of it does, so browsers may keep it for a year and never show an old one.
HTMX is not part of this source: it comes from the installed package that carries it, and is refused unless it is, byte
for byte, the file that was reviewed.
"""

import base64
import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from vaka.errors import Category, ConfigurationError, Sentence, VakaError

HTMX_PACKAGE = "django_htmx"
HTMX_FILE = "static/django_htmx/htmx-2.min.js"
HTMX_SHA256 = "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de"
"""SHA-256 of the reviewed file (HTMX 2.0.10). A new version is a reviewed change of this line."""

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ONE_YEAR_SECONDS = 31_536_000


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    name: str
    content: bytes
    media_type: str

    @property
    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of the content's SHA-256, part of the address."""
        return hashlib.sha256(self.content).hexdigest()[:16]

    @property
    def address(self) -> str:
        """Where the browser finds it."""
        return f"/static/{self.fingerprint}/{self.name}"

    @property
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
    """Read every static file. Raises ConfigurationError where HTMX is missing or not the reviewed file."""
    found = {}
    for entry in files("vaka.web").joinpath("static").iterdir():
        suffix = Path(entry.name).suffix
        if suffix in MEDIA_TYPES:
            found[entry.name] = Asset(entry.name, entry.read_bytes(), MEDIA_TYPES[suffix])
    found["htmx.js"] = Asset("htmx.js", read_htmx(), MEDIA_TYPES[".js"])
    return Assets(found)


def read_htmx(expected_sha256: str = HTMX_SHA256) -> bytes:
    """Return the reviewed HTMX file, found without importing the package that carries it.

    Raises ConfigurationError where it is missing or differs from ``expected_sha256``.
    """
    package = importlib.util.find_spec(HTMX_PACKAGE)
    for location in (package.submodule_search_locations or ()) if package else ():
        path = Path(location) / HTMX_FILE
        if path.is_file():
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != expected_sha256:
                raise ConfigurationError(
                    f"The installed HTMX ({HTMX_PACKAGE}: {HTMX_FILE}) is not the reviewed file: its SHA-256 differs. "
                    "Install the versions in requirements/runtime.txt."
                )
            return content
    raise ConfigurationError(
        f"HTMX is not installed: the package {HTMX_PACKAGE} with {HTMX_FILE} is missing. "
        "Install the versions in requirements/runtime.txt."
    )
