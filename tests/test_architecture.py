# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The house keeps its shape: who may import whom, what a process loads, how long a module is, what it is called."""

import ast
import json
import subprocess
import sys
import tomllib
from inspect import signature
from pathlib import Path

import pytest

from vaka.processes.starting import run_process

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "vaka"
MODULES = sorted(SOURCE.rglob("*.py"))

# What a process must not have loaded once it is wired, by prefix. Empty-handed is safest: code that is not there
# cannot be reached by a request, a device or a mistake.
MAY_NOT_LOAD = {
    "vaka.processes.receiver": (
        "vaka.web", "vaka.identity", "vaka.access", "vaka.alarms", "vaka.commands", "vaka.demo", "vaka.simulate",
        "starlette", "jinja2", "uvicorn", "click",
    ),
    "vaka.processes.desk": (
        "vaka.receiver", "vaka.sip", "vaka.commands", "vaka.demo", "vaka.simulate", "vaka.web.signin",
        "vaka.web.portal", "click.testing",
    ),
    "vaka.processes.portal": (
        "vaka.alarms", "vaka.receiver", "vaka.sip", "vaka.scaip", "vaka.commands", "vaka.demo", "vaka.simulate",
        "vaka.web.desk", "vaka.web.signin", "vaka.web.live",
    ),
    "vaka.processes.registry": (
        "vaka.alarms", "vaka.removal", "vaka.receiver", "vaka.sip", "vaka.scaip", "vaka.commands", "vaka.demo",
        "vaka.simulate", "vaka.web.desk", "vaka.web.portal", "vaka.web.office", "vaka.web.signin", "vaka.web.live",
    ),
    "vaka.processes.office": (
        "vaka.alarms", "vaka.removal", "vaka.tenants.gateway", "vaka.keys.keyring", "vaka.receiver", "vaka.sip",
        "vaka.scaip", "vaka.commands", "vaka.demo", "vaka.simulate", "vaka.web.desk", "vaka.web.signin",
        "vaka.web.portal.portal", "vaka.web.portal.application", "vaka.web.portal.opening", "vaka.web.live",
    ),
    "vaka.processes.signin": (
        "vaka.alarms", "vaka.tenants.gateway", "vaka.receiver", "vaka.sip", "vaka.scaip", "vaka.commands", "vaka.demo",
        "vaka.simulate", "vaka.web.desk", "vaka.web.portal",
    ),
    "vaka.demo.provider": (
        "vaka.alarms", "vaka.tenants.gateway", "vaka.receiver", "vaka.sip", "vaka.scaip", "vaka.commands",
        "vaka.processes", "vaka.simulate", "vaka.web.desk", "vaka.web.portal", "vaka.web.office", "vaka.web.signin",
        "vaka.keys.keyring", "vaka.demo.furnishing", "vaka.demo.registering",
    ),
    "vaka.processes.scheduler": (
        "vaka.web", "vaka.receiver", "vaka.sip", "vaka.identity", "vaka.commands", "vaka.demo", "vaka.simulate",
        "starlette", "jinja2", "uvicorn", "click",
    ),
    "vaka.processes.sequencer": (
        "vaka.web", "vaka.receiver", "vaka.sip", "vaka.scaip", "vaka.identity", "vaka.access", "vaka.alarms",
        "vaka.commands", "vaka.demo", "vaka.simulate", "starlette", "jinja2", "uvicorn", "click",
    ),
    "vaka.processes.notifier": (
        "vaka.web", "vaka.receiver", "vaka.sip", "vaka.scaip", "vaka.identity.accounts", "vaka.identity.sessions",
        "vaka.access", "vaka.alarms", "vaka.removal", "vaka.tenants", "vaka.commands", "vaka.demo", "vaka.simulate",
        "vaka.keys.client", "vaka.keys.keyring", "starlette", "jinja2", "uvicorn", "click",
    ),
    "vaka.processes.trial": (
        "vaka.web", "vaka.receiver", "vaka.identity.accounts", "vaka.identity.sessions", "vaka.access", "vaka.alarms",
        "vaka.removal", "vaka.commands", "vaka.demo", "vaka.keys.client", "vaka.keys.keyring", "starlette", "jinja2",
        "uvicorn", "click",
    ),
    "vaka.processes.attempt": (
        "vaka.web", "vaka.receiver", "vaka.sip", "vaka.identity", "vaka.access", "vaka.alarms", "vaka.commands",
        "vaka.demo", "vaka.simulate", "starlette", "jinja2", "uvicorn", "click",
    ),
    "vaka.processes.keyholder": (
        "vaka.web", "vaka.receiver", "vaka.sip", "vaka.scaip", "vaka.identity", "vaka.access", "vaka.alarms",
        "vaka.tenants", "vaka.ledger", "vaka.commands", "vaka.demo", "vaka.simulate", "vaka.keys.token", "pkcs11",
        "starlette", "jinja2", "uvicorn", "click",
    ),
    "vaka.commands.main": (
        "vaka.web", "vaka.receiver", "vaka.processes", "starlette", "jinja2", "uvicorn",
    ),
}  # fmt: skip

