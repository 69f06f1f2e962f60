# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether all that our processes run stands in the bill of materials (term 28), as the kernel says what they run.

Asked is what is mapped to be run: the interpreter, libraries, modules that are libraries. Modules that are texts are
compared by the guard as they are loaded, by a manifest in which nothing stands that is in no distribution of the bill.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from vaka.assurance.machine import NotLookedAtError, list_processes
from vaka.operations.integrity.guard import interpreters_own
from vaka.operations.integrity.sbom import NoPackagesError, running_sbom

_LISTS = Path("/var/lib/dpkg/info")
"""Where the system keeps which files each package has installed."""
_KEYHOLDER = "vaka.processes.keyholder"
_LIBRARY = re.compile(r"\.so(\.|$)")
_FOREIGN = ("site-packages", "dist-packages")


def count_strange_parts(root: Path, proc: Path) -> int | None:
    """Count the files that our processes run and that belong to nothing in the bill of what is installed; None where no
    process can be seen.

    A process that shows itself to nobody counts as one, but for the keyholder, which does so for its keys' sake and is
    not looked at here. A file that was removed or replaced after it was loaded belongs to nothing: what runs is not
    what is installed. So does code that was in no file. Raises OSError where there is no `proc`, NotLookedAtError where
    there is no bill.
    """
    mapped: set[str] = set()
    hidden = 0
    for process in list_processes(root, proc):
        if process.is_program:
            try:
                mapped.update(_list_mapped(process.entry))
            except PermissionError:
                hidden += _KEYHOLDER not in process.arguments
            except OSError:  # it has ended
                continue
    if not mapped:
        return hidden or None
    try:
        bill = running_sbom()
    except NoPackagesError as error:
        raise NotLookedAtError from error
    left = {one for one in mapped if not _is_interpreters(one)}
    left.difference_update(_files_of_distributions(bill))
    return hidden + (len(left - _files_of_packages(bill, left)) if left else 0)


def _list_mapped(entry: Path) -> Iterator[str]:
    """Yield the files that a process may run, as proc_pid_maps(5) has them."""
    for line in (entry / "maps").read_text(encoding="utf-8", errors="replace").splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and "x" in fields[1] and fields[5].startswith("/"):
            yield fields[5]


def _is_interpreters(path: str) -> bool:
    """Whether it is the interpreter's own, which is a component by itself."""
    if path == os.path.realpath(sys.executable) or path.startswith(f"{sys.base_prefix}/lib/libpython"):
        return not path.endswith("(deleted)")
    own = next((one for one in interpreters_own() if path.startswith(f"{os.path.realpath(one)}/")), None)
    return own is not None and not path.endswith("(deleted)") and not any(f"/{one}/" in path for one in _FOREIGN)


def _files_of_distributions(bill: Mapping[str, Any]) -> Iterator[str]:
    """Yield the libraries of each distribution of the bill, where they really lie."""
    listed = {(one.get("name"), one.get("version")) for one in (bill["metadata"]["component"], *bill["components"])}
    for one in distributions():
        name = re.sub(r"[-_.]+", "-", one.metadata["Name"] or "").lower()
        if (name, one.version) in listed:
            for file in one.files or ():
                if _LIBRARY.search(file.name):
                    yield os.path.realpath(str(file.locate()))


def _files_of_packages(bill: Mapping[str, Any], wanted: Iterable[str]) -> set[str]:
    """Return which of these files are of a package of the bill. Packages name some below /lib that lie below /usr."""
    called = {name: path for path in wanted for name in (path, path.removeprefix("/usr"))}
    packages = {one["name"] for one in bill["components"] if str(one.get("purl", "")).startswith("pkg:deb/")}
    found: set[str] = set()
    for file in _LISTS.glob("*.list"):
        if file.stem.partition(":")[0] in packages:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            found.update(called[name] for name in called.keys() & set(lines))
    return found
