# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Writes the pages that are drawn from the code: settings, events, permissions, commands and database roles.

``python docs/generate.py`` writes them anew; ``tests/docs`` fails while a page differs from what this would write.
Each page is a function that returns its text; the sentences come from the docstrings and comments beside the code.
"""

import ast
import inspect
import json
import re
import sys
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import Enum
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from pydantic import BaseModel

import vaka.settings
import vaka.settings_backup
import vaka.settings_operations
import vaka.settings_vulnerabilities
import vaka.settings_web
from vaka.access import duties, permissions, roles, time_boxes
from vaka.access.machines import list_machines
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.terms import load_terms
from vaka.commands.main import main
from vaka.commands.needs import NEEDS, UNATTENDED
from vaka.commands.touches import TOUCHED, UNTOUCHED
from vaka.crypto.policy import load_policy
from vaka.database.migrate import Kind
from vaka.database.published import list_lines
from vaka.keys.calls import CALLS
from vaka.ledger import events
from vaka.ledger.catalogue import CATALOGUE
from vaka.web.portal.confirmed import CONFIRMED, UNCONFIRMED
from vaka.web.safety import LARGEST_ARRIVAL_BYTES, LARGEST_BODY_BYTES

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # what is proved is read from the tests, which are no part of the package
from tests.faults.listing import COLUMNS, list_faults  # noqa: E402
from tests.proofs.listing import list_proofs  # noqa: E402

HEADING = """\
<!--
SPDX-FileCopyrightText: 2026 The Vaka contributors
SPDX-License-Identifier: EUPL-1.2
Written by docs/generate.py from the code. Change it there.
-->
"""


# --- settings ---------------------------------------------------------------------------------------------------------

SETTINGS_INTRODUCTION = """\
# Settings

