# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A real nginx before running processes, configured by the files that are documented; other in ports and paths."""

import getpass
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.peers import require_program

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES, PROGRAMS, SERVER = DOCS / "nginx.conf", DOCS / "nginx-programs.conf", DOCS / "nginx-server.conf"
KINDS_OF_FILES = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def changed(file: Path, changes: Mapping[str, str]) -> str:
    """A documented file, with what is other here; each must be in it."""
    text = file.read_text(encoding="utf-8")
    for documented, here in changes.items():
        assert documented in text, documented
        text = text.replace(documented, here)
    return text


@contextmanager
def nginx_before(place: Path, sites: str, server: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run nginx with ``sites`` and the lines that all servers have in common, all its files in ``place``."""
    nginx = require_program("nginx", package="nginx-light")
    (place / "snippets").mkdir()
    common = changed(SERVER, {"/var/log/nginx/vaka.log": f"{place}/vaka.log"}) if server is None else server
    (place / "snippets" / "vaka-server.conf").write_text(common)
    files = "".join(f"{kind}_temp_path {place}/{kind};\n" for kind in KINDS_OF_FILES)
    (place / "nginx.conf").write_text(
        f"daemon off; user {getpass.getuser()}; pid {place}/pid; error_log {place}/errors;\n"
        f"events {{}}\nhttp {{ access_log off;\n{files}{sites}}}\n"
    )
    front = subprocess.Popen([nginx, "-p", str(place), "-c", str(place / "nginx.conf")])
    try:
        yield front
    finally:
        front.terminate()
        front.wait(60)
