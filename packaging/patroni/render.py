#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""render.py VALUES.toml MEMBER DIRECTORY   Writes what one member is configured with, made of the templates here.

With Python's own modules alone: on a database machine nothing of Vaka is installed.
"""

import re
import sys
import tomllib
from pathlib import Path
from string import Template
from typing import Any

TEMPLATES = ("patroni.yml", "etcd.yml", "pgbackrest.conf")
WATCHED_SECONDS = 5
"""So long before its lease ends a primary that hangs is restarted."""
_PLAIN = re.compile(r"[A-Za-z0-9_./:-]+")
"""What stands between quotes of YAML and in lines of pg_hba.conf is nothing but this."""


def render(values: dict[str, Any], member: str) -> dict[str, str]:
    """Return the text of each file of one member. Raises ValueError, with what is wrong in the values."""
    members = values["members"]
    given = [value for one in (values, *members) for value in one.values() if value is not members]
    for value in given:
        if not _PLAIN.fullmatch(str(value)):
            raise ValueError(f"{value!r}: letters, digits and _./:- alone")
    if 2 * values["retry_seconds"] + values["loop_seconds"] > values["lease_seconds"]:
        raise ValueError("lease_seconds has to be 2 x retry_seconds + loop_seconds at least")
    if not 1 <= values["synchronous"] < len(members):
        raise ValueError("synchronous has to be 1 at least, and fewer than there are members")
    if values["watchdog"] not in ("required", "automatic", "off"):
        raise ValueError("watchdog has to be required, automatic or off")
    if values["watchdog"] == "required" and values["loop_seconds"] + WATCHED_SECONDS > values["lease_seconds"]:
        # Patroni would have none then, and without one nobody becomes primary.
        raise ValueError(f"lease_seconds has to be loop_seconds + {WATCHED_SECONDS} at least for a watchdog")
    own = next((one for one in members if one["name"] == member), None)
    if own is None:
        raise ValueError(f"no member is called {member}")
    peers, clients = values["etcd_peer_port"], values["etcd_port"]
    filled = {
        **values,
        "member": member,
        "watched_seconds": WATCHED_SECONDS,
        "host": own["host"],
        "address": own["address"],
        "etcd_members": ",".join(f"{one['name']}=https://{one['host']}:{peers}" for one in members),
        "etcd_hosts": ", ".join(f'"{one["host"]}:{clients}"' for one in members),
        "identities": "\n".join(
            f"    - members {one['host']} {role}" for one in members for role in ("vaka_replicator", "vaka_rewind")
        ),
    }
    here = Path(__file__).parent
    return {name: Template((here / name).read_text("utf-8")).substitute(filled) for name in TEMPLATES}


def main(values: str, member: str, directory: str) -> None:
    """Write the files, readable by whoever reads configurations: there is no secret in them."""
    for name, text in render(tomllib.loads(Path(values).read_text("utf-8")), member).items():
        (Path(directory) / name).write_text(text, "utf-8")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:4])
    except (OSError, KeyError, TypeError, ValueError) as error:
        sys.exit(f"{__doc__ if len(sys.argv) != 4 else error}")