CONTRACTS = (
    "Imports point down",
    "The receiver knows nothing of people who sign in",
    "The desk never parses what devices send",
    "The portal reads its own authority's log, and knows nothing of the desk",
    "The registry keeps people in care for programs, and has no pages",
    "The office knows accounts, and no authority's data",
    "Sign-in touches no alarm and no authority's data",
    "Timers need neither web nor sockets",
    "The notifier reaches out, and knows nobody",
    "Trial alarms go in from outside, as a device's",
    "The keyholder knows keys and nothing else",
)

# An authority's data is reached through tenants.gateway alone, so that one place decides which database a request is
# about. Whoever else opens a connection stands here with the reason; "tenant" where it may be an authority's database.
OPENS_CONNECTIONS = {
    "commands/backup.py": "platform",
    "commands/backup_restore.py": "platform",
    "operations/backup/authority.py": "tenant: the superuser, as a database is put beside another and in its place",
    "operations/backup/comparing.py": "tenant: the superuser, for digests of every table here and in a restored copy",
    "operations/backup/copying.py": "platform: the superuser of a restored copy, what kind of installation it is of",
    "operations/backup/erasures.py": "tenant: the superuser of a restored copy, or of a database that lets nobody in",
    "operations/backup/logs.py": "tenant: the superuser, for logs here and in a restored copy",
    "operations/integrity/test_data.py": "tenant: the superuser of a test environment, looks for real personal numbers",
    "database/connections.py": "tenant: is how a connection is opened",
    "database/provision.py": "tenant: creates and migrates databases, when no process may use them yet",
    "tenants/gateway.py": "tenant: the one way",
    "database/restoring.py": "tenant: sees whether a restored copy lets anybody in",
    "tenants/attempting.py": "tenant: tries to read somebody in a restored copy of the databases",
    "tenants/registration.py": "tenant: furnishes the database of an authority that is not in the directory yet",
    "keys/hierarchy.py": "keys",
    "keys/pair.py": "keys",
    "ledger/rounds.py": "tenant: seals a log, below the layer of authorities; sees no table of theirs",
    "demo/auditing.py": "platform",
    "commands/factor.py": "platform",
    "commands/account.py": "platform",
    "commands/key.py": "platform",
    "commands/ledger.py": "tenant: exports a log; sees no table of theirs",
    "commands/databases.py": "tenant: asks every database which migrations it lacks",
    "operations/doctor/databases.py": "tenant: asks every database which migrations it lacks, and when it was sealed",
    "commands/device.py": "platform",
    "commands/exercise.py": "platform",
    "commands/secret.py": "platform",
    "commands/receipts.py": "platform",
    "commands/replaying.py": "platform",
    "commands/run.py": "platform",
    "commands/release.py": "platform",
    "commands/admit.py": "platform",
    "commands/advisories.py": "platform",
    "commands/certificate_acts.py": "platform",
    "commands/host.py": "platform",
    "commands/maintenance.py": "platform",
    "commands/at_authority.py": "platform",
    "commands/authority_register.py": "platform",
    "commands/proof.py": "platform",
    "commands/protection.py": "tenant: reads in each database's catalogue which rights there are",
    "commands/settings.py": "platform",
    "commands/role.py": "platform",
    "commands/role_propose.py": "platform",
    "commands/leaving.py": "platform",
    "commands/sealing.py": "tenant: seals logs where no sequencer runs; sees no table of theirs",
    "commands/sessions.py": "platform",
    "commands/settings_record.py": "platform",
    "commands/terms.py": "platform",
    "commands/terms_pack.py": "platform",
    "commands/trust.py": "platform",
    "demo/furnishing.py": "platform",
    "demo/registering.py": "platform",
    "processes/scheduler.py": "platform",
    "processes/notifier.py": "platform",
    "processes/trial.py": "platform",
    "tenants/trial_devices.py": "platform",
    "processes/sequencer.py": "platform",
    "processes/signin.py": "platform",
    "receiver/receiver.py": "platform",
    "web/desk/opening.py": "platform",
    "web/office/opening.py": "platform",
    "web/portal/opening.py": "platform",
    "web/registry/opening.py": "platform",
    "web/session_news.py": "platform",
}
OPENERS = {"open_connection", "make_pool", "conninfo"}
NAMES_TENANT_ROLES = {
    "commands/protection.py", "operations/doctor/databases.py",
    "database/provision.py", "tenants/gateway.py", "tenants/registration.py", "commands/ledger.py",
    "commands/sealing.py",
    "processes/sequencer.py",
    "operations/backup/erasures.py",
}  # fmt: skip
"""Without such a role nobody gets into an authority's database; the sequencer's is its own."""

