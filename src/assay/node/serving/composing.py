"""Which part asks which: leads and rules are given what the live part and the lake know.

Parts stand on one another in one direction, so a part that needs what stands above it has a place to plug it in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from assay.core.definitions.model import Definitions
from assay.core.io.store import Store
from assay.node.lake import manifest
from assay.node.leads import stories
from assay.node.live import asking
from assay.node.live.models import Holding, Spell
from assay.node.live.replaying import prepared
from assay.node.live.stories import micros
from assay.node.rulebook import current, history


def compose() -> None:
    """Let pages, leads and rules ask the live part and the lake; called once a process."""
    stories.plug(
        tell=lambda kind, one, as_of: asking.story(current.definitions(), kind, one, as_of),
        describe=lambda asked, at: asking.about(current.definitions(), asked, at),
    )
    history.plug(_replay, now=lambda: micros(timezone.now()), counts=_counts)


@contextmanager
def _replay(definitions: Definitions) -> Iterator[Store]:
    with prepared(definitions, manifest.relation(manifest.paths())) as known:
        yield known.store


def _counts() -> Mapping[str, tuple[int, int]]:
    held = dict(Holding.objects.values_list("rule").annotate(n=Count("id")))
    since = timezone.now() - timedelta(days=7)
    entered = dict(Spell.objects.filter(Q(starts_at__gt=since)).values_list("rule").annotate(n=Count("id")))
    return {rule: (held.get(rule, 0), entered.get(rule, 0)) for rule in {*held, *entered}}
