# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Settings of how an installation is run and watched: its clocks, and what flows to and from it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from vaka.settings_values import FilePath, Network, Port
from vaka.settings_web import ONE_TABLE

MachineName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
_SITES = ("gbg", "lul", "mmo", "sth", "svl")


class ClockSourceSettings(BaseModel):
    """One source that machines may follow."""

    model_config = ONE_TABLE

    name: Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]
    """What the time service's configuration calls it."""
    nts: bool = True
    """Whether it has to prove by NTS who it is. Without that, it is known by its networks alone."""
    networks: Annotated[list[Network], Field(max_length=20)] = []
    """Networks that its addresses are in. Needed where it proves nothing."""

    @model_validator(mode="after")
    def _be_known_by_something(self) -> Self:
        if not self.nts and not self.networks:
            raise ValueError("a source without NTS is known by its networks alone: name them")
        return self


UTC_SP: Sequence[ClockSourceSettings] = [
    ClockSourceSettings(name="nts.netnod.se"),
    *(ClockSourceSettings(name=f"{site}{number}.nts.netnod.se") for site in _SITES for number in (1, 2)),
]
"""The sources with NTS of the Swedish distributed time service (Netnod), which follow UTC(SP)."""


class ClockSettings(BaseModel):
    """What makes a machine's clock sound."""

    model_config = ONE_TABLE

    report: FilePath = Path("/run/vaka-clock/report")
    """Where the machine's time service writes each minute how it stands (packaging/chrony)."""
    machines: Annotated[list[MachineName], Field(max_length=200)] = []
    """Every machine besides the scheduler's that has to report its clock, as `hostname` calls it."""
    sources: Annotated[list[ClockSourceSettings], Field(min_length=1, max_length=50)] | None = None
    """The sources that machines may follow: one table `[[clock.sources]]` for each. Without any, Netnod's with NTS."""
    largest_stratum: Annotated[int, Field(ge=2, le=15)] = 3
    """How far from a source of stratum 1 a machine may be, itself counted."""
    longest_reference_seconds: Annotated[int, Field(ge=1, le=86_400)] = 1200
    """How long ago the source may have been followed last."""
    largest_error_milliseconds: Annotated[int, Field(ge=1, le=10_000)] = 100
    """How far off the clock may be at most, by what the time service knows: dispersion, half the delay, and offset."""
    largest_difference_milliseconds: Annotated[int, Field(ge=1, le=10_000)] = 100
    """How much two machines' clocks may differ."""

    @property
    def allowed(self) -> Sequence[ClockSourceSettings]:
        """The sources that machines may follow."""
        return UTC_SP if self.sources is None else self.sources


FlowName = Annotated[str, Field(max_length=40, pattern=r"^[a-z]+(-[a-z0-9]+)*$")]


class OwnFlowSettings(BaseModel):
    """A flow that an installation has besides those of the product."""

    model_config = ONE_TABLE

    name: FlowName
    """A short name of its own."""
    source: Annotated[str, Field(min_length=1, max_length=100)]
    """Who connects."""
    target: Annotated[str, Field(min_length=1, max_length=100)]
    """What is connected to."""
    transport: Literal["tcp", "udp"] = "tcp"
    """Over what."""
    port: Port
    """The port that listens on one of the machines."""
    protection: Literal["tls", "mutual-tls", "database-tls", "ssh", "nts", "signed", "loopback", "none"]
    """How it is protected; `loopback` never leaves the machine, `none` is in clear and needs an exception."""


class FlowExceptionSettings(BaseModel):
    """Until when a flow in clear is excepted."""

    model_config = ONE_TABLE

    flow: FlowName
    """Which: `devices-udp`, say."""
    until: AwareDatetime
    """Until when, with its zone. One that is more than 366 days ahead does not count yet."""


class TrialSettings(BaseModel):
    """Trial alarms: one a minute for each authority goes the way that real ones go, over TLS."""

    model_config = ONE_TABLE

    host: Annotated[str, Field(max_length=253)] = ""
    """The name by which devices reach the receivers. Empty: `receiver.public_host`, or `receiver.host` without it."""
    trusted: FilePath | None = None
    """Certificates of whom the receivers may have their certificate from (PEM). Without it, whom the machine trusts."""
    machines: Annotated[list[MachineName], Field(max_length=20)] = []
    """Every machine that has to send them, as `hostname` calls it. Without any: each that sent one within a day."""


class FlowSettings(BaseModel):
    """What flows between whom, besides what the product says by itself (docs/traffic.md)."""

    model_config = ONE_TABLE

    own: Annotated[list[OwnFlowSettings], Field(max_length=200)] = []
    """Flows of the installation's own, on ports of its own: how one works on its machines, say. One table
    `[[flows.own]]` for each."""
    exceptions: Annotated[list[FlowExceptionSettings], Field(max_length=50)] = []
    """Flows in clear that are excepted for a time, which every authority sees: one table `[[flows.exceptions]]` for
    each."""
