# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Settings of backups: where they are kept, what was agreed of them, how often they are made."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, model_validator

from vaka.settings_values import FilePath, OptionalPort, PublicHost, SecretFile
from vaka.settings_web import ONE_TABLE

# They come into a file of settings and are told to another machine: nothing in them ends a line or begins an option.
_Place = Annotated[str, Field(max_length=200, pattern=r"^/[A-Za-z0-9_./-]+$")]
_Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")]


class AgreedSettings(BaseModel):
    """What one authority agreed on, where it is something else than what holds for all."""

    model_config = ONE_TABLE

    authority: _Slug
    """The authority's short name."""
    point_minutes: Annotated[int, Field(ge=5, le=10_080)]
    """The recovery point agreed with it (RPO), in minutes."""
    time_minutes: Annotated[int, Field(ge=5, le=43_200)]
    """The recovery time agreed with it (RTO), in minutes."""


class MemberSettings(BaseModel):
    """Where things lie on one of the database servers that are backed up here."""

    model_config = ONE_TABLE

    host: Annotated[PublicHost, Field(min_length=1)]
    """Its name, as `database.host` has it."""
    data: _Place = "/var/lib/postgresql/vaka"
    """PostgreSQL's directory."""
    configuration: _Place = "/etc/pgbackrest/vaka.conf"
    """What pgBackRest is configured with there."""


class BackupSettings(BaseModel):
    """Backups of the databases and files, at another site."""

    model_config = ONE_TABLE

    site: Annotated[str, Field(max_length=300, pattern=r"^(https://[^\s@?#]+/)?$")] = ""
    """Where they are added to: the site's append-only address, `https://…/`. Without it none is made."""
    site_authority: FilePath = Path("tls/backup-site.pem")
    """PEM file with whoever issued the site's certificate."""
    site_certificate: FilePath = Path("credentials/backup-site.pem")
    """PEM file with the certificate and key that we show the site."""
    passphrase: SecretFile = Path("credentials/backup.pass")
    """A file with what the databases' backups are encrypted with; made at the first backup. Keep a copy elsewhere."""
    files_passphrase: SecretFile = Path("credentials/backup-files.pass")
    """The same, of what is added at the site. Whoever tidies there has it, and reads no database by it."""
    restored: FilePath = Path("restored-backup")
    """Where a backup is restored for the while, and removed: a directory that does not exist, with room for one."""
    point_minutes: Annotated[int, Field(ge=5, le=10_080)] = 15
    """The agreed recovery point (RPO): how many minutes of changes may be lost at most."""
    time_minutes: Annotated[int, Field(ge=5, le=43_200)] = 240
    """The agreed recovery time (RTO): within how many minutes everything is restored."""
    agreed: Annotated[list[AgreedSettings], Field(max_length=1000)] = []
    """Whoever agreed on something else: one table `[[backup.agreed]]` for each."""
    full_days: Annotated[int, Field(ge=1, le=14)] = 7
    """How often everything is copied anew. Backups are kept no longer than `erasure.backups_kept_days`."""
    differential_hours: Annotated[int, Field(ge=1, le=168)] = 24
    """How often what differs from the last full one is copied."""
    incremental_hours: Annotated[int, Field(ge=1, le=168)] = 6
    """How often what differs from the last of any kind is copied. What happens is archived each minute besides."""
    site_days: Annotated[int, Field(ge=1, le=30)] = 7
    """For how many days the site keeps what was added; whoever works there removes it, and nobody here can."""
    queue_gigabytes: Annotated[int, Field(ge=1, le=1000)] = 8
    """How much may wait for an archive that fails. More is let go, since alarms need the disk; it is red by then."""

    members_port: OptionalPort = None
    """Where pgBackRest listens, here and on the servers that `database.host` names; `false`: others back those up."""
    members_listen: Annotated[str, Field(max_length=45, pattern=r"^([0-9A-Fa-f.:]+|\*)$")] = "*"
    """Address to listen on for them."""
    members: Annotated[list[MemberSettings], Field(max_length=20)] = []
    """Whichever of them has its files in other places than these: one table `[[backup.members]]` for each."""

    @model_validator(mode="after")
    def _name_a_host(self) -> Self:
        if self.site and not (self.site_host and self.site_port):
            raise ValueError("backup.site names a host: https://backup.example:8410/")
        return self

    @property
    def site_host(self) -> str:
        """The site's host name."""
        return urlsplit(self.site).hostname or ""

    @property
    def site_port(self) -> int | None:
        """The site's port, where there is a site."""
        return (urlsplit(self.site).port or 443) if self.site else None

    def agreed_with(self, slug: str) -> tuple[timedelta, timedelta]:
        """Return the recovery point and the recovery time that were agreed with an authority."""
        for one in self.agreed:
            if one.authority == slug:
                return timedelta(minutes=one.point_minutes), timedelta(minutes=one.time_minutes)
        return timedelta(minutes=self.point_minutes), timedelta(minutes=self.time_minutes)
