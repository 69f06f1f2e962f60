# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The web processes over one installation, and questions that many tests ask a page."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from playwright.sync_api import Page

from tests.plain import NO_TLS
from tests.ports import first_port
from tests.waiting import wait_for
from tests.web.furniture import PERSONAS, Installation
from vaka.commands.listening import find_free_port
from vaka.demo.personas import realm_of
from vaka.demo.provider_facts import Figure
from vaka.demo.registering import is_registered, register_provider
from vaka.settings_reading import load_settings

FIRST_PORT = first_port(28_400)
MODULES = {"provider": "vaka.demo.provider"}
"""Of processes that are no processes of Vaka's own."""
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_SHELL = "/usr/bin/chromium-headless-shell"
"""The same engine without the browser around it, whose windows are work that nobody sees: two thirds of all of it."""
CHROMIUM_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SCANNER = "clamd.ctl"
"""In the installation's directory."""


class House:
    """Starts, ends and kills the processes."""

    def __init__(self, installation: Installation, origins: Mapping[str, str] = MappingProxyType({})) -> None:
        """Over ``installation``; ``origins`` says by what addresses browsers know those that do not stand open."""
        self.installation = installation
        desk = find_free_port(FIRST_PORT, ("tcp",))
        signin = find_free_port(desk + 1, ("tcp",))
        portal = find_free_port(signin + 1, ("tcp",))
        office = find_free_port(portal + 1, ("tcp",))
        provider = find_free_port(office + 1, ("tcp",))
        registry = find_free_port(provider + 1, ("tcp",))
        self.ports = {
            "desk": desk, "signin": signin, "portal": portal, "office": office, "provider": provider,
            "registry": registry,
        }  # fmt: skip
        self.origins = {name: f"http://localhost:{port}" for name, port in self.ports.items()} | dict(origins)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        lines = ['mode = "demo"']
        for name, port in self.ports.items():
            lines += [
                f"[{'demo' if name == 'provider' else name}]",
                f"port = {port}",
                f'origin = "{self.origins[name]}"',
            ]
        lines += ["[access]", 'step_up = "when_enrolled"']
        # Where a test lets a scanner of its own listen; until then none answers.
        lines += ["[attachments]", f'scanner = "{SCANNER}"']
        (installation.root / "vaka.toml").write_text("\n".join(lines))

    @property
    def desk(self) -> str:
        """Where the desk is."""
        return self.origins["desk"]

    @property
    def portal(self) -> str:
        """Where the portal is."""
        return self.origins["portal"]

    @property
    def registry(self) -> str:
        """Where programs keep people in care."""
        return self.origins["registry"]

    @property
    def office(self) -> str:
        """Where the office is."""
        return self.origins["office"]

    @property
    def signin(self) -> str:
        """Where one signs in."""
        return self.origins["signin"]

    def start(self, *names: str) -> None:
        """Start those of these processes that do not run, and wait until they answer.

        With the sign-in page come the provider that it sends people to, and what makes it believe that one.
        """
        if "signin" in names:
            names = (*dict.fromkeys((*names, "provider", "sequencer")),)
            self._register_provider()
        for name in names:
            running = self.processes.get(name)
            if running is None or running.poll() is not None:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", MODULES.get(name, f"vaka.processes.{name}"), "--data",
                     str(self.installation.root)]
                )  # fmt: skip
        for name in names:
            wait_for(lambda name=name: self._answers(name))  # type: ignore[misc]
        if "signin" in names:
            wait_for(lambda: "/begin/" in self._ask("signin", "/").text)

    def kill(self, name: str) -> None:
        """End a process as a crash does."""
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self) -> None:
        """End everything in order; each must end by itself and say so with 0."""
        running = [process for process in self.processes.values() if process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(60) for process in running] == [0] * len(running)

    def _register_provider(self) -> None:
        root, now, installation = self.installation.root, datetime.now(UTC), self.installation
        settings = load_settings(root / "vaka.toml")
        if is_registered(root, settings, now):
            return
        figures = [
            Figure(
                persona=persona, display_name=name, role=role,
                realm=realm_of("administrator" if role == "administrator" else "user", role),
                places=[installation.authorities[slug].name for slug in slugs if slug],
            )
            for persona, name, role, slugs, _ in PERSONAS
        ]  # fmt: skip
        asyncio.run(register_provider(installation.server, settings, root, figures, now))

    def _answers(self, name: str) -> bool:
        assert self.processes[name].poll() is None, f"{name} has ended"
        if name not in self.ports:
            return True  # it listens on nothing
        try:
            return self._ask(name, "/alive").text == "alive"
        except httpx.HTTPError:
            return False

    def _ask(self, name: str, path: str) -> httpx.Response:
        """Ask a process itself, whatever stands before it."""
        host = {"host": urlsplit(self.origins[name]).netloc}
        return httpx.get(f"http://localhost:{self.ports[name]}{path}", headers=host, timeout=30, verify=NO_TLS)


def row(alarm: UUID) -> str:
    """The line of an alarm, as a selector."""
    return f"#a-{alarm}"


def wait_until_ringing(page: Page, ringing: bool) -> None:
    """Return when the page rings, or has stopped."""
    page.wait_for_selector(f"html[data-ringing={'true' if ringing else 'false'}]", state="attached")


def scrolls(page: Page) -> tuple[bool, bool]:
    """Whether the page as a whole can be scrolled sideways, and down."""
    width, height, inner_width, inner_height = page.evaluate(
        "() => { const d = document.scrollingElement; return [d.scrollWidth, d.scrollHeight, innerWidth, innerHeight] }"
    )
    return width > inner_width, height > inner_height
