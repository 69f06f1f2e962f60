# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Settings written are the settings read; and a demo finds ports that are free."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from vaka.commands.data_directory import DataDirectory
from vaka.commands.demo_settings import settle
from vaka.commands.listening import find_free_port
from vaka.commands.settings_file import write_settings
from vaka.errors import ConfigurationError
from vaka.settings import DatabaseSettings, ReceiverSettings, SchedulerSettings, Settings
from vaka.settings_reading import load_settings
from vaka.settings_web import SigninSettings

CASES = [
    Settings(),
    Settings(mode="demo"),
    Settings(
        mode="production",
        database=DatabaseSettings(embedded=False, host="/run/postgresql", port=5433),
        receiver=ReceiverSettings(udp_port=None, tls_port=None, realm="larm", flush_seconds=2.5,
                                  certificate=Path('tls/å"b\\c.pem'), device_authorities=Path("tls/a.pem")),
        signin=SigninSettings(port=9000, origin="https://larm.example"),
        scheduler=SchedulerSettings(escalation_seconds=0.5),
    ),
]  # fmt: skip


@pytest.mark.parametrize("settings", CASES)
def test_what_is_written_is_what_is_read(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "vaka.toml"
    write_settings(path, settings, "Two lines\nof heading.")
    assert load_settings(path) == settings
    assert path.read_text().startswith("# Two lines\n# of heading.\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["vaka.toml"]


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path / "vaka")
    directory.prepare()
    return directory


def test_a_held_port_is_exchanged_once_and_said(data: DataDirectory) -> None:
    said: list[str] = []
    base = find_free_port(24_000, ("udp", "tcp"))
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", base + 1))
        holder.listen()
        settings = settle(data, base, said.append)
        assert settings.signin.port == base
        assert settings.desk.port > base + 1
        assert settings.desk.origin == f"http://localhost:{settings.desk.port}"
        ports = {settings.signin.port, settings.desk.port, settings.receiver.udp_port, settings.receiver.tls_port}
        assert len(ports) == 4
        assert settings.receiver.udp_port == settings.receiver.tcp_port
        assert any(f"Port {base + 1} is held by another program; the desk gets" in line for line in said)
        said.clear()
        assert settle(data, None, said.append) == settings == load_settings(data.settings_file)
        assert said == []


def test_what_a_user_wrote_is_kept(data: DataDirectory) -> None:
    base = find_free_port(25_000, ("udp", "tcp"))
    text = f'# mine\nmode = "demo"\n[signin]\nport = {base}\norigin = "http://localhost:{base}"\n'
    text += f"[receiver]\nudp_port = {base + 20}\ntcp_port = false\ntls_port = false\nprocesses = 2\n"
    text += f'[desk]\nport = {base + 21}\norigin = "http://localhost:{base + 21}"\n'
    text += f'[portal]\nport = {base + 22}\norigin = "http://localhost:{base + 22}"\n'
    text += f'[office]\nport = {base + 23}\norigin = "http://localhost:{base + 23}"\n'
    data.settings_file.write_text(text)
    settings = settle(data, None, lambda _: None)
    assert (settings.receiver.processes, settings.receiver.tcp_port, settings.receiver.tls_port) == (2, None, None)
    assert data.settings_file.read_text() == text


def test_a_demo_does_not_touch_a_service(data: DataDirectory) -> None:
    data.settings_file.write_text('mode = "production"\n')
    with pytest.raises(ConfigurationError, match="no demo"):
        settle(data, None, lambda _: None)
