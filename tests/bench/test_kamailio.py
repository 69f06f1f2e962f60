# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A peer that complains was not measured at its best, and that has to be seen."""

from pathlib import Path

from bench.kamailio import Kamailio


def test_errors_in_its_log_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "kamailio.log"
    log.write_bytes(
        b" 0(9) ALERT: <core> [main.c:770]: handle_sigs(): child process 12 exited normally, status=0\n"
        b"19(25) ERROR: <core> [core/mem/q_malloc.c:286]: qm_find_free(): not enough memory\n"
        b"\xff\n"
        b"23(36) ERROR: tm [tm.c:1475]: ki_t_reply(): no T-state\n"
    )
    assert Kamailio(port=5060, pid=1, log=log).complaints() == 2
