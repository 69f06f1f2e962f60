# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Renewing what ends: as it was issued, and nothing that nobody issued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from vaka.errors import ConfigurationError, VakaError
from vaka.operations.certificates.components import Component, keep, list_components, tidy
from vaka.operations.certificates.issuers import list_issuers, open_issuer
from vaka.operations.certificates.telling import issued, note


@dataclass(slots=True)
class Done:
    """What one run did."""

    renewed: list[str] = field(default_factory=list)
    """The names of what was."""
    failed: list[str] = field(default_factory=list)
    """A sentence for each that was due and could not be."""


def read_all(root: Path) -> tuple[Mapping[str, x509.Certificate], Sequence[Component]]:
    """Return the issuers and what was issued on this machine. Raises ConfigurationError."""
    try:
        return list_issuers(root), list_components(root)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"A certificate below {root / 'tls'} cannot be read. Look with `vaka doctor`."
        ) from error


def renew_all(root: Path, actor: str, now: datetime) -> Done:
    """Renew what is due; whatever hinders one, the others are renewed. The log is to be told of what is noted."""
    done = Done()
    for one in read_all(root)[1]:
        try:
            tidy(root, one.name)
            if not one.is_due(now):
                continue
            made = one.renew(open_issuer(root, one.issuer), now)
            note(root, issued(one.name, one.issuer, made.certificate, actor, now, anew=True))
            keep(root, one.name, made, one.request)
            done.renewed.append(one.name)
        except VakaError as error:
            done.failed.append(f"{one.name}: {error.sentence.en}")
        except OSError as error:
            done.failed.append(f"{one.name}: it cannot be written: {error.strerror}.")
    return done
