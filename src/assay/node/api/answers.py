"""Doing what was asked once, however often it is sent: the answer is kept with the change, in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node import sealed
from assay.node.access.models import User
from assay.node.api import problems
from assay.node.api.models import Answer
from assay.node.api.problems import Problem

KEPT: Final = timedelta(days=1)
#: Waits for whoever uses the same key at the same time.
_BEGIN: Final = """
INSERT INTO api_answer (user_id, key, asked, status, sealed_body, made_at) VALUES (%s, %s, %s, 0, '', %s)
ON CONFLICT (user_id, key) DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer, and whether it was given before."""

    status: int
    body: dict[str, Any]
    is_replayed: bool


def once(user: User, key: str, asked: str, do: Callable[[], dict[str, Any]]) -> Given:
    """Do what is asked and return the answer; where that was done under the same key, return what was answered then.

    What cannot be (BadRequest) is an answer too, and stays one. Whatever else fails undoes all, so that it can be
    sent again. Problem where the key was used for something else.
    """
    digest = hashlib.sha256(asked.encode()).digest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN, [user.pk, key, digest, timezone.now()])
            begun = cursor.fetchone()
        if begun is None:
            return _replayed(user, key, digest)
        status, body = 200, {}
        try:
            with transaction.atomic():
                body = do()
        except BadRequest as error:
            body = problems.of_bad_request(error)
            status = body["status"]
        Answer.objects.filter(pk=begun[0]).update(
            status=status, sealed_body=sealed.seal(_place(begun[0]), json.dumps(body))
        )
    return Given(status, body, False)


def forget(now: datetime) -> int:
    """Forget answers that were given long ago; return how many."""
    return Answer.objects.filter(made_at__lt=now - KEPT).delete()[0]


def _replayed(user: User, key: str, digest: bytes) -> Given:
    found = Answer.objects.get(user=user, key=key)
    if bytes(found.asked) != digest:
        raise Problem(
            409,
            "key_reused",
            "This Idempotency-Key was used for another request.",
            "Make a new key for each thing to do, and send the same one only with the same request.",
        )
    try:
        body = sealed.opened(_place(found.pk), found.sealed_body)
    except BadRequest:
        raise Problem(
            409,
            "answer_lost",
            "This was done, and its answer cannot be read any more: the server's secret key was changed.",
            "Look at what it was about, and make a new key for what comes next.",
        ) from None
    return Given(found.status, json.loads(body), True)


def _place(answer_id: int) -> str:
    return f"answer {answer_id}"
