# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Settings of what is published of vulnerabilities, and of what runs elsewhere."""

from typing import Annotated

from pydantic import BaseModel, Field

from vaka.settings_values import FilePath
from vaka.settings_web import ONE_TABLE


class _Section(BaseModel):
    model_config = ONE_TABLE


class AdvisorySourceSettings(_Section):
    """One place that advisory data are fetched from."""

    url: Annotated[str, Field(max_length=500, pattern=r"^https://[^\s@]+$")]
    """Where the file is: of OSV's a zip of an ecosystem, of Debian's tracker its JSON."""
    trusted: FilePath | None = None
    """PEM file with the issuers of its certificate, where they are not the system's: a mirror of one's own."""


class BillSettings(_Section):
    """What runs elsewhere than on the scheduler's machine."""

    path: FilePath
    """A bill of materials (CycloneDX, JSON), written anew by whoever changes what runs there."""
    authority: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{1,30})?$")] = ""
    """The authority that alone it works for, by its short name; empty where it works for all."""


class VulnerabilitiesSettings(_Section):
    """What runs, held against published vulnerabilities."""

    sources: Annotated[list[AdvisorySourceSettings], Field(max_length=10)] = []
    """Where `vaka advisories fetch` fetches: one table `[[vulnerabilities.sources]]` for each. None: it is imported."""
    fetch_seconds: Annotated[int, Field(ge=5, le=3600)] = 600
    """How long fetching one of them may take."""
    bills: Annotated[list[BillSettings], Field(max_length=100)] = []
    """What runs elsewhere: one table `[[vulnerabilities.bills]]` for each."""
    compare_minutes: Annotated[int, Field(ge=1, le=720)] = 60
    """How often it is compared without anything new; each start and each import are compared at once."""
