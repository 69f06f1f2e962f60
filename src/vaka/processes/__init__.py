# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One module for each process: reads its settings, opens what it needs, runs. Wiring only.

This file is the first of ours that a process runs (``python -m vaka.processes.desk``), before the module itself and all
that it imports: so what is loaded is looked at here (decision 92).
"""

import sys

if sys.argv[:1] == ["-m"]:  # a process is being started, and not merely imported
    from pathlib import Path

    from vaka.operations.integrity.starting import start_guarded

    start_guarded(sys.orig_argv, Path(sys.prefix), sys.orig_argv[sys.orig_argv.index("-m") + 1])
