"""Hooks of schemathesis: each request of a story is a new one, and not an earlier one that is asked again.

Under a key that was used before the API gives the answer that it gave before, as its document says. To a story that
deletes what it made and makes the same again, that answer names what is no more: none of it was just made.
"""

from __future__ import annotations

import itertools
import re

import schemathesis
from schemathesis.generation.meta import TestPhase

_NUMBERS = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    key = (case.headers or {}).get("Idempotency-Key")
    if case.meta.phase.name == TestPhase.STATEFUL and isinstance(key, str) and re.fullmatch("[!-~]{1,180}", key):
        case.headers["Idempotency-Key"] = f"{key}-{next(_NUMBERS)}"
