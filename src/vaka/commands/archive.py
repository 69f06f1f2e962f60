# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The archive of the databases' log, which the database server fills from its start on."""

from collections.abc import Callable

from vaka.commands.data_directory import DataDirectory
from vaka.errors import VakaError
from vaka.operations.backup.making import Installation
from vaka.settings import Settings


def prepare_archive(data: DataDirectory, settings: Settings, say: Callable[[str], None]) -> None:
    """Configure the archive of the embedded server, which does not run yet, or have none where no site is named.

    Whatever hinders that is said and holds up nothing: alarms are received without backups too, and the term is red.
    """
    installation = Installation(data.root, settings, data.cluster)
    if not settings.backup.site:
        installation.repository.configuration.unlink(missing_ok=True)
        return
    try:
        installation.configure()
    except (VakaError, OSError) as error:
        say(f"No backups are made: {error.sentence.en if isinstance(error, VakaError) else error.strerror}")
