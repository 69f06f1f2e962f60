# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Settings: strict, complete in their complaints, and never the place of a secret."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from vaka.commands.demo_settings import DEFAULT as DEMO
from vaka.errors import Category, ConfigurationError
from vaka.settings import Settings
from vaka.settings_reading import load_settings


def write(directory: Path, text: str) -> Path:
    path = directory / "vaka.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_empty_file_gives_safe_defaults(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, ""))
    assert settings.mode == "production", "a demo must be asked for"
    assert settings.database.embedded is True
    for section in (settings.receiver, settings.desk, settings.signin):
        assert section.host == "127.0.0.1", "nothing is reachable from outside unless somebody says so"


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    settings = load_settings(
        write(
            tmp_path,
            """
            mode = "demo"
            [database]
            embedded = false
            host = "db.example.org"
            port = 5433
            [receiver]
            udp_port = 15060
            tls_port = false
            certificate = "/etc/vaka/receiver.pem"
            flush_seconds = 0.5
            [desk]
            origin = "http://localhost:9401"
            """,
        )
    )
    assert settings.mode == "demo"
    assert (settings.database.embedded, settings.database.host, settings.database.port) == (
        False,
        "db.example.org",
        5433,
    )
    assert settings.receiver.udp_port == 15060
    assert settings.receiver.tcp_port == 5060
    assert settings.receiver.tls_port is None
    assert settings.receiver.certificate == Path("/etc/vaka/receiver.pem")
    assert settings.receiver.flush_seconds == 0.5
    assert settings.desk.origin == "http://localhost:9401"
    assert settings.desk.port == 8401


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("unknown = 1", "unknown"),
        ("[receiver]\nudp_prot = 5060", "receiver.udp_prot"),
        ("[reciever]\nudp_port = 5060", "reciever"),
        ("mode = 'trial'", "mode"),
        ("[receiver]\nudp_port = 0", "receiver.udp_port"),
        ("[receiver]\nudp_port = 65536", "receiver.udp_port"),
        ("[receiver]\nudp_port = 'sip'", "receiver.udp_port"),
        ("[receiver]\nudp_port = true", "receiver.udp_port"),
        ("[receiver]\nudp_port = '5060'", "receiver.udp_port"),
        ("[database]\nembedded = 'no'", "database.embedded"),
        ("[receiver]\ncertificate = 1", "receiver.certificate"),
        ("[receiver]\nprocesses = 0", "receiver.processes"),
        ("[receiver]\nprocesses = 33", "receiver.processes"),
        ("[receiver]\nrealm = 'två ord'", "receiver.realm"),
        ("[receiver]\ncommit_deadline_milliseconds = 10", "receiver.commit_deadline_milliseconds"),
        ("[receiver]\nretry_after_seconds = 0", "receiver.retry_after_seconds"),
        ("[receiver]\nnonce_lifetime_seconds = 86400", "receiver.nonce_lifetime_seconds"),
        ("[receiver]\nflush_seconds = nan", "receiver.flush_seconds"),
        ("[access]\nstep_up = 'never'", "access.step_up"),
        ("[access]\nkey_site = 'https://localhost'", "access.key_site"),
        ("[receiver]\npublic_host = '0.0.0.0'", "receiver.public_host"),
        ("[receiver]\npublic_host = '::'", "receiver.public_host"),
        ("[receiver]\npublic_host = '[::]'", "receiver.public_host"),
        ("[receiver]\npublic_host = '::ffff:0.0.0.0'", "receiver.public_host"),
        ("[receiver]\npublic_host = 'fe80::1%eth0'", "receiver.public_host"),
        ("[receiver]\npublic_host = '[198.51.100.7]'", "receiver.public_host"),
        ("[receiver]\npublic_host = '[2001:db8::7]:5060'", "receiver.public_host"),
        ("[receiver]\npublic_host = 'larm.example.org:5060'", "receiver.public_host"),
        ("[receiver]\npublic_host = 'two words'", "receiver.public_host"),
        ("[receiver]\npublic_host = '198.51.100.256'", "receiver.public_host"),
        ("[receiver]\npublic_host = 'larm.exämple.org'", "receiver.public_host"),
        ("[receiver]\npublic_host = '-larm.example.org'", "receiver.public_host"),
        ("[receiver]\nhost = '0.0.0.0'", "receiver"),
        ("[receiver]\nhost = '::'", "receiver"),
        ("[receiver]\nudp_port = false\ntcp_port = false\ntls_port = false", "receiver"),
        ("[scheduler]\nescalation_seconds = 0", "scheduler.escalation_seconds"),
        ("[scheduler]\nescalation_seconds = inf", "scheduler.escalation_seconds"),
        ("[desk]\nport = -1", "desk.port"),
        ("database = 'postgresql://localhost'", "database"),
        ("[database]\npassword = 'hemligt'", "database.password"),
    ],
)
def test_fault_names_the_key(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(write(tmp_path, text))
    assert f" {key}:" in refusal.value.sentence.en
    assert refusal.value.category is Category.INVALID
    assert "hemligt" not in refusal.value.sentence.en


SECRET = "hj4Kq9xT"
IN_PLAIN_TEXT = {
    "a password": (f"[database]\npassword = '{SECRET}'", "database.password"),
    "one by another name": (f"[portal]\ndb_pwd = '{SECRET}'", "portal.db_pwd"),
    "one in Swedish": (f'"lösenord" = "{SECRET}"', "lösenord"),
    "a number": ("[keyholder]\npin = 4711", "keyholder.pin"),
    "a token": (f"[[ledger.witnesses]]\nurl = 'https://w.example'\ntoken = '{SECRET}'", "ledger.witnesses.token"),
    "a table of them": (f"[secrets]\ndesk = '{SECRET}'", "secrets"),
    "in an address": (f"[database]\nhost = 'postgresql://vaka:{SECRET}@db.example.org'", "database.host"),
    "in a connection string": (f"[database]\nhost = 'host=db.example.org password={SECRET}'", "database.host"),
    "in an origin": (f"[desk]\norigin = 'https://desk:{SECRET}@vaka.example'", "desk.origin"),
    "a private key": (
        f'[receiver]\ncertificate_key = """\n-----BEGIN {""}PRIVATE KEY-----\n{SECRET}\n"""',
        "receiver.certificate_key",
    ),
    "a log's private key": (
        f"[[ledger.witnesses]]\nurl = 'https://w.example'\nkey = 'PRIVATE+{''}KEY+w+01234567+{SECRET}'",
        "ledger.witnesses.key",
    ),
    "in a list": (f"[ledger]\nwitnesses = ['https://a:{SECRET}@w.example']", "ledger.witnesses"),
    "as a comment": (f"mode = 'demo'\n# password = '{SECRET}'", "a comment"),
    "in place of the file's name": (f"[keyholder]\ndevice_pin = '{SECRET}'", "keyholder.device_pin"),
    "in place of the credential's": (f"[keyholder]\nroot_credential = '{SECRET}'", "keyholder.root_credential"),
}


@pytest.mark.parametrize("how", IN_PLAIN_TEXT)
def test_term_11_6_a_secret_in_plain_text_is_refused_and_not_repeated(tmp_path: Path, how: str) -> None:
    """Term 11, proof 6."""
    text, key = IN_PLAIN_TEXT[how]
    with pytest.raises(ConfigurationError, match=r"[sS]ecrets? (are never settings|is never a setting)") as refusal:
        load_settings(write(tmp_path, text))
    assert f" {key}: " in refusal.value.sentence.en
    assert not any(told in refusal.value.sentence.en for told in (SECRET, "4711"))


def test_files_of_secrets_and_public_keys_are_settings(tmp_path: Path) -> None:
    settings = load_settings(
        write(
            tmp_path,
            """
            # Passwords are in credentials/, never here.
            [receiver]
            certificate_key = "tls/receiver.key"
            [keyholder]
            root_credential = "/run/credentials/vaka/root.key"
            device_pin = "credentials/device.pin"
            [[ledger.witnesses]]
            url = "https://witness.example:8443/"
            key = "witness.example+01234567+AAAAAAAA"
            logs = ["platform"]
            """,
        )
    )
    assert settings.keyholder.root_credential == Path("/run/credentials/vaka/root.key")


@pytest.mark.parametrize(
    "process", ["receiver", "desk", "portal", "office", "signin", "scheduler", "sequencer", "keyholder"]
)  # fmt: skip
def test_term_11_6_no_process_starts_with_one(tmp_path: Path, process: str) -> None:
    write(tmp_path, f"[database]\npassword = '{SECRET}'\n")
    done = subprocess.run(
        [sys.executable, "-m", f"vaka.processes.{process}", "--data", tmp_path],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert "database.password: a password or a key. Secrets are never settings." in done.stderr
    assert SECRET not in done.stderr + done.stdout


@pytest.mark.parametrize("command", [("run",), ("demo",), ("key", "list"), ("migrate",)])
def test_nor_does_a_command(tmp_path: Path, command: tuple[str, ...]) -> None:
    write(tmp_path, f"[database]\npassword = '{SECRET}'\n")
    run = [sys.executable, "-c", "from vaka.commands.main import main; main()", *command, "--data", str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.count("database.password: a password or a key. Secrets are never settings.") == 1
    assert SECRET not in done.stderr + done.stdout
    assert {path.name for path in tmp_path.iterdir()} <= {"vaka.toml", "logs", "run", "credentials", "ledger"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ""),
        ("larm.example.org", "larm.example.org"),
        ("receiver-1", "receiver-1"),
        ("198.51.100.7", "198.51.100.7"),
        ("2001:DB8::0007", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
    ],
)
def test_where_devices_reach_us(tmp_path: Path, written: str, read: str) -> None:
    settings = load_settings(write(tmp_path, f"[receiver]\npublic_host = '{written}'"))
    assert settings.receiver.public_host == read


def test_what_concerns_several_keys_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(write(tmp_path, "[receiver]\nudp_port = false\ntcp_port = false\ntls_port = false"))
    assert refusal.value.sentence.en.endswith(
        " is refused: receiver: all ports are closed; give udp_port, tcp_port or tls_port a number."
    )
    with pytest.raises(ConfigurationError, match=r"receiver: host 0\.0\.0\.0 means all addresses; say in public_host"):
        load_settings(write(tmp_path, "[receiver]\nhost = '0.0.0.0'"))
    assert load_settings(write(tmp_path, "[receiver]\nhost = '0.0.0.0'\npublic_host = 'larm.example.org'"))


@pytest.mark.parametrize("section", ["desk", "portal", "office", "signin"])
@pytest.mark.parametrize(
    "line", ['host = "0.0.0.0"', 'host = "::"', 'host = "192.0.2.1"', 'origin = "https://vaka.example"', 'origin = "x"']
)
def test_a_demo_is_reached_from_its_own_machine_only(tmp_path: Path, section: str, line: str) -> None:
    path = tmp_path / "vaka.toml"
    path.write_text(f'mode = "demo"\n[{section}]\n{line}\n')
    with pytest.raises(ConfigurationError, match=f"{section}.host and {section}.origin are of this machine only"):
        load_settings(path)
    path.write_text(f'mode = "demo"\n[{section}]\nhost = "::1"\norigin = "http://127.0.0.1:9000"\n')
    assert load_settings(path).mode == "demo"


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(write(tmp_path, "mode = 'x'\nstray = 1\n[receiver]\nudp_port = 0\n[desk]\nport = 0\n"))
    for key in ("mode", "stray", "receiver.udp_port", "desk.port"):
        assert key in refusal.value.sentence.en


@pytest.mark.parametrize("text", ["mode = ", "[receiver", "mode = 'demo'\nmode = 'demo'", "a = 1979-13-40"])
def test_text_that_is_not_toml_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"not valid TOML.*\((at line|at end)"):
        load_settings(write(tmp_path, text))


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vaka.toml"
    path.write_bytes(b"mode = '\xff'")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_settings(path)


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_settings(tmp_path / "vaka.toml")
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        load_settings(tmp_path)


@pytest.mark.parametrize("site", ["", "portal.example.se", "example.se"])
def test_keys_are_made_for_the_portals_host_or_one_above_it(tmp_path: Path, site: str) -> None:
    path = tmp_path / "vaka.toml"
    path.write_text(f"[portal]\norigin = 'https://portal.example.se'\n[access]\nkey_site = '{site}'\n")
    assert load_settings(path).access.key_site == site


@pytest.mark.parametrize("site", ["localhos", "ocalhost", "evil.example"])
def test_keys_are_made_for_no_other_host(tmp_path: Path, site: str) -> None:
    with pytest.raises(ConfigurationError, match=r"access\.key_site is localhost, the host of"):
        load_settings(write(tmp_path, f"[access]\nkey_site = '{site}'"))


def test_term_15_a_key_is_required_unless_a_demo_says_otherwise() -> None:
    assert Settings().access.step_up == "required"
    assert DEMO.access.step_up == "when_enrolled"


def test_settings_do_not_change_after_the_start() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.mode = "demo"


def test_no_setting_holds_a_secret() -> None:
    """A secret in a settings file ends up in backups and tickets; passwords are files of their own."""
    names = list(_names(Settings))
    assert len(names) > 20
    telling = ("password", "secret", "token", "private")
    assert [name for name in names if any(word in name for word in telling)] == []


def _names(section: type[BaseModel]) -> list[str]:
    found = []
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += [f"{name}.{inner}" for inner in _names(field.annotation)]
        else:
            found.append(name)
    return found
