# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Operational logs: one JSON line per happening, with an allow-list of fields.

The log is for those who keep the machines running. It is not the ledger, and it never holds a name, a number, an
address or a text from an alarm: a field that is not on the list is dropped and its *name* is reported instead.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

ALLOWED_FIELDS = frozenset(
    {
        "event", "level", "timestamp", "process", "instance", "transport", "reason", "status", "count", "seconds",
        "milliseconds", "authority", "database", "migration", "alarm", "account", "session", "path", "method",
        "route", "role", "port", "address", "pid", "exit_code", "error_type", "where", "attempt", "lane", "queue",
        "state", "version", "file", "dropped_fields", "size",
    }
)  # fmt: skip


def _keep_allowed(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = sorted(key for key in event if key not in ALLOWED_FIELDS)
    for key in dropped:
        del event[key]
    if dropped:
        event["dropped_fields"] = dropped
    return event


class _LineLogger:
    """Writes lines. A full disk, or nobody left to read, must never stop the work that is told of."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def msg(self, message: str) -> None:
        """Write one line, or lose it."""
        with suppress(OSError, ValueError):
            print(message, file=self._stream or sys.stderr, flush=True)

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = err = msg


def configure_logs(
    process: str, instance: str = "", *, level: int = logging.INFO, stream: TextIO | None = None
) -> None:
    """Send structured lines to ``stream`` (standard error), each naming ``process`` (and ``instance``)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _keep_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _LineLogger(stream),
        cache_logger_on_first_use=True,
    )
    # The pool tells of every attempt to reconnect, in its own words; whoever uses it tells once, in ours.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    structlog.contextvars.bind_contextvars(process=process)
    if instance:
        structlog.contextvars.bind_contextvars(instance=instance)


def describe_error(error: BaseException) -> dict[str, str]:
    """Return what may be said of an unexpected error: its type and where, never its message.

    Messages of foreign exceptions may quote data (a database's DETAIL line quotes the row).
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
    return {"error_type": type(error).__name__, "where": where}