# Names that say nothing draw in everything.
NAMELESS = {
    "utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base", "core", "shared", "lib",
}  # fmt: skip

# Chance only as the default of an argument; the digest's nonces are made in `sip`.
CODECS_MAY_IMPORT = (
    "__future__", "base64", "binascii", "codecs", "collections", "dataclasses", "enum", "functools", "hashlib", "heapq",
    "hmac", "importlib.resources", "ipaddress", "itertools", "re", "secrets", "string", "tomllib", "types", "typing",
    "xml.etree", "xml.parsers.expat", "xml.sax.saxutils",
)  # fmt: skip

LONGEST_MODULE = 400
LONGEST_PROCESS = 120


def loaded_by(*modules: str) -> set[str]:
    """Import ``modules`` in a fresh interpreter and return the names of everything that is loaded then."""
    code = f"import json, sys, {', '.join(modules)}; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    return set(json.loads(done.stdout))


def imported_by(path: Path) -> set[str]:
    """Return the modules named in the import statements of a file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def test_the_verifier_needs_no_database_and_no_web() -> None:
    """It runs on the authority's own machine, in an environment as small as can be."""
    loaded = loaded_by("vaka.commands.verify", "vaka.commands.witness")
    assert "vaka.ledger.verify" in loaded
    unwanted = ("psycopg", "psycopg_pool", "starlette", "vaka.web", "vaka.database", "vaka.tenants", "vaka.receiver")
    assert {name for name in loaded if any(within(name, each) for each in unwanted)} == set()


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in done.stdout


def test_no_contract_was_taken_away_or_weakened() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert tuple(contract["name"] for contract in linter["contracts"]) == CONTRACTS
    assert linter["contracts"][0]["exhaustive"] is True
    for contract in linter["contracts"]:
        assert not contract.get("ignore_imports"), contract["name"]
        assert not contract.get("exhaustive_ignores"), contract["name"]


@pytest.mark.parametrize("process", sorted(MAY_NOT_LOAD))
def test_process_loads_nothing_it_may_not_reach(process: str) -> None:
    loaded = loaded_by(process)
    assert process in loaded
    trespassers = {name for name in loaded for prefix in MAY_NOT_LOAD[process] if within(name, prefix)}
    assert trespassers == set()


def test_one_module_speaks_to_the_library_of_security_keys() -> None:
    """It takes what must be refused; the guard stands before it."""
    using = {path.relative_to(SOURCE).as_posix() for path in MODULES
             if any(within(name, "webauthn") for name in imported_by(path))}  # fmt: skip
    assert using == {"identity/guard.py"}


def test_every_process_is_in_the_table() -> None:
    no_process = {"__init__", "starting"}
    processes = {
        f"vaka.processes.{path.stem}" for path in (SOURCE / "processes").glob("*.py") if path.stem not in no_process
    }
    assert processes == {name for name in MAY_NOT_LOAD if name.startswith("vaka.processes.")}


def test_no_command_loads_web_or_receiver() -> None:
    """The supervisor starts them as processes of their own; it never runs their code in its own."""
    commands = [f"vaka.commands.{path.stem}" for path in (SOURCE / "commands").glob("*.py") if path.stem != "__init__"]
    assert commands
    trespassers = {
        name for name in loaded_by(*commands) for prefix in ("vaka.web", "vaka.receiver") if within(name, prefix)
    }
    assert trespassers == set()


