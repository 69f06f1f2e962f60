# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which certificates lie on a machine: those of its data directory, whoever shows them (term 30)."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography import x509

from vaka.operations.flows.reporting import ToldCertificate


def read_certificates(root: Path) -> Sequence[ToldCertificate]:
    """Return those in ``tls/`` of a data directory, by the file's name. Raises OSError."""
    found: list[ToldCertificate] = []
    for path in sorted((root / "tls").glob("*.pem")):
        # A file may hold a key alone, or a request for a certificate.
        with suppress(ValueError):
            found += [
                ToldCertificate(f"tls/{path.name}", one.not_valid_before_utc, one.not_valid_after_utc)
                for one in x509.load_pem_x509_certificates(path.read_bytes())
            ]
    return found
