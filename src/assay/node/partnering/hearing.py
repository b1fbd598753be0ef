"""What a step of a partnership tells the node: rows that pages and rules read, written with the step's own memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from assay.node.partnering import people
from assay.node.partnering.models import (
    Disclosed,
    Overlap,
    Partnership,
    PersonOverlap,
    PersonTold,
    Population,
    Says,
    Standing,
    TheirPopulation,
    Told,
)
from assay.node.partnering.releasing import WEEK
from assay.partners import dealing
from assay.partners.dealing import Counted, Offer, Shared

_ACCOUNT: Final = 200


class Hearing:
    """Hears what became of one partnership, within one step."""

    def __init__(self, partnership: Partnership, now: datetime) -> None:
        self._partnership, self._now = partnership, now
        self.facts_changed = False

    def paired(self) -> None:
        """Both sides have confirmed."""
        self._update(state=Partnership.State.LIVE)

    def offered(self, offers: Sequence[Offer], version: int) -> None:
        """Let the partner's populations be these and no others."""
        for offer in offers:
            TheirPopulation.objects.update_or_create(
                partnership=self._partnership,
                slug=offer.population[:60],
                defaults={
                    "name": offer.name[:100],
                    "says": said(offer.says),
                    "level": offer.level.value,
                    "fields": [name[:100] for name in offer.fields][:100],
                    "told_at": self._now,
                    "until": None if offer.until is None else instant(offer.until),
                },
            )
        slugs = [offer.population[:60] for offer in offers]
        TheirPopulation.objects.filter(partnership=self._partnership).exclude(slug__in=slugs).delete()

    def overlap(self, shared: Shared) -> None:
        """Note an account that both have."""
        self._pair(shared, Overlap.Ruling.MATCH)

    def question(self, shared: Shared) -> None:
        """Note an account that both may have."""
        self._pair(shared, Overlap.Ruling.ASK)

    def gone(self, handle: bytes, their_handle: bytes) -> None:
        """Note that two records are no pair any more."""
        for table in (Overlap, PersonOverlap):
            table._default_manager.filter(
                partnership=self._partnership, handle=handle.hex(), their_handle=their_handle.hex(), until__isnull=True
            ).update(until=self._now)

    def learnt(self, told: dealing.Told) -> None:
        """Note what the partner told of an account."""
        key = {"their_handle": told.handle.hex(), "population": told.population[:60]}
        if people.is_person(told.record):
            known = {"record": told.record, "says": said(told.says), "since": instant(told.since)}
            PersonTold.objects.update_or_create(
                partnership=self._partnership,
                until=None,
                their_handle=key["their_handle"],
                population=key["population"],
                defaults=known,
            )
            return
        held = Told.objects.filter(partnership=self._partnership, until__isnull=True, **key).first()
        fields = {str(name)[:100]: str(value)[:1000] for name, value in told.fields.items()}
        if held is not None and (held.account_id, held.says, held.fields) == (told.record, said(told.says), fields):
            Told.objects.filter(pk=held.pk).update(confirmed_at=self._now)
            return
        Told.objects.filter(partnership=self._partnership, until__isnull=True, **key).update(until=self._now)
        Told.objects.create(
            partnership=self._partnership,
            account_id=told.record[:_ACCOUNT],
            says=said(told.says),
            fields=fields,
            since=instant(told.since),
            confirmed_at=self._now,
            **key,
        )
        self.facts_changed = True

    def withdrawn(self, their_handle: bytes, population: str) -> None:
        """Note that what the partner told does not hold any more."""
        for table in (Told, PersonTold):
            table._default_manager.filter(
                partnership=self._partnership,
                their_handle=their_handle.hex(),
                population=population[:60],
                until__isnull=True,
            ).update(until=self._now)
        self.facts_changed = True

    def confirmed(self, at: int) -> None:
        """Note that whatever the partner told and did not withdraw held at an instant."""
        Told.objects.filter(partnership=self._partnership, until__isnull=True, confirmed_at__lt=instant(at)).update(
            confirmed_at=instant(at)
        )

    def disclosed(self, told: dealing.Told, *, grant: int, entry: int, at: int) -> None:
        """Note what we told, in the place of what waited."""
        population = Population.objects.filter(slug=told.population).first()
        facts = {
            "handle": told.handle.hex(),
            "fields": sorted(told.fields),
            "grant": grant,
            "entry": entry,
            "at": instant(at),
            "state": Disclosed.State.TOLD,
        }
        waiting = Disclosed.objects.filter(
            partnership=self._partnership, account_id=told.record, population=population, state=Disclosed.State.HELD
        )
        if population is None or not waiting.update(**facts):
            Disclosed.objects.create(
                partnership=self._partnership, account_id=told.record, population=population, **facts
            )

    def taken_back(self, handle: bytes, population: str, at: int) -> None:
        """Note that we withdrew what we told."""
        Disclosed.objects.filter(
            partnership=self._partnership, handle=handle.hex(), population__slug=population, state=Disclosed.State.TOLD
        ).update(state=Disclosed.State.WITHDRAWN, withdrawn_at=instant(at))

    def receipted(self, through: int) -> None:
        """Note that the partner signed for what we told."""
        Disclosed.objects.filter(partnership=self._partnership, entry__lte=through, receipted_at__isnull=True).update(
            receipted_at=self._now
        )

    def said(self, kind: str, public_id: str, body: Mapping[str, Any]) -> None:
        """Give on what the partner said."""
        from assay.node.partnering.saying import receive

        receive(self._partnership, kind, public_id, body)

    def compared(self, *, ours: int, theirs: int, shared: int) -> None:
        """Note how long the lists are; of the partner's, what it was when a week of growth began."""
        standing = Standing.objects.get(partnership=self._partnership)
        if standing.before_at is None or self._now - standing.before_at > WEEK:
            # A list that is new grows as it likes until a week is over.
            standing.records_before = None if standing.before_at is None else standing.their_records
            standing.before_at = self._now
        standing.our_records, standing.their_records, standing.shared_records = ours, theirs, shared
        standing.their_most = max(standing.their_most, theirs)
        told = ["our_records", "their_records", "shared_records", "their_most", "records_before", "before_at"]
        standing.save(update_fields=told)

    def counted(self, numbers: Sequence[Counted]) -> None:
        """Note of each population that was counted about how many of each of ours are in it; None says few.

        The sum is of what was told as a number: what is few is no number, and adds nothing.
        """
        for one in TheirPopulation.objects.filter(partnership=self._partnership, level=dealing.Level.COUNTS.value):
            found = {number.ours[:60]: number.about for number in numbers if number.theirs[:60] == one.slug}
            if found:
                summed = sum(about or 0 for about in found.values())
                TheirPopulation.objects.filter(pk=one.pk).update(shared=summed, counted=found)

    def trouble(self, text: str) -> None:
        """Note what stands in the way."""
        self._update(trouble=text)

    def ended(self) -> None:
        """Note that the partnership is over: whatever the partner told does not hold any more."""
        self._update(state=Partnership.State.REVOKED)
        for table in (Told, Overlap, PersonTold, PersonOverlap, TheirPopulation):
            table._default_manager.filter(partnership=self._partnership, until__isnull=True).update(until=self._now)
        self.facts_changed = True

    def _pair(self, shared: Shared, ruling: str) -> None:
        is_person = people.is_person(shared.record)
        facts = {
            "record" if is_person else "account_id": shared.record[:_ACCOUNT],
            "ruling": ruling,
            "bits": shared.bits,
            "reasons": [[reason.finding, reason.bits] for reason in shared.reasons],
            "until": None,
        }
        table = PersonOverlap if is_person else Overlap
        table._default_manager.update_or_create(
            partnership=self._partnership,
            handle=shared.handle.hex(),
            their_handle=shared.their_handle.hex(),
            defaults=facts,
            create_defaults={**facts, "since": self._now},
        )

    def _update(self, **facts: Any) -> None:
        Partnership.objects.filter(pk=self._partnership.pk).update(**facts)
        for name, value in facts.items():
            setattr(self._partnership, name, value)


def said(text: str) -> str:
    """Return what a partner says of a population, where rules know the word; else what says least."""
    return text if text in Says.values else Says.PROSPECT.value


def instant(micros: int) -> datetime:
    """Return an instant of the protocol."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