def called_in(path: Path) -> dict[str, set[str]]:
    """Return the functions and methods a file calls by their last name, each with what it is called on."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.setdefault(node.func.id, set()).add("")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found.setdefault(node.func.attr, set()).add(ast.unparse(node.func.value))
    return found


def test_an_authoritys_database_is_opened_through_the_gateway() -> None:
    opening: set[str] = set()
    naming: set[str] = set()
    for path in MODULES:
        name, calls = path.relative_to(SOURCE).as_posix(), called_in(path)
        # A network connection of asyncio's is called the same; psycopg is opened by its own names too.
        opens = {
            called for called in OPENERS if calls.get(called, set()) - {"asyncio"}
        } | (calls.get("connect", set()) & {"psycopg", "psycopg.Connection", "psycopg.AsyncConnection"})  # fmt: skip
        if opens:
            opening.add(name)
        if "tenant_role" in calls:
            naming.add(name)
    assert opening == OPENS_CONNECTIONS.keys()
    assert naming == NAMES_TENANT_ROLES
    assert {name for name in naming if not OPENS_CONNECTIONS[name].startswith("tenant")} == {"processes/sequencer.py"}


def test_the_table_of_openers_sees_every_way_of_opening(tmp_path: Path) -> None:
    """The test above must be able to fail."""
    path = tmp_path / "sneaky.py"
    path.write_text("import psycopg\npsycopg.AsyncConnection.connect('x')\npsycopg.connect('y')\nopen_connection(1)\n")
    assert called_in(path)["connect"] == {"psycopg", "psycopg.AsyncConnection"}
    assert called_in(path)["open_connection"] == {""}


def test_every_process_keeps_its_memory_to_itself() -> None:
    """Out of core dumps all of them; out of swap those that are handed keys, or have some."""
    kept = {}
    for path in (SOURCE / "processes").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"keep_memory_and_tell", "run_process"}:
                said = {ast.unparse(keyword) for keyword in node.keywords if keyword.arg != "loop"}
                kept[path.stem] = said
    swapped = {"out_of_swap=False"}
    # It hands on what a process says, and keeps out of swap who says nothing.
    assert kept.pop("starting") == {"from_its_own_account=from_its_own_account", "out_of_swap=out_of_swap"}
    assert signature(run_process).parameters["out_of_swap"].default is True
    assert kept == {
        "keyholder": {"from_its_own_account=True"}, "desk": set(), "portal": set(), "registry": set(),
        "sequencer": set(), "scheduler": set(), "attempt": set(), "receiver": swapped, "signin": swapped,
        "office": swapped, "notifier": swapped, "trial": swapped,
    }  # fmt: skip


def test_codecs_are_pure() -> None:
    """What reads the bytes of strangers has no socket, no clock, no chance and no log at hand."""
    paths = [path for folder in ("sip", "scaip") for path in (SOURCE / folder).glob("*.py")]
    direct = {name for path in paths for name in imported_by(path)}
    allowed = (*CODECS_MAY_IMPORT, "vaka.sip", "vaka.scaip")
    assert {name for name in direct if not any(within(name, prefix) for prefix in allowed)} == set()


@pytest.mark.parametrize("path", [p for p in MODULES if p.name == "__init__.py"], ids=lambda p: p.parent.name)
def test_package_file_holds_its_docstring_only(path: Path) -> None:
    """A re-export would smuggle an import past the contracts.

    That of the processes also looks at what is loaded before anything else of ours is (decision 92).
    """
    body = ast.parse(path.read_text(encoding="utf-8")).body
    if path.parent.name == "processes":
        assert imported_by(path) == {"sys", "pathlib", "vaka.operations.integrity.starting"}
        body = body[:1]
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)
    assert isinstance(body[0].value, ast.Constant)


def test_modules_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_MODULE} == {}
    processes = {str(path): length for path, length in lengths.items() if path.parent.name == "processes"}
    assert {path: length for path, length in processes.items() if length > LONGEST_PROCESS} == {}


def test_names_say_something() -> None:
    names = {part for path in MODULES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert names & NAMELESS == set()


def test_every_module_begins_with_what_it_is_for() -> None:
    silent = [str(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


def test_only_the_clock_asks_what_time_it_is() -> None:
    """Seen in the syntax tree, so that an import under another name does not hide it either."""
    askers = {"now", "utcnow", "today", "time", "monotonic", "time_ns", "monotonic_ns", "localtime", "gmtime"}
    found = []
    for path in MODULES:
        if path.name == "clock.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            imported = (
                isinstance(node, ast.ImportFrom) and node.module == "time" and {n.name for n in node.names} & askers
            )
            called = (
                isinstance(node, ast.Attribute)
                and node.attr in askers
                and isinstance(node.value, ast.Name)
                and node.value.id in ("datetime", "date", "time")
            )
            if imported or called:
                found.append(f"{path.name}:{getattr(node, 'lineno', 0)}")
    assert found == []


def test_no_module_builds_sql_from_values() -> None:
    """SQL lives in queries.sql; a formatted string handed to execute() is how an injection begins.

    Allowed are sql.SQL(...) compositions, and the two modules that make roles and set constants.
    """
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("execute", "executemany", "copy")
        and node.args
        and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    }
    assert found <= {"database/connections.py", "database/migrate.py"}
