# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One module for each process: reads its settings, opens what it needs, runs. Wiring only.

This file is the first of ours that a process runs (``python -m vaka.processes.desk``), before the module itself and all
that it imports: so what is loaded is looked at here (decision 92).
"""

import sys

if sys.argv[:1] == ["-m"]:  # a process is being started, and not merely imported
    from pathlib import Path

    from vaka.operations.integrity.starting import start_process

    # What stands before the module is the interpreter's; the module may be joined to its -m.
    named = sys.orig_argv[-len(sys.argv)]
    start_process(sys.argv[1:], Path(sys.prefix), named[named.find(f"{__name__}.") :])
