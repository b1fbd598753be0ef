"""Logs: one line of JSON each, without anybody's data.

Our own modules log a fixed sentence and facts beside it, which are ids, names of routes, counts and durations:

    log.info("event accepted", extra={"facts": {"source": 3, "count": 100}})

What others log may have values of requests in its arguments, so only the sentence is kept and never its arguments; of
an exception, its kind and where it happened and never its text. Whatever looks like an e-mail address is struck out.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

_ADDRESS: Final = re.compile(r"[^\s@<>\"',;:=]+@[^\s@<>\"',;:=]+")
_DEEPEST: Final = 12


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": _sentence(record),
        }
        facts = getattr(record, "facts", None)
        if isinstance(facts, Mapping):
            line.update(facts)
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__qualname__
            line["where"] = _places(record.exc_info[2])
        return _ADDRESS.sub(
            "(address)", json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)
        )


def _sentence(record: logging.LogRecord) -> str:
    """Return what a record says without the values that others put into it."""
    if record.name.split(".")[0] == "assay":
        return record.getMessage()
    if record.name.startswith("django.security"):
        return "a request was refused"  # Django puts the request's own words into the sentence
    return record.msg if isinstance(record.msg, str) else type(record.msg).__name__


def _places(trace: TracebackType | None) -> list[str]:
    """Return where the error went through, the innermost place last; the lines' text stays in the source."""
    frames = traceback.extract_tb(trace)[-_DEEPEST:]
    return [f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in frames]


def settings() -> dict[str, Any]:
    """Return what `logging.config.dictConfig` takes: everything to standard error, in the form above."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "assay.node.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.request": {"level": "ERROR"},  # RequestLogMiddleware tells each answer once
            "axes": {"level": "WARNING"},
            "procrastinate": {"level": "WARNING"},
        },
    }
