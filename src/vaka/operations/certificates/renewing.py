# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Renewing what ends: as it was issued, and nothing that nobody issued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from vaka.crypto.certificates import UNREADABLE
from vaka.errors import ConfigurationError, VakaError
from vaka.operations.certificates.components import Component, keep, list_components, require_place, say_why, tidy
from vaka.operations.certificates.issuers import certificate_file, list_issuers, open_issuer
from vaka.operations.certificates.telling import issued, note


@dataclass(slots=True)
class Done:
    """What one run did."""

    renewed: list[str] = field(default_factory=list)
    """The names of what was."""
    failed: list[str] = field(default_factory=list)
    """A sentence for each that was due and could not be."""


def read_issuers(root: Path) -> Mapping[str, x509.Certificate]:
    """Return the issuers on this machine. Raises ConfigurationError where one cannot be read."""
    found, broken = list_issuers(root)
    for name, error in broken.items():
        raise ConfigurationError(
            f"{certificate_file(root, name)} cannot be read: {say_why(error)}. Look with `vaka doctor`."
        ) from error
    return found


def read_components(root: Path) -> tuple[Sequence[Component], Mapping[str, Exception]]:
    """Return what `list_components` does. Raises ConfigurationError where it cannot be seen what there is."""
    try:
        return list_components(root)
    except OSError as error:
        raise ConfigurationError(f"{root / 'tls/issued'} cannot be read: {error.strerror}.") from error


def renew_all(root: Path, actor: str, now: datetime) -> Done:
    """Renew what is due; whatever hinders one, the others are renewed. The log is to be told of what is noted."""
    done = Done()
    done.failed.extend(f"issuer {name}: {say_why(error)}." for name, error in list_issuers(root)[1].items())
    components, broken = read_components(root)
    done.failed.extend(f"{name}: {say_why(error)}." for name, error in broken.items())
    for one in components:
        try:
            tidy(root, one.name)
            if not one.is_due(now):
                continue
            require_place(root, one.name)
            made = one.renew(open_issuer(root, one.issuer), now)
            note(root, issued(one.name, one.issuer, made.certificate, actor, now, anew=True))
            keep(root, one.name, made, one.request)
            done.renewed.append(one.name)
        except VakaError as error:
            done.failed.append(f"{one.name}: {error.sentence.en}")
        except OSError as error:
            done.failed.append(f"{one.name}: it cannot be written: {error.strerror}.")
        except UNREADABLE as error:
            done.failed.append(f"{one.name}: {say_why(error)}.")
    return done
