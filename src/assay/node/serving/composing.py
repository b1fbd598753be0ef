"""Which part asks which: leads and rules are given what the live part and the lake know.

Parts stand on one another in one direction, so a part that needs what stands above it has a place to plug it in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.utils import timezone

from assay.core.definitions.model import Definitions
from assay.core.io.store import Store
from assay.core.values import instant as instant
from assay.node.lake import manifest
from assay.node.leads import beside, stories
from assay.node.live import asking, counting, kept
from assay.node.live.replaying import prepared
from assay.node.live.stories import micros
from assay.node.live.story import Story
from assay.node.partnering import knowledge, post, saying
from assay.node.rulebook import current, history
from assay.node.serving.looping import tidy

_log: Final = logging.getLogger(__name__)


def compose() -> None:
    """Let pages, leads and rules ask the live part and the lake; called once a process."""
    stories.plug(
        tell=_tell,
        find=_find,
        know=asking.is_known,
        describe=lambda asked, at: asking.about(current.definitions(), asked, at),
    )
    beside.plug(knowledge.beside)
    saying.plug(receive=post.receive, hand_on=lambda with_whom, deal: post.hand_on(with_whom, deal.say, timezone.now()))
    history.plug(_replay, now=lambda: micros(timezone.now()), counts=lambda: counting.counts(timezone.now()))


def warm() -> None:
    """Tell a story of nobody, in a thread of its own: the first one loads what was compiled, which takes seconds."""
    threading.Thread(target=_tell_nobodys, name="warming", daemon=True).start()


def _tell_nobodys() -> None:
    try:
        asking.stories(current.definitions(), [("person", "")], micros(timezone.now()))
    except Exception as error:
        # Whoever looks first waits instead, and is told what is wrong.
        _log.warning("stories could not be made ready: %s", type(error).__name__)
    finally:
        connection.close()
        tidy()


def _tell(kind: str, one: str, as_of: int) -> Story | None:
    """Tell a subject's story, and keep it for whoever looks next."""
    number, definitions = current.edition_and_definitions()
    return asking.tell_and_keep(number, definitions, [(kind, one)], as_of).get((kind, one))


def _find(kind: str, one: str, as_of: int) -> kept.Found | None:
    """Return the story that is kept of a subject; where more has happened since, have it told anew beside."""
    number, definitions = current.edition_and_definitions()
    now = instant(as_of)
    found = kept.find(number, definitions, kind, one, now)
    if found is not None and not found.is_current:
        kept.want(kind, one, now)
    return found


@contextmanager
def _replay(definitions: Definitions) -> Iterator[Store]:
    with prepared(definitions, manifest.relation(manifest.paths())) as known:
        yield known.store
