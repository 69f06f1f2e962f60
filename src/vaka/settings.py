# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Settings: one strict TOML file. An unknown key, or a value out of range, stops the start with every fault at once.

Secrets are never values here, only paths: passwords are files in the credentials directory. Relative paths are
relative to the file itself.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from vaka.addresses import is_this_machine, is_wildcard
from vaka.settings_backup import BackupSettings
from vaka.settings_operations import ClockSettings, FlowSettings, MachineName, TrialSettings
from vaka.settings_values import (
    AccountName,
    ContactAddress,
    FilePath,
    Network,
    OptionalPort,
    Port,
    PublicHost,
    SecretFile,
    WebAddressOrNone,
)
from vaka.settings_vulnerabilities import VulnerabilitiesSettings
from vaka.settings_web import (
    ONE_TABLE,
    AttachmentSettings,
    DemoSettings,
    DeskSettings,
    OfficeSettings,
    PortalSettings,
    RegistrySettings,
    SigninSettings,
    WebSettings,
)


class _Section(BaseModel):
    model_config = ONE_TABLE


class DatabaseSettings(_Section):
    """Where PostgreSQL is."""

    embedded: bool = True
    """Start a private server in the data directory; otherwise `host` and `port` name one that runs already."""
    host: str = ""
    """Host name, or the directory of its Unix socket; of several, with commas between, the one for writes. Not used
    when embedded."""
    port: Port = 5432
    """Its port. Not used when embedded."""

    @property
    def is_here(self) -> bool:
        """Whether it is reached by a Unix socket alone."""
        return self.embedded or self.host.startswith("/")

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is reached over a network."""
        return not self.is_here

    @property
    def is_cluster(self) -> bool:
        """Whether several servers are named, one of which takes writes."""
        return self.is_elsewhere and "," in self.host


class ReceiverSettings(_Section):
    """What devices reach."""

    host: str = "127.0.0.1"
    """Address to listen on for devices."""
    udp_port: OptionalPort = 5060
    """SIP over UDP; leave out with `false` in place of a number."""
    tcp_port: OptionalPort = 5060
    """SIP over TCP."""
    tls_port: OptionalPort = 5061
    """SIP over TLS 1.2 or newer."""
    processes: Annotated[int, Field(ge=1, le=32)] = 1
    """Receiver processes that share the ports."""
    machines: Annotated[list[MachineName], Field(max_length=20)] = []
    """Every machine that has to run a receiver, as `hostname` calls it. Without any: each heard within a day."""
    realm: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "vaka"
    """Digest realm. Part of every stored credential hash: changing it makes all digest devices fail."""
    certificate: FilePath = Path("tls/receiver.pem")
    """Certificate chain shown to devices (PEM)."""
    certificate_key: FilePath = Path("tls/receiver.key")
    """Its private key (PEM)."""
    device_authorities: FilePath | None = None
    """PEM file with the issuers whose device certificates are accepted; without it none is asked for."""
    commit_deadline_milliseconds: Annotated[int, Field(ge=50, le=10_000)] = 2000
    """An alarm not stored by then is answered 503, so that the device repeats or turns to its next receiver."""
    retry_after_seconds: Annotated[int, Field(ge=1, le=300)] = 5
    """What the 503 asks the device to wait."""
    nonce_lifetime_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    """How long a digest challenge may be answered."""
    flush_seconds: Annotated[float, Field(ge=0.5, le=60)] = 5
    """How often signs of life are written, in bulk."""
    public_host: PublicHost = ""
    """Name or address devices know us by, used in Via and From; default the listening address. Needed where `host` is
    `0.0.0.0` or `::`."""

    @model_validator(mode="after")
    def _require_a_way_in(self) -> Self:
        if self.udp_port is None and self.tcp_port is None and self.tls_port is None:
            raise ValueError("all ports are closed; give udp_port, tcp_port or tls_port a number")
        if not self.public_host and is_wildcard(self.host):
            raise ValueError(f"host {self.host} means all addresses; say in public_host at which devices reach us")
        return self


class SchedulerSettings(_Section):
    """Timers."""

    escalation_seconds: Annotated[float, Field(ge=0.2, le=30)] = 1
    """How often unanswered alarms are looked for."""
    supervision_seconds: Annotated[float, Field(ge=0.5, le=300)] = 10
    """How often silent devices are looked for."""
    protection_seconds: Annotated[float, Field(ge=0.5, le=300)] = 60
    """How often settings, credentials and rights are compared with what was accepted (`vaka settings`)."""
    removal_hour: Annotated[int, Field(ge=0, le=23)] = 1
    """At which hour of the night, Swedish time, removing what authorities keep no longer begins. It ends within four
    hours."""


class WitnessSettings(_Section):
    """One witness, and which logs it is shown."""

    url: str
    key: Annotated[str, Field(pattern=r"^[!-~]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$")]
    logs: Annotated[
        list[Annotated[str, Field(pattern=r"^(platform|authority/[a-z][a-z0-9_]{1,30})$")]], Field(min_length=1)
    ]


class LedgerSettings(_Section):
    """The logs of what happened."""

    origin: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9][a-z0-9._/-]*[a-z0-9]$")] = "vaka.invalid"
    """The logs' name, a domain of the operator's own and a path. Keys are bound to it: choose it before any start."""
    seal_seconds: Annotated[float, Field(ge=0.2, le=10)] = 0.5
    """How often what has happened is sealed and signed."""
    witnesses: Annotated[list[WitnessSettings], Field(max_length=1000)] = []
    """Who is shown each checkpoint before it is published: one table `[[ledger.witnesses]]` for each."""

    def log_name(self, slug: str | None = None) -> str:
        """Return the name of an authority's log, or of the platform's."""
        return f"{self.origin}/platform" if slug is None else f"{self.origin}/authority/{slug}"


class KeyholderSettings(_Section):
    """Where the keys are, and who may ask for them."""

    root: Literal["sealed_file", "key_device"] = "sealed_file"
    """Where the root key lies: a file that a credential in another directory opens, or a key device (PKCS#11)."""
    root_file: FilePath = Path("keys/root")
    """The sealed file. A backup that holds it and its credential holds every key."""
    root_credential: SecretFile = Path("credentials/root.key")
    """What opens the sealed file; made at the first start, and anew whenever a root key is destroyed."""
    root_credential_stays: bool = False
    """Whether somebody else puts the credential there (systemd, a tool that sets machines up), so that it must stay."""
    device_library: FilePath | None = None
    """The key device's own library. Needed where `root` is `key_device`, as is the package python-pkcs11."""
    device_label: Annotated[str, Field(pattern=r"^[ -~]{1,32}$")] = "vaka"
    """Which of the device's slots (tokens), by its label."""
    device_pin: SecretFile = Path("credentials/device.pin")
    """A file with its PIN."""
    memory: FilePath = Path("ledger/keys.seen")
    """The newest generation of keys that was seen here, by which an old copy of all keys is known. In no backup."""
    socket: FilePath = Path("run/keyholder.sock")
    """Where the other processes ask."""
    accounts: Annotated[list[AccountName], Field(max_length=16)] = []
    """Accounts of the operating system that may ask besides the one it runs as; they share its group."""

    @model_validator(mode="after")
    def _require_a_library(self) -> Self:
        if self.root == "key_device" and self.device_library is None:
            raise ValueError('with root = "key_device", say in device_library where the device\'s library is')
        return self


class RolesSettings(_Section):
    """Roles that need an authority's approval."""

    longest_emergency_hours: Annotated[int, Field(ge=1, le=24)] = 8
    """For how long a role may be given in an emergency, before the authority has approved it."""


class ErasureSettings(_Section):
    """Permanent erasure of people, and of a whole authority."""

    look_seconds: Annotated[float, Field(ge=0.2, le=300)] = 10
    """How often approved orders are looked for."""
    release_seconds: Annotated[int, Field(ge=1, le=3600)] = 130
    """How long receivers have to learn that an erased person's devices are nobody's; each looks once a minute."""
    backups_kept_days: Annotated[int, Field(ge=1, le=3650)] = 35
    """How long a backup of the databases is kept at most. Certificates say until when backups hold unreadable data."""
    backups: FilePath | None = None
    """The directory with the backup sets of the database. The newest is tried before an erasure is certified."""
    restored: FilePath = Path("restored")
    """Where a set is restored for that, and removed again: a directory that does not exist, with room for one set."""
    attempt_seconds: Annotated[int, Field(ge=10, le=86_400)] = 3600
    """How long restoring and trying may take."""
    ending_wait_days: Annotated[int, Field(ge=1, le=90)] = 7
    """How long the erasure of a whole authority waits after its approval; either officer may stop it meanwhile."""
    signing_key: FilePath = Path("credentials/certificates.key")
    """What certificates are signed with; made at the first start."""


class NoticesSettings(_Section):
    """Notices that are sent to authorities."""

    look_seconds: Annotated[float, Field(ge=0.2, le=60)] = 2
    """How often it is looked what is due."""
    sender: Annotated[str, Field(max_length=200, pattern=r"^[a-z0-9._-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$")] = (
        "vaka@vaka.invalid"
    )
    """Whom mails are from. What cannot be delivered comes back there."""
    own_networks: Annotated[list[Network], Field(max_length=50)] = []
    """Networks that are not public and that notices are sent into all the same, such as `10.20.0.0/16`."""
    signing_key: FilePath = Path("credentials/notices.key")
    """What posts to authorities' systems are signed with; made at the first start, its public half beside it."""


class TermsSettings(_Section):
    """The evidence of the 37 terms."""

    signing_key: FilePath = Path("credentials/packs.key")
    """What evidence packs are signed with; made at the first of them, its public half beside it."""
    answer_days: Annotated[int, Field(ge=1, le=365)] = 14
    """How many days the supplier has for what an authority asks and states no other day for; as the contract says."""


class SecurityContactSettings(_Section):
    """Whom somebody tells who has found a weakness; told at `/.well-known/security.txt` (RFC 9116)."""

    contacts: Annotated[list[ContactAddress], Field(max_length=10)] = []
    """Addresses that somebody reads, the first one first: `mailto:`, `https://` or `tel:`. Without any none is told."""
    expires: AwareDatetime | None = None
    """Until when that holds, with its zone, within a year; set anew by whoever has made sure that somebody reads."""
    policy: WebAddressOrNone = ""
    """Where it stands how reports are handled."""
    encryption: WebAddressOrNone = ""
    """Where a key for encrypted mail is found."""

    @model_validator(mode="after")
    def _hold_until_a_day(self) -> Self:
        if self.contacts and self.expires is None:
            raise ValueError("security_contact.expires says until when the contacts hold, with its zone")
        return self

    def is_told(self, now: datetime) -> bool:
        """Whether somebody is named, and that still holds."""
        return bool(self.contacts) and self.expires is not None and now < self.expires


class HostAdministratorSettings(_Section):
    """Whose an account of the machine is."""

    login: AccountName
    """What the machine calls it."""
    account: Annotated[UUID, Field(strict=False)]
    """The administrator's account in the office."""


class HostSettings(_Section):
    """Who may work on the machine itself."""

    accounts: Annotated[list[AccountName], Field(max_length=200)] = []
    """The machine's accounts that somebody is expected to be able to work as."""
    shared_accounts: Annotated[list[AccountName], Field(max_length=50)] = []
    """Accounts besides root that are nobody's own: each sign-in as one is told of."""
    administrators: Annotated[list[HostAdministratorSettings], Field(max_length=200)] = []
    """Whose each of the others is: one table `[[host.administrators]]` for each."""


class AccessSettings(_Section):
    """How people prove who they are."""

    step_up: Literal["required", "when_enrolled"] = "required"
    """Whether a privileged act needs the touch of a security key from everybody, or from whoever has enrolled one."""
    key_site: Annotated[str, Field(max_length=253, pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)*)?$")] = ""
    """For which host name security keys are made; empty is the portal's own. Changing it makes all of them useless."""
    fallback: Literal["off", "device_bound", "attested"] = "device_bound"
    """With which keys operators sign in while their issuer does not answer: any that stays in its device, one of a
    listed model, or none."""
    review_days: Annotated[int, Field(ge=1, le=30)] = 7
    """Within how many days after an emergency access somebody who is no custodian of it has gone through it."""
    declared_outage_hours: Annotated[int, Field(ge=1, le=8)] = 4
    """For how many hours at most a shift leader and an administrator declare that an issuer lets nobody in."""
    training_ahead_days: Annotated[int, Field(ge=1, le=60)] = 14
    """How many days before a mandatory course is due an administrator is told of it, on each page of the office."""
    key_models: FilePath | None = None
    """TOML file with the models of security keys that administrators may use, and their makers' certificates. Without
    it: none."""


class CasesSettings(_Section):
    """What was agreed of incidents and vulnerabilities. A case keeps the times that held when it was opened."""

    acknowledge_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """Within how many minutes the supplier acknowledges a case; then it goes to the next level, and again."""
    receipt_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    """Within how many minutes an authority says that it has seen something; then its next contact is to be called."""
    tell_minutes: Annotated[list[Annotated[int, Field(ge=1, le=43_200)]], Field(min_length=4, max_length=4)] = [
        60, 240, 1440, 4320,
    ]  # fmt: skip
    """Within how many minutes an authority is told: of a critical case, a high, a medium and a low one."""
    fix_hours: Annotated[list[Annotated[int, Field(ge=1, le=8760)]], Field(min_length=4, max_length=4)] = [
        24, 72, 336, 2160,
    ]  # fmt: skip
    """Within how many hours it is mended, in the same order."""


class ReleaseSettings(_Section):
    """Which releases may run here."""

    trusted_keys: FilePath | None = None
    """TOML file with whom releases and tests are believed. Needed in production once something was deployed."""
    signing_key: SecretFile = Path("credentials/test-environment.key")
    """What a test environment signs with what it has tried; made when it is first needed."""
    test_scan: FilePath | None = None
    """What the test environment signed last of its own stores. Without it, term 22 is not tested."""


class Settings(_Section):
    """The whole file."""

    mode: Literal["demo", "test", "production"] = "production"
    """In a demo a provider of its own says that one is whoever one chooses. No two kinds ever share a database."""
    database: DatabaseSettings = DatabaseSettings()
    receiver: ReceiverSettings = ReceiverSettings()
    desk: DeskSettings = DeskSettings()
    portal: PortalSettings = PortalSettings()
    registry: RegistrySettings = RegistrySettings()
    office: OfficeSettings = OfficeSettings()
    signin: SigninSettings = SigninSettings()
    demo: DemoSettings = DemoSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    ledger: LedgerSettings = LedgerSettings()
    keyholder: KeyholderSettings = KeyholderSettings()
    erasure: ErasureSettings = ErasureSettings()
    backup: BackupSettings = BackupSettings()
    access: AccessSettings = AccessSettings()
    roles: RolesSettings = RolesSettings()
    notices: NoticesSettings = NoticesSettings()
    terms: TermsSettings = TermsSettings()
    cases: CasesSettings = CasesSettings()
    vulnerabilities: VulnerabilitiesSettings = VulnerabilitiesSettings()
    attachments: AttachmentSettings = AttachmentSettings()
    security_contact: SecurityContactSettings = SecurityContactSettings()
    host: HostSettings = HostSettings()
    release: ReleaseSettings = ReleaseSettings()
    clock: ClockSettings = ClockSettings()
    flows: FlowSettings = FlowSettings()
    trial: TrialSettings = TrialSettings()

    @model_validator(mode="after")
    def _require_a_site_of_ours(self) -> Self:
        """A browser makes keys for a page's own host name, or for one above it."""
        host, site = urlsplit(self.portal.origin).hostname or "", self.access.key_site
        if site and host != site and not host.endswith(f".{site}"):
            raise ValueError(f"access.key_site is {host}, the host of portal.origin, or a name above it")
        return self

    @model_validator(mode="after")
    def _keep_a_demo_on_its_machine(self) -> Self:
        """Anybody is whoever he chooses in a demo, so nobody but this machine reaches its pages."""
        if self.mode == "demo":
            webs: tuple[tuple[str, WebSettings], ...] = (
                ("desk", self.desk), ("portal", self.portal), ("office", self.office), ("signin", self.signin),
                ("registry", self.registry), ("demo", self.demo),
            )  # fmt: skip
            for name, web in webs:
                if not (is_this_machine(web.host) and is_this_machine(urlsplit(web.origin).hostname or "")):
                    raise ValueError(
                        f"a demo lets anybody in, so {name}.host and {name}.origin are of this machine only"
                    )
        return self
