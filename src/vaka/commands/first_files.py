# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What processes would make at their first start, made while it can be accepted: each is a protected file (term 17).

A process makes what it finds missing, but may accept nothing: made by it, a new installation's own keys would show as
changed configuration until somebody says that they are as they should be.
"""

from contextlib import suppress

from vaka.clock import Clock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import every_authority
from vaka.commands.sealing import begin_logs
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.identity.subjects import open_subject_key
from vaka.keys.challenge_secret import open_challenge_secret, secret_file
from vaka.keys.signing_key import read_signing_key
from vaka.settings import Settings
from vaka.tenants.doors import read_rules


async def make_first_files(data: DataDirectory, settings: Settings, server: Server, clock: Clock) -> None:
    """Make the keys that are missing: of the logs, of what is signed, of who signs in, of devices' challenges.

    The databases answer. What cannot be made or read is left to whoever needs it, who says so: nothing that alarms do
    without stops a start.
    """
    for make in (
        lambda: open_challenge_secret(secret_file(data.credentials)),
        lambda: open_subject_key(data.root / settings.signin.subject_key),
        lambda: read_signing_key(data.root / settings.notices.signing_key),
        lambda: read_signing_key(data.root / settings.terms.signing_key),
        lambda: read_rules(data.root, settings),
    ):
        with suppress(ConfigurationError):
            make()
    await begin_logs(data, settings, server, every_authority(server), clock)