One file, `vaka.toml`, in the data directory. Everything has a default; an empty file is a valid one. A key that is not
on this page, or a value outside its limits, stops the start, and every such fault is named at once. Relative paths are
relative to the file. Secrets are never values here: each login role's password is a file of its own in `credentials/`.
A file in which a password or a key stands all the same, be it in a comment, stops the start; it is not repeated.
"""


def settings_page() -> str:
    """Every key of the settings file, with its default, its limits and what it is for."""
    modules = (
        vaka.settings, vaka.settings_web, vaka.settings_backup, vaka.settings_operations, vaka.settings_vulnerabilities,
    )  # fmt: skip
    says = {name: texts for module in modules for name, texts in _attribute_docstrings(module).items()}
    lines = [HEADING, SETTINGS_INTRODUCTION, *_section(vaka.settings.Settings, "", says)]
    for name, field in vaka.settings.Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            lines += [f"## [{name}]", "", inspect.getdoc(section) or "", "", *_section(section, f"{name}.", says)]
    return "\n".join(lines)


def _section(section: type[BaseModel], prefix: str, says: dict[str, dict[str, str]]) -> Iterator[str]:
    for name, schema in section.model_json_schema()["properties"].items():
        if "$ref" in schema:
            continue
        meaning = next((says[owner.__name__][name] for owner in section.__mro__ if name in says[owner.__name__]), None)
        if meaning is None:
            raise ValueError(f"vaka.settings: no text below {section.__name__}.{name} says what it is for")
        yield from (f"### `{prefix}{name}`", "", meaning, "", f"{_default(schema)} · {_limits(schema)}", "")


def _default(schema: dict[str, Any]) -> str:
    if "default" not in schema:
        return "No default"
    value = schema["default"]
    return "Default: none" if value is None else f"Default: `{json.dumps(value, ensure_ascii=False)}`"


def _limits(schema: dict[str, Any]) -> str:
    """What values are taken, in words."""
    if "anyOf" in schema:
        *kinds, nothing = schema["anyOf"]
        return f"{_limits(kinds[0])}, or `false` for none" if nothing == {"type": "null"} else "text"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{json.dumps(choice)}`" for choice in schema["enum"])
    word = "path" if schema.get("format", "").endswith("path") else KINDS[schema["type"]]
    if "minimum" in schema:
        word += f" from {schema['minimum']:g} to {schema['maximum']:g}"
    return f"{word} of the form `{schema['pattern']}`" if "pattern" in schema else word


KINDS = {
    "array": "tables",
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "number": "number",
    "string": "text",
}


def _attribute_docstrings(module: ModuleType) -> dict[str, dict[str, str]]:
    """Return class name → attribute → the text below it in the source."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for statement, below in pairwise(node.body):
            if (
                isinstance(statement, ast.AnnAssign)
                and isinstance(statement.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                found[node.name][statement.target.id] = " ".join(str(below.value.value).split())
    return found


# --- events and permissions -------------------------------------------------------------------------------------------


EVENTS_INTRODUCTION = """\
# Events

What can stand in the ledger. Every change of state writes its entry in the same transaction as the change: both are
kept, or neither. A name is never changed or used for something else, because it is read years later. An entry holds
codes and opaque identifiers, never a name, a number or a text of a person.

Below each table stands what an entry holds. *By* is its actor: `account` is somebody signed in, anything else the
process or the command that did it. *About* is the kind of its object. *Says* names what stands beside. *Never* is what
was at hand when it was written and is not in it. Every entry has besides: its number, when it happened and whether the
clock that says so was in step (`synchronised`, `unsynchronised` or `unknown`), its outcome, when the database wrote it,
as which login role, and as which of that session's entries.

Refusals of people who have proved nothing are counted: what is alike within a minute is one entry with a number, and
the address is told as the network around it (of IPv4 the first 24 bits, of IPv6 the first 48).
"""

PERMISSIONS_INTRODUCTION = """\
# Permissions

A page or an act asks for one permission in one authority. No rule means no. Roles are granted to an account in one
authority at a time; there is no role for all of them, and an administrator's account handles no alarms.
"""

DUTIES_INTRODUCTION = """\
## Separated duties

No human holds both roles of a pair, through whichever of his accounts. The database refuses it to whoever writes a
grant, in whatever way. An exception has a reason, a compensating control and an end within 180 days; the authority's
access approver approves it, and it ends by itself, with the role that was granted by it.
"""


def events_page() -> str:
    """Every event of the ledger, by what it happens to."""
    meanings = _enum_comments(events, events.Event)
    lines = [
        HEADING,
        EVENTS_INTRODUCTION,
    ]
    for subject in dict.fromkeys(event.value.split(".")[0] for event in events.Event):
        lines += [f"## {subject}", "", "| event | when it is written |", "|---|---|"]
        lines += [
            f"| `{event.value}` | {meanings[event.name]} |"
            for event in events.Event
            if event.value.split(".")[0] == subject
        ]
        lines += ["", *(_held(event) for event in events.Event if event.value.split(".")[0] == subject), ""]
    return "\n".join(lines)


def _held(event: events.Event) -> str:
    about = CATALOGUE.get(event)
    if about is None:
        return f"- `{event.value}`: –"
    parts = [("By", ", ".join(about.by)), ("About", ", ".join(about.object)), ("Says", ", ".join(about.beside)),
             ("Never", about.withheld)]  # fmt: skip
    return textwrap.fill(
        f"- `{event.value}`: " + " ".join(f"*{name}:* {text}." for name, text in parts if text), 120,
        subsequent_indent="  ", break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


TOUCH_INTRODUCTION = """\
## Acts that take a touch

A permission is not enough for these: each is done after a touch of a security key over exactly that act
([decision 32](decisions/0032-step-up.md)), and each anew.
"""
NO_TOUCH_INTRODUCTION = """\
Every other address of the portal that changes something or hands out a file, and why it takes none. At the desk nothing
does: no key stands between an alarm and its answer.
"""


def permissions_page() -> str:
    """Every permission, what it allows, and which role gives it."""
    meanings = _enum_comments(permissions, permissions.Permission)
    lines = [
        HEADING,
        PERMISSIONS_INTRODUCTION,
        "| permission | a yes allows | " + " | ".join(f"`{name}`" for name in roles.ROLES) + " |",
        "|---|---|" + "---|" * len(roles.ROLES),
    ]
    for permission in permissions.Permission:
        held = ("yes" if permission in role.permissions else "–" for role in roles.ROLES.values())
        lines.append(f"| `{permission.value}` | {meanings[permission.name]} | {' | '.join(held)} |")
    lines += ["", "## Roles", "", "| role | Swedish | English | realm | needs an end |", "|---|---|---|---|---|"]
    for role in roles.ROLES.values():
        end = f"within {time_boxes.LONGEST.days} days" if role.time_boxed else "–"
        lines.append(f"| `{role.name}` | {role.title.sv} | {role.title.en} | {role.realm} | {end} |")
    lines += [
        "", "The realm is the kind of session that can use a role: one does not work in another's. Where a role needs",
        "an end it is neither given nor asked for without one, or with one further off, whoever writes it.", "",
    ]  # fmt: skip
    kept = ", ".join(f"`{one.value}`" for one in permissions.Permission if one in permissions.FALLBACK)
    lines += [
        f"In a [fallback session](sign-in.md#while-an-issuer-does-not-answer) nothing is left of them but\n{kept}.", ""
    ]  # fmt: skip
    kept = ", ".join(f"`{one.value}`" for one in permissions.Permission if one in permissions.EMERGENCY)
    lines += [f"In [emergency access](sign-in.md#emergency-access) nothing is left of them but\n{kept}.", ""]
    lines += [DUTIES_INTRODUCTION, "| role | not beside | where | why |", "|---|---|---|---|"]
    for pair in duties.CONFLICTS:
        where = "anywhere" if pair.anywhere else "in the same authority"
        lines.append(f"| `{pair.one}` | `{pair.other}` | {where} | {pair.why.en} |")
    lines += ["", TOUCH_INTRODUCTION, "| address | confirmed there, by its event |", "|---|---|"]
    for path, acts in CONFIRMED.items():
        lines.append(f"| `{path}` | {', '.join(f'`{act}`' for act in sorted(acts))} |")
    lines += ["", NO_TOUCH_INTRODUCTION, "| address | why it takes no touch |", "|---|---|"]
    lines += [f"| `{path}` | {why} |" for path, why in UNCONFIRMED.items()]
    lines.append("")
    return "\n".join(lines)


def _enum_comments(module: ModuleType, enum: type[Enum]) -> dict[str, str]:
    """Return member → the comment beside it. A member without one has no meaning yet: KeyError on use."""
    pattern = re.compile(r"^    ([A-Z_]+) = \"[^\"]+\"  # (.+)$", re.MULTILINE)
    found = dict(pattern.findall(inspect.getsource(module)))
    silent = [member.name for member in enum if member.name not in found]
    if silent:
        raise ValueError(f"{module.__name__}: no comment says what these mean: {', '.join(silent)}")
    return found


# --- commands ---------------------------------------------------------------------------------------------------------


COMMANDS_INTRODUCTION = """\
# Commands

`vaka` refuses with one sentence on standard error and exit code 1 (2 for a mistake in the command line); a fault of its
own ends with 70. A refusal changes nothing.
"""

NEEDS_INTRODUCTION = """\
## What each takes

Once the installation is [founded](office.md#founding), an administrator with the permission stands behind each command
(`vaka login`, [operations](operations.md#maintenance-leaves-a-trace)), also behind one that only shows something, and
its entry names him. Until then nobody has to. A command that is not in this table is refused. What waits for a touch
does so at each run that applies something, or hands out what it is there to hand out
([decision 72](decisions/0072-touch-for-each-run.md)).
"""


def commands_page() -> str:
    """The help of every command, as it is printed."""
    lines = [
        HEADING,
        COMMANDS_INTRODUCTION,
        "```text",
        _help(main, "vaka", None),
        "```",
        "",
        NEEDS_INTRODUCTION,
        "| command | takes | touch of a key | |",
        "|---|---|---|---|",
    ]
    for path, need in NEEDS.items():
        takes = "nobody" if need.permission is None else f"`{need.permission.value}`"
        alone = "also `--unattended`" if path in UNATTENDED else ""
        touch = f"each run: {TOUCHED[path]}" if path in TOUCHED else f"none: {UNTOUCHED[path]}"
        lines.append(f"| `vaka {path}` | {takes} | {touch} | {'; '.join(filter(None, (need.why, alone)))} |")
    lines.append("")
    outer = click.Context(main, info_name="vaka", **main.context_settings)
    for name, command in _commands_of(main, outer):
        lines += [f"## `vaka {name}`", "", "```text", _help(command, name, outer), "```", ""]
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name, parent=outer)
            for below, found in _commands_of(command, inner):
                lines += [f"### `vaka {name} {below}`", "", "```text", _help(found, below, inner), "```", ""]
    return "\n".join(lines)


def _commands_of(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            yield name, command


def _help(command: click.Command, name: str, parent: click.Context | None) -> str:
    # A command keeps the help option it was first asked for, so ask as its users do.
    names = main.context_settings["help_option_names"] if parent is None else None
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=100, max_content_width=100, help_option_names=names
    )
    # The home directory of whoever writes the page is no default of anybody else.
    return command.get_help(context).replace(str(Path.home()), "~")


# --- database roles ---------------------------------------------------------------------------------------------------

ROLES_INTRODUCTION = """\
# Database roles

A security boundary is a process, and each process has its own login role in each database it needs: `vaka_<component>`
in the platform's database, `<database>_<component>` in an authority's. A login role can connect to that one database
and to no other, owns nothing, and cannot become another role. What is not in the tables below is refused; nothing at
all is granted to everybody. The rights stand on one page, [`grants.sql`](../src/vaka/database/schema/grants.sql), which
is applied whole after every migration; a test says every one of them a second time. The key database belongs to the
keyholder alone: `vaka_keyholder` connects to it and to nothing else, and nobody else does.

`vaka_owner` owns the tables and `vaka_ledger` the ledger; neither can log in. The functions run as `vaka_owner` with a
fixed search path: through them the receiver stores an alarm without being able to read a single table of it.
"""


def roles_page() -> str:
    """What each component may do in each kind of database, as the page of grants says it."""
    lines = [
        HEADING,
        ROLES_INTRODUCTION,
    ]
    kinds: tuple[tuple[Kind, str], ...] = (
        ("platform", "The platform's database"), ("tenant", "An authority's database"), ("keys", "The key database"),
    )  # fmt: skip
    for kind, title in kinds:
        lines += [f"## {title}", ""]
        granted: dict[str, list[tuple[str, str]]] = {}
        for line in list_lines(kind):
            granted.setdefault(line.grantee, []).append((f"{line.word} `{line.name}`".strip(), line.rights))
        for grantee, rights in granted.items():
            lines += [f"### {grantee.removeprefix('g_')} ({kind})", "", "| on | may |", "|---|---|"]
            lines += [f"| {what} | {right} |" for what, right in rights]
            lines.append("")
    return "\n".join(lines)


# --- keyholder --------------------------------------------------------------------------------------------------------

KEYHOLDER_INTRODUCTION = """\
# The keyholder

One process has the keys that open other keys. It alone connects to the key database, and it alone reads the root key;
the others ask it over a Unix socket in `run/`. What they are handed are data keys of people, never a key that opens
one.

```
root key (key device, or sealed file)  →  an authority's key, one version at a time
                                       →  one data key for each person, and one for each kind of blind lookup
                                       →  what is written about the person (AES-256-GCM)
```

Who may ask is decided twice: the kernel says which account is at the other end (`keyholder.accounts`), and the greeting
proves which component, by a credential of its own (`credentials/keyholder-<component>.key`) that neither side sends.
Then this table decides; what is not in it is refused, counted and logged.

| call | by | what it does |
|---|---|---|
"""
KEYHOLDER_ENDING = """
## Which keys are replaced

The root key and each authority's key are replaced by their day, and what is under them is wrapped anew: term 18 is
judged by these two (`keys-due`). People's keys and those of lookups are wrapped anew with them and stay what they are,
whatever the register says of their age: what is sealed under them is not sealed again. A person's key ends by an
erasure.

## An old copy of the keys

Destroying a key is worth nothing while a backup brings it back. Each rotation and each erasure counts up a generation
that stands in the root store, in the key database and in a memory that belongs in no backup (`keyholder.memory`). Where
they differ by more than a crash explains, nothing is opened, and the log says which of them is the old one. Processes
that were connected since refuse an older generation too. Whoever restores root, database and memory of the same day, on
a machine whose processes have all been stopped, is not told from that day by this; the ledger, and the certificate of
an erasure with its date, are what tells then.

## What goes on without it

Alarms are received, shown, taken and closed. What is in a process's memory already is read; what is not is asked for,
for a few seconds, and then whoever asked is told so in plain words.
"""


def keyholder_page() -> str:
    """What can be asked of the keyholder, and by whom."""
    lines = [f"| `{call.name}` | {', '.join(sorted(call.components))} | {call.does} |" for call in CALLS.values()]
    return HEADING + KEYHOLDER_INTRODUCTION + "\n".join(lines) + "\n" + KEYHOLDER_ENDING


# --- machines ---------------------------------------------------------------------------------------------------------

MACHINES_INTRODUCTION = """\
# Machines' identities

Every identity in an installation that is no human's: how it proves itself, to what it connects, and what it may. One
that is not here does not exist, and a right that is not said may not be there. A test holds this map against the
databases (rights, roles and memberships, connections), the keyholder's table and the register of programs, and finds
what is planted there ([decision 52](decisions/0052-map-of-machines.md)). Which rights a component has in a database
stands on [their own page](database-roles.md), what the keyholder's calls do on [its page](keyholder.md), and how a
program gets and uses a token in [the interface](api.md). Devices are no machines in this sense: what they call
themselves gives no right but to be heard.

A password of a component is made when the installation is set up. It is a file of its own in `credentials/`, for its
account alone, and what the settings say of it is a path.
"""


def machines_page() -> str:
    """Every identity that is no human's, and what it may."""
    lines = [HEADING + MACHINES_INTRODUCTION]
    kinds = {"platform": "the platform's", "tenant": "each authority's", "keys": "the keys'"}
    for one in list_machines():
        lines += [f"## {one.name} ({one.sort})", "", f"May {one.may}.", "", "| | |", "|---|---|"]
        lines += [f"| proves itself to | {proof} |" for proof in one.proves]
        reached = [text for kind, text in kinds.items() if kind in one.databases]
        lines.append(f"| databases | {', '.join(reached) or 'none'} |")
        if one.keyholder:
            lines.append("| asks the keyholder | " + ", ".join(f"`{call}`" for call in sorted(one.keyholder)) + " |")
        if one.scopes:
            lines.append("| can be given | " + ", ".join(sorted(f"`{scope.value}`" for scope in one.scopes)) + " |")
        lines.append("")
    return "\n".join(lines)


# --- proofs -----------------------------------------------------------------------------------------------------------

PROOFS_INTRODUCTION = """\
# What proves it: the 37 terms

For whoever reviews an installation. Each row is one numbered proof of a term of the contract, in our own words, and the
tests that are it: `test_term_09_3_…` is the third of term 9. Where there is none the page says what it waits for. What
else is tested stands in the tests themselves. `make proofs` runs them all and says of each how it went.
"""


def proofs_page() -> str:
    """The numbered proofs of the terms, and the tests that are named after them."""
    proofs = list_proofs()
    lines = [HEADING + PROOFS_INTRODUCTION]
    for term in load_terms():
        lines += [f"## {term.number} · {term.label.en}", "", "| proof | what must hold | tests |", "|---|---|---|"]
        for one in proofs:
            if one.term == term.number:
                named = [f"`{path}` `{name}`" for path, name in (test.split("::") for test in one.tests)]
                lines.append(f"| {one.number} | {one.label} | {'<br>'.join(named) or f'none: {one.waits}'} |")
        lines.append("")
    return "\n".join(lines)


# --- faults -----------------------------------------------------------------------------------------------------------

FAULTS_INTRODUCTION = """\
# What was made to fail

For whoever asks what is known of an installation that breaks. Each section of the [runbook](runbook.md), and the tests
that make it happen for real: processes are killed, disks filled, cables pulled, clocks turned. How long a lost database
takes is [measured](benchmarks.md#a-primary-is-lost), and no test.

That alarms go on and nothing is lost is seen while it happens. What turns red and what pages say is seen of the state
that a fault leaves, mostly by tests of their own: of whatever keeps alarms from being received, the trial alarms of
each minute tell, and with them the status page that an authority reads.
"""


def faults_page() -> str:
    """The faults of the runbook, and the tests that make them happen."""
    lines = [HEADING + FAULTS_INTRODUCTION]
    for fault in list_faults():
        anchor = fault.runbook.lower().replace(" ", "-")
        lines += [
            f"## {fault.name}",
            "",
            f"[What to do](runbook.md#{anchor})",
            "",
            "| it is seen that | by |",
            "|---|---|",
        ]
        for column, title in COLUMNS.items():
            named = [f"`{path}` `{name}`" for path, name in (test.split("::") for test in fault.tests[column])]
            lines.append(f"| {title} | {'<br>'.join(named) or fault.because} |")
        lines.append("")
    return "\n".join(lines)


# --- the terms --------------------------------------------------------------------------------------------------------

TERMS_INTRODUCTION = """
# The 37 terms

What each of the contract's terms of information security is called here, what must be so (goals), and by which evidence
that is seen. How a term stands is computed from evidence and its age, and nobody can set it ([decision
46](decisions/0046-status-is-computed.md)). `vaka terms` prints the board; the portal shows it to each authority.

- *Met*: everything owed was looked at within its time, and is so.
- *Failing*: something was found wrong. It stands until newer evidence says otherwise.
- *Not tested*: there is no evidence, or what collects it is down. Nothing is green by default.
- *Outdated*: what somebody has to supply is older than it may be.
- *Not asked for*: it is owed once the authority has asked, or there is nothing yet that could be right or wrong.
- *Not applicable*: the authority has agreed that the term does not concern it.

Evidence marked *looked at* has a collector in this version. The rest is asked for and not collected yet, so that its
term shows as not tested.
"""


def terms_page() -> str:
    """Every term with its goals, and the evidence each rests on."""
    lines = [HEADING + TERMS_INTRODUCTION]
    for term in load_terms():
        lines += [
            f"## {term.number}. {term.label.en}",
            "",
            f"{term.label.sv}. {', '.join(term.classes).capitalize()}.",
            "",
        ]
        lines += ["| goal | evidence | from | at most | |", "|---|---|---|---|---|"]
        for goal in term.goals:
            for one in goal.requirements:
                owed = "when asked for" if one.asked else "looked at" if one.id in COLLECTORS else ""
                supplied = f"{one.source}, by the {one.by}"
                lines.append(f"| {goal.sentence.en} | `{one.id}` | {supplied} | {_period(one.every)} | {owed} |")
        lines.append("")
    return "\n".join(lines)


def _period(every: timedelta) -> str:
    for unit, seconds in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        count, rest = divmod(int(every.total_seconds()), seconds)
        if count and not rest:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{every.total_seconds():.0f} seconds"


# --- the web server in front ------------------------------------------------------------------------------------------

SERVER_LINES = """\
# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
# Written by docs/generate.py from the cryptographic policy (src/vaka/crypto/policy.toml). Change it there.
#
# /etc/nginx/snippets/vaka-server.conf: what every server of nginx.conf and nginx-programs.conf has in common.

ssl_protocols {versions};
ssl_ciphers {suites};
ssl_conf_command Ciphersuites {suites_of_13};
ssl_ecdh_curve {groups};
ssl_prefer_server_ciphers on;
ssl_session_cache off;
ssl_session_tickets off;
ssl_early_data off;

server_tokens off;
gzip off;                                # a page's length would tell what is in it (BREACH)
access_log off;                          # addresses of the sign-in page hold codes
error_log /var/log/nginx/vaka.log crit;  # below that, nginx quotes them as well

# Nobody holds a connection for nothing, and nothing anybody sent or got lies on the disk.
client_header_timeout 10s;
client_body_timeout 10s;
send_timeout 20s;
keepalive_timeout 30s;
reset_timedout_connection on;
large_client_header_buffers 4 8k;
client_max_body_size {body}k;
client_body_buffer_size {arrival}k;
proxy_max_temp_file_size 0;
proxy_connect_timeout 5s;

# The processes judge Host as the browser sent it, and believe nothing else of what was said on the way.
proxy_http_version 1.1;
proxy_set_header Host $http_host;
proxy_set_header Connection "";
proxy_set_header Forwarded "";
# Empty, and so not sent, but where a process asks from where people come (office and sign-in): there nginx.conf sets it
# to the address that nginx itself sees. Whatever a browser sent of the kind is written over.
set $vaka_caller "";
proxy_set_header X-Forwarded-For $vaka_caller;
proxy_set_header Vaka-Client-Certificate "";
"""


def server_lines() -> str:
    """What every server of nginx has in common: TLS as the policy has it, and bounds as the processes have them."""
    tls = load_policy().tls
    of_13 = [suite for suite in tls.suites if suite.startswith("TLS_")]
    return SERVER_LINES.format(
        versions=" ".join(tls.versions),
        suites=":".join(suite for suite in tls.suites if suite not in of_13),
        suites_of_13=":".join(of_13),
        groups=":".join(tls.groups),
        body=LARGEST_BODY_BYTES // 1024,
        arrival=LARGEST_ARRIVAL_BYTES // 1024,
    )


# --- what roles may do, as data ---------------------------------------------------------------------------------------

PUBLISHED_ROLES = """\
# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
# Written by docs/generate.py from src/vaka/access/roles.py. Change it there.
#
# What each role may do, published with the program: a collector holds the running code against it (term 14).
"""


def published_roles() -> str:
    """What each role may do, as the program comes with it."""
    lines = [PUBLISHED_ROLES]
    for role in roles.ROLES.values():
        given = (f'    "{one.value}",' for one in permissions.Permission if one in role.permissions)
        lines += [f"[{role.name}]", f'realm = "{role.realm}"', "permissions = [", *given, "]", ""]
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {
    "../src/vaka/access/published_roles.toml": published_roles,
    "settings.md": settings_page,
    "events.md": events_page,
    "permissions.md": permissions_page,
    "commands.md": commands_page,
    "database-roles.md": roles_page,
    "keyholder.md": keyholder_page,
    "machines.md": machines_page,
    "nginx-server.conf": server_lines,
    "security/proofs.md": proofs_page,
    "faults.md": faults_page,
    "terms.md": terms_page,
}


def write_pages(directory: Path = HERE) -> None:
    """Write every generated page into ``directory``."""
    for name, page in PAGES.items():
        (directory / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
