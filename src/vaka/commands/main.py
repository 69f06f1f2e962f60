# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka`: the entry point. Every refusal is one sentence on standard error; nobody is shown a traceback.

Subcommands are imported when they are asked for: the supervisor starts web and receiver as processes of their own and
never loads their code.
"""

import errno
import importlib
import sys
from pathlib import Path
from typing import Any

import click

from vaka.errors import VakaError
from vaka.logs import describe_error
from vaka.operations.integrity.starting import start_guarded

# name → where the click command is, and what the list of commands says about it.
SUBCOMMANDS = {
    "demo": ("vaka.commands.demo:demo", "Start a demo with three authorities, people, devices and alarms."),
    "run": ("vaka.commands.run:run", "Start the database and every process, and keep them running."),
    "migrate": ("vaka.commands.migrate:migrate", "Bring every database up to date."),
    "ledger": ("vaka.commands.ledger:ledger", "Export the ledger, and hand out receipts."),
    "witness": ("vaka.commands.witness:witness", "Watch a supplier's logs from a machine of one's own."),
    "verify": ("vaka.commands.verify:verify", "Verify a log or a receipt, without trusting whoever made it."),
    "authority": ("vaka.commands.authority:authority", "Take in authorities, and say who answers for their areas."),
    "device": ("vaka.commands.device:device", "Register and change devices."),
    "erasure": ("vaka.commands.erasure:erasure", "Try to read erased people in a restored backup."),
    "backup": ("vaka.commands.backup:backup", "Back up, try whether it can be restored, restore."),
    "key": ("vaka.commands.key:key", "Show keys, and replace them."),
    "certificates": (
        "vaka.commands.certificates:certificates",
        "Issue certificates between machines, and renew them.",
    ),
    "factor": ("vaka.commands.factor:factor", "Show and remove security keys that somebody has lost."),
    "policy": ("vaka.commands.policy:policy", "Show and change what an authority decides for itself."),
    "retention": ("vaka.commands.retention:retention", "Show what will be removed for its age."),
    "account": ("vaka.commands.account:account", "Ask for accounts and whom they are for, put out who leaves."),
    "role": ("vaka.commands.role:role", "Show, give and take roles; ask an authority for one."),
    "trust": ("vaka.commands.trust:trust", "Show and decide which issuers of identities are believed."),
    "settings": ("vaka.commands.settings:settings", "Show and accept what settings, credentials and rights are."),
    "login": ("vaka.commands.login:login", "Let an administrator stand behind the commands that are run here."),
    "logout": ("vaka.commands.login:logout", "End that."),
    "host": ("vaka.commands.host:host", "Look at the machine's own accounts, and who worked on it."),
    "doctor": ("vaka.commands.doctor:doctor", "Say what is wrong on this machine, and how to mend it."),
    "terms": ("vaka.commands.terms:terms", "Show how the 37 terms of information security stand."),
    "release": ("vaka.commands.release:release", "Sign releases, and put those that were tested in production."),
    "sbom": ("vaka.commands.sbom:sbom", "Print what runs on this machine as a bill of materials (CycloneDX)."),
    "advisory": ("vaka.commands.advisory:advisory", "Write security advisories and VEX (CSAF 2.0)."),
    "advisories": ("vaka.commands.advisories:advisories", "Take in published vulnerabilities."),
    "simulate": ("vaka.commands.simulate:simulate", "Send alarms and heartbeats as devices do."),
    "decode": ("vaka.commands.decode:decode", "Print what captured SIP messages say, as JSON."),
}

SUPERVISORS = frozenset({"demo", "run"})
"""Those that start processes and keep them running."""
ADMISSION = ["host", "admit"]
"""What judges a release, and enters what it finds, for processes that are each looked at as they start."""

INTERNAL_FAULT = 70
"""Exit code of a fault of our own (sysexits.h, EX_SOFTWARE)."""


class Subcommands(click.Group):
    """A group that imports a subcommand when it is used."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run as a program: a command may hold keys, and what people are called, while it lasts."""
        # Those look at the whole release, and enter what they find.
        if SUPERVISORS.isdisjoint(sys.argv[1:2]) and sys.argv[1:3] != ADMISSION:
            start_guarded(sys.argv, Path(sys.prefix))
        # Whoever verifies a log does it on a machine of his own choice, and this is Linux's.
        if sys.platform == "linux":
            _keep_memory_to_itself()
        return super().__call__(*args, **kwargs)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table above."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the subcommand, or None where there is none of that name."""
        if cmd_name not in SUBCOMMANDS:
            return None
        module, attribute = SUBCOMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in SUBCOMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand; turn every refusal into one sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except VakaError as error:
            click.echo(f"vaka: {error.sentence.en}", err=True)
            ctx.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt, BrokenPipeError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                click.echo("vaka: There is no room left where the output goes. Make room there first.", err=True)
                ctx.exit(1)
            described = describe_error(error)
            click.echo(
                f"vaka: internal fault ({described['error_type']} in {described['where']}). Nothing more is known; "
                "please report it with what you did.",
                err=True,
            )
            ctx.exit(INTERNAL_FAULT)


def _keep_memory_to_itself() -> None:
    from vaka.keys.hardening import keep_memory_to_itself

    # What is started inherits that it leaves no core dump, so the database server leaves none. It would also inherit
    # that it may lock memory without bound, so whoever keeps others running does not lock its own.
    keep_memory_to_itself(out_of_swap=SUPERVISORS.isdisjoint(sys.argv[1:2]))


@click.group(cls=Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vaka", message="vaka %(version)s")
def main() -> None:
    """Vaka receives social alarms and shows them to operators.

    `vaka demo` starts everything on this machine with invented people; `vaka COMMAND --help` explains a command.
    """
