# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The other site: ``rclone serve restic --append-only`` of an account of its own, with certificates on both sides."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import first_port
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.commands.listening import Port, is_free
from vaka.demo.certificates import CertificateAuthority

ACCOUNT = "backup"
"""Debian's own account for backups: neither production's nor the database server's."""
_BASE = 19_100


@dataclass(frozen=True, slots=True)
class OtherSite:
    """A site that runs, and what production is given to reach it."""

    files: Path
    """What lies there; the site's account alone enters."""
    address: str


@contextmanager
def running_site(directory: Path, data: Path, *, append_only: bool = True) -> Iterator[OtherSite]:
    """Run a site below ``directory`` for the installation in ``data``, which gets its certificates."""
    account, now = pwd.getpwnam(ACCOUNT), SystemClock().now()
    directory.mkdir(mode=0o755)
    issuer = CertificateAuthority(directory)
    issuer.create(now)
    certificate, key = directory / "site.pem", directory / "site.key"
    issuer.issue_for_server(certificate, key, ("localhost", "127.0.0.1"), now)
    own, own_key = directory / "production.pem", directory / "production.key"
    issuer.issue_for_device(own, own_key, "production", now)
    shutil.copyfile(issuer.certificate_file, data / "tls" / "backup-site.pem")
    shown = data / "credentials" / "backup-site.pem"
    shown.touch(mode=0o600)
    shown.write_bytes(own.read_bytes() + own_key.read_bytes())
    files = directory / "files"
    files.mkdir(mode=0o700)
    for path in (files, key, certificate):
        os.chown(path, account.pw_uid, account.pw_gid)
    port = next(
        one for one in range(first_port(_BASE), first_port(_BASE) + 200) if is_free(Port("tcp", one), "127.0.0.1")
    )
    process = subprocess.Popen(
        ["/usr/bin/rclone", "--config", "/dev/null", "serve", "restic", *(["--append-only"] if append_only else []),
         "--addr", f"127.0.0.1:{port}", "--cert", str(certificate), "--key", str(key),
         "--client-ca", str(issuer.certificate_file), str(files)],
        user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/", env={"PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: process.poll() is not None or not is_free(Port("tcp", port), "127.0.0.1"))
        with socket.create_connection(("127.0.0.1", port)):
            pass
        yield OtherSite(files, f"https://localhost:{port}/")
    finally:
        process.terminate()
        process.wait(60)
