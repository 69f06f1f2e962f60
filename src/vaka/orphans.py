# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Ending with who started us: the kernel tells a child that its parent died, however it died. Linux alone."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def end_with(parent: int, number: signal.Signals) -> None:
    """Be sent a signal when the process `parent`, our own, dies. Where it has died already, end at once.

    In a child that changes its account this comes after the change, which would clear it (prctl(2)).
    """
    _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
