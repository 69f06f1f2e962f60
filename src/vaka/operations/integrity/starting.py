# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What happens before anything else is loaded: is this the release that was signed, and may it start here (term 28)?

It reads as little as it can, since whatever it imports is loaded before it is compared: the settings file as TOML, and
not as settings.
"""

import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SETTINGS_FILE = "vaka.toml"
REFUSED = 2
"""Exit code: starting again would not help."""
OWN_CODE = "vaka"
_DATA = "--data"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the settings ask of a release, before they are read as settings."""

    trusted_keys: Path | None
    """None: nothing is asked."""
    mode: str


def ask(data: Path) -> Asked:
    """Return what the settings file of a data directory asks. One that cannot be read asks nothing here: what reads it
    as settings refuses it.
    """
    try:
        content = tomllib.loads((data / SETTINGS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Asked(None, "")
    said = content.get("release", {})
    named = said.get("trusted_keys") if isinstance(said, dict) else None
    return Asked(data / named if isinstance(named, str) else None, str(content.get("mode", "production")))


def find_data(arguments: Sequence[str]) -> Path | None:
    """Return the data directory that a command line names, in the two spellings that whoever reads it takes.

    Of two, the one would be looked at and the other worked on. Raises SystemExit where there is more than one, also
    where one is what another option is given: which is which only the program itself could say, and it is not loaded.
    """
    named = [one for before, one in zip(("", *arguments), arguments, strict=False) if before == _DATA]
    named += [one.removeprefix(f"{_DATA}=") for one in arguments if one.startswith(f"{_DATA}=")]
    if len(named) > 1:
        print("Refused: --data is there more than once. Name one data directory, once.", file=sys.stderr)
        raise SystemExit(REFUSED)
    return Path(named[0]).absolute() if named else None


def start_process(arguments: Sequence[str], root: Path, module: str) -> None:
    """Let a process of ours go on, as `start_guarded` does. Without a data directory it does nothing, and starts not at
    all: its own parser would say so, and is not loaded before it is compared. Raises SystemExit.
    """
    if find_data(arguments) is None:
        print(f"Refused: {module} needs --data DIRECTORY, spelt just so.", file=sys.stderr)
        raise SystemExit(REFUSED)
    start_guarded(arguments, root, module)


def start_guarded(arguments: Sequence[str], root: Path, module: str = "") -> None:
    """Let this process go on only as the release that was signed, and load nothing else from here on.

    `root` is where the release is installed; `module` the process, whose programs it may start and no others. Outside
    production a release that nobody signed goes on, and says so. Raises SystemExit where it may not start.
    """
    data = find_data(arguments)
    if data is None:
        return
    asked = ask(data)
    if asked.trusted_keys is None:
        return
    # Only here: an installation that asks for nothing loads none of this.
    from vaka.operations.integrity.envelope import NotBelievedError

    try:
        _require_release(root, asked.trusted_keys)
    except NotBelievedError as error:
        if asked.mode == "production":
            print(refusal(error.fault.value, error.things), file=sys.stderr)
            raise SystemExit(REFUSED) from None
        print(f"This is no signed release ({error.fault.value}): allowed in a {asked.mode}.", file=sys.stderr)
        return
    except ImportError as error:  # the guard's own word for what it does not let in
        print(f"{error}\n{refusal('altered', 1)}", file=sys.stderr)
        raise SystemExit(REFUSED) from None
    if module and asked.mode == "production":
        from vaka.operations.integrity.restricting import restrict

        restrict(module, root)


def _require_release(root: Path, trusted_keys: Path) -> None:
    """Put the guard in place, and refuse what is not believed. Raises NotBelievedError.

    What compares signatures is itself of the release, and is let in by the manifest before anybody has looked who
    signed it: otherwise it would be loaded before it is compared. What was believed too early is found out right after.
    """
    from vaka.operations.integrity.envelope import Fault, NotBelievedError, read_trust
    from vaka.operations.integrity.guard import install_guard
    from vaka.operations.integrity.manifest import peek_release, read_release, require_unaltered

    sys.dont_write_bytecode = True
    guard = install_guard(root, peeked := peek_release(root))
    try:
        release = read_release(root, read_trust(trusted_keys))
        if release != peeked:
            raise NotBelievedError(Fault.DIFFERENT)
        require_unaltered(root, release, [one for one in (_own_code(root),) if one])
    except NotBelievedError:
        sys.meta_path.remove(guard)
        raise


def refusal(fault: str, things: int) -> str:
    """Return the sentence that says why a release does not start."""
    return (
        f"Refused: what is installed is not a release that may start here ({fault}, {things}). Install the release "
        "anew; docs/releases.md says what each word means."
    )


def _own_code(root: Path) -> str:
    """Return where our own code is below the release; it is compared whole, with what is no module."""
    here = Path(__file__).parents[2]
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else ""
