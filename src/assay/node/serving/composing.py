"""Which part asks which: leads and rules are given what the live part and the lake know.

Parts stand on one another in one direction, so a part that needs what stands above it has a place to plug it in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from assay.core.definitions.model import Definitions
from assay.core.io.store import Store
from assay.node.lake import manifest
from assay.node.leads import beside, stories
from assay.node.live import asking
from assay.node.live.keys import node_of
from assay.node.live.models import Holding, Spell
from assay.node.live.replaying import prepared
from assay.node.live.stories import micros
from assay.node.live.story import Story
from assay.node.partnering import knowledge, post, saying
from assay.node.rulebook import current, history

_log: Final = logging.getLogger(__name__)
#: Seconds for which a story is told again.
_FRESH_FOR: Final = 30


def compose() -> None:
    """Let pages, leads and rules ask the live part and the lake; called once a process."""
    stories.plug(tell=_story, describe=lambda asked, at: asking.about(current.definitions(), asked, at))
    beside.plug(knowledge.beside)
    saying.plug(receive=post.receive, hand_on=lambda with_whom, deal: post.hand_on(with_whom, deal.say, timezone.now()))
    history.plug(_replay, now=lambda: micros(timezone.now()), counts=_counts)


def warm() -> None:
    """Tell a story of nobody, in a thread of its own: the first one loads what was compiled, which takes seconds."""
    threading.Thread(target=_tell_nobodys, name="warming", daemon=True).start()


def _tell_nobodys() -> None:
    try:
        asking.story(current.definitions(), "person", "", micros(timezone.now()))
    except Exception as error:
        # Whoever looks first waits instead, and is told what is wrong.
        _log.warning("stories could not be made ready: %s", type(error).__name__)
    finally:
        connection.close()


def _story(kind: str, one: str, as_of: int) -> Story | None:
    """Return a subject's story; one that was told half a minute ago is told again, as people look twice."""
    number, definitions = current.edition_and_definitions()
    key = f"story:{number}:{kind}:{node_of(kind, one)}"
    found: Story | None = cache.get(key)
    if found is None:
        found = asking.story(definitions, kind, one, as_of)
        cache.set(key, found, _FRESH_FOR)
    return found


@contextmanager
def _replay(definitions: Definitions) -> Iterator[Store]:
    with prepared(definitions, manifest.relation(manifest.paths())) as known:
        yield known.store


def _counts() -> Mapping[str, tuple[int, int]]:
    held = dict(Holding.objects.values_list("rule").annotate(n=Count("id")))
    since = timezone.now() - timedelta(days=7)
    entered = dict(Spell.objects.filter(Q(starts_at__gt=since)).values_list("rule").annotate(n=Count("id")))
    return {rule: (held.get(rule, 0), entered.get(rule, 0)) for rule in {*held, *entered}}
