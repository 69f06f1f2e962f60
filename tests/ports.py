# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where processes of the tests listen: below what the kernel gives to clients, and apart for each worker of a run.

A port that is free when it is looked for is taken some seconds later, when the process has started; two workers that
look in the same place would find the same one.
"""

import os

_PER_WORKER = 1200


def first_port(base: int) -> int:
    """Return where this worker looks for ports of one kind; `base` is where the first worker does."""
    return base + _PER_WORKER * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
