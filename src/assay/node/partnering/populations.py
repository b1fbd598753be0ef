"""Sets of our accounts under a name: made, changed, and kept current as what they rest on changes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from assay.core.errors import BadDefinitions, BadRequest, ShownError, did_you_mean
from assay.core.identity.domains import registrable_domain
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.lake import manifest
from assay.node.live.models import Holding
from assay.node.live.stories import micros
from assay.node.partnering import criteria, people
from assay.node.partnering.models import Counting, Grant, Listed, Person, Population, Says
from assay.node.rulebook import current

#: Lines of one list.
LONGEST: Final = 200_000
_LINE: Final = 200
_LARGEST_TEXT: Final = 20_000
#: After finding members took so long, that many times as long passes before they are found again.
_REST: Final = 4
_WRITE: Final = (
    "UPDATE partnering_listed l SET account_id = f.found FROM ({}) f "
    "WHERE l.population_id = %s AND l.text = f.text AND l.account_id <> f.found"
)
#: A line names the account of that id, else the one account that has the domain.
_NAMED: Final = _WRITE.format(
    "SELECT n.text, coalesce(a.account_id, d.account_id, '') AS found FROM named_now n "
    "LEFT JOIN partnering_account a ON a.account_id = n.record "
    "LEFT JOIN (SELECT domain, min(account_id) AS account_id FROM partnering_account WHERE domain <> '' "
    "GROUP BY domain HAVING count(*) = 1) d ON d.domain = n.domain"
)
_NAMED_PEOPLE: Final = _WRITE.format(
    "SELECT l.text, coalesce(n.record, '') AS found FROM partnering_listed l LEFT JOIN named_now n ON n.text = l.text"
)
_log: Final = logging.getLogger(__name__)


@action("make a population", Permission.MANAGE_PARTNERS)
def make(
    audit: Audit,
    *,
    name: str,
    says: str,
    how: str,
    rule: str = "",
    text: str = "",
    lines: str = "",
    is_of_people: bool = False,
) -> Population:
    """Make a population, of accounts or of people.

    Accounts are found at once; those of criteria, people and the accounts of people within seconds, in the background.

    BadRequest or BadDefinitions where that cannot be.
    """
    name = _named(name)
    slug = slugify(name)[:60]
    if not slug or Population.objects.filter(slug=slug).exists():
        raise BadRequest("There is a population of that name already", where="name", value=name, mend="Choose another.")
    made = Population(slug=slug, name=name, says=_of(Says.values, says), made_at=timezone.now())
    made.how, made.is_of_people = _of(Population.How.values, how), is_of_people
    _fill(made, rule, text)
    made.save(force_insert=True)
    if made.how == Population.How.LIST:
        _list(made, lines)
    Counting.objects.create(population=made)
    audit.write("population", slug, before={}, after={"how": made.how, "says": made.says, "is_of_people": is_of_people})
    if not _reads_lake(made):  # which no page should wait for
        find(made, timezone.now())
    return made


@action("change a population", Permission.MANAGE_PARTNERS)
def change(
    audit: Audit, slug: str, *, name: str, rule: str = "", text: str = "", lines: str | None = None
) -> Population:
    """Change which accounts a population has; how they are found and what it says of them stay as they are.

    A list that is given takes the place of the one before. What it says cannot change, as partners know it already.
    """
    found = Population.objects.select_for_update().filter(slug=slug).first()
    if found is None:
        raise BadRequest("There is no such population", value=slug)
    found.name = _named(name)
    _fill(found, rule, text)
    found.save()
    if found.how == Population.How.LIST and lines is not None:
        found.listed.all().delete()
        _list(found, lines)
    audit.write("population", slug, before={}, after={"how": found.how})
    Counting.objects.filter(population=found).update(edition=-1, milliseconds=0)
    if not _reads_lake(found):
        find(found, timezone.now())
    return found


@action("remove a population", Permission.MANAGE_PARTNERS)
def remove(audit: Audit, slug: str) -> None:
    """Remove a population that no grant lets anybody see."""
    found = Population.objects.select_for_update().filter(slug=slug).first()
    if found is None:
        raise BadRequest("There is no such population", value=slug)
    held = Grant.objects.filter(population=found, state__in=[Grant.State.HOLDS, Grant.State.ASKED])
    if held.exclude(level="hidden").exists():
        raise BadRequest(
            "Partners learn of this population, or somebody asked that they may",
            mend="Set to 'Nothing' what they learn of it, and let one exchange pass; then remove it.",
        )
    audit.write("population", slug, before={"how": found.how}, after={})
    found.delete()


def refresh(now: datetime) -> int:
    """Find the members of every population anew whose ground changed; return how many were looked at."""
    edition, last = current.edition(), manifest.last_seq()
    done = 0
    for one in Population.objects.select_related("counting"):
        if _is_due(one, edition, last, now):
            try:
                with transaction.atomic():
                    find(one, now)
            except ShownError as error:
                Counting.objects.filter(population=one).update(trouble=error.text(), seq=last, edition=edition)
            done += 1
    return done


def find(population: Population, now: datetime) -> None:
    """Find the members of a population as of now; note who joined and who left."""
    begun = monotonic()
    last, edition = manifest.last_seq(), current.edition()
    _note(population, _found(population, now), now)
    Population.objects.filter(pk=population.pk).update(counted_at=now)
    took = int(1000 * (monotonic() - begun))
    Counting.objects.update_or_create(
        population=population, defaults={"seq": last, "edition": edition, "milliseconds": took, "trouble": ""}
    )


def rules() -> list[str]:
    """Return the rules about accounts that are decided now."""
    return sorted(rule.name for rule in current.definitions().rules if rule.subject == "account")


def _reads_lake(population: Population) -> bool:
    """Tell whether finding members rests on what is read from the lake: criteria, and whatever is about people."""
    is_about_people = population.is_of_people or population.rule in people.rules()
    return population.how == Population.How.TEXT or is_about_people


def unknown(population: Population) -> list[str]:
    """Return the lines of a list under which no account is known."""
    return list(population.listed.filter(account_id="").values_list("text", flat=True))


def _is_due(one: Population, edition: int, last: int, now: datetime) -> bool:
    counting: Counting | None = getattr(one, "counting", None)
    if counting is None or one.counted_at is None:
        return True
    rest = timedelta(milliseconds=_REST * counting.milliseconds)
    if one.how == Population.How.RULE:  # who holds a rule is one query, but no short one where very many do
        return now - one.counted_at >= rest
    # Windows run out though nothing arrives, so a text is decided again once in a while.
    is_old = one.how == Population.How.TEXT and now - one.counted_at > max(rest, timedelta(minutes=10))
    has_news = (counting.seq, counting.edition) != (last, edition)
    return is_old or (has_news and now - one.counted_at > rest)


def _found(population: Population, now: datetime) -> frozenset[str]:
    if population.how == Population.How.RULE:
        if population.rule in people.rules():
            return _found_by_people(population)
        if population.rule not in rules():
            raise BadRequest("The rule of this population is decided no more", value=population.rule)
        holding = Holding.objects.filter(rule=population.rule, subject_type="account")
        return frozenset(one for one in holding.values_list("subject_id", flat=True) if len(one) <= _LINE)
    if population.how == Population.How.TEXT:
        return frozenset(one for one in criteria.accounts(population.text, micros(now)) if len(one) <= _LINE)
    _name_listed(population)
    return frozenset(population.listed.exclude(account_id="").values_list("account_id", flat=True))


def _found_by_people(population: Population) -> frozenset[str]:
    """Return the people of whom a rule holds, or the accounts that they are at now."""
    held = Holding.objects.filter(rule=population.rule, subject_type="person").values("subject_id")
    known = Person.objects.filter(person_id__in=held)
    if population.is_of_people:
        return frozenset(people.record_of(one) for one in known.values_list("person_id", flat=True))
    return frozenset(known.exclude(account_id="").values_list("account_id", flat=True))


def _note(population: Population, found: frozenset[str], now: datetime) -> None:
    """Write down who joined and who left."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE found_now (account_id text) ON COMMIT DROP")
        with cursor.copy("COPY found_now (account_id) FROM STDIN") as copy:
            for one in found:
                copy.write_row((one,))
        cursor.execute("ANALYZE found_now")
        cursor.execute(
            "UPDATE partnering_member m SET until = %s WHERE population_id = %s AND until IS NULL "
            "AND NOT EXISTS (SELECT 1 FROM found_now f WHERE f.account_id = m.account_id)",
            [now, population.pk],
        )
        cursor.execute(
            "INSERT INTO partnering_member (population_id, account_id, since) "
            "SELECT %s, account_id, %s FROM found_now f "
            "WHERE NOT EXISTS (SELECT 1 FROM partnering_member m WHERE m.population_id = %s AND m.until IS NULL "
            "AND m.account_id = f.account_id)",
            [population.pk, now, population.pk],
        )
        cursor.execute("DROP TABLE found_now")


def _fill(population: Population, rule: str, text: str) -> None:
    if population.how == Population.How.RULE:
        known = people.rules() if population.is_of_people else [*rules(), *people.rules()]
        if rule not in known:
            about = "people" if population.is_of_people else "accounts or people"
            mend = did_you_mean(rule, known, f"Choose a rule about {about} that is live or in shadow.")
            raise BadRequest(f"There is no such rule about {about}", where="rule", value=rule, mend=mend)
        population.rule = rule
    elif population.how == Population.How.TEXT and population.is_of_people:
        raise BadRequest(
            "People are found by a rule or a list", where="how", mend="Write a rule about people, and name it."
        )
    elif population.how == Population.How.TEXT:
        if len(text) > _LARGEST_TEXT:
            raise BadRequest("These criteria are too long", where="text", mend="Put most of it into a rule.")
        found = criteria.check(text)
        if not found.is_clean:
            raise BadDefinitions(list(found.complaints))
        population.text = text.replace("\r\n", "\n")


def _list(population: Population, lines: str) -> None:
    """Keep the lines of a list; of a table, its first column."""
    given = [_first(line) for line in lines.replace("\r", "\n").split("\n")]
    wanted = list(dict.fromkeys(one for one in given if one))
    if not wanted:
        raise BadRequest("There is nothing in this list", where="list", mend="Give an id or a domain a line.")
    if len(wanted) > LONGEST:
        raise BadRequest(
            f"The list has more than {LONGEST:,} lines", where="list", mend="Write criteria, or upload it as a source."
        )
    too_long = next((one for one in wanted if len(one) > _LINE), None)
    if too_long is not None:
        raise BadRequest("A line is too long for an id", where="list", value=too_long[:40], mend="Give one id a line.")
    Listed.objects.bulk_create([Listed(population=population, text=one) for one in wanted], batch_size=5000)


def _first(line: str) -> str:
    return re.split(r"[,;\t]", line.strip(), maxsplit=1)[0].strip().strip('"').strip()


def _name_listed(population: Population) -> None:
    """Say of each line which account it names: by id, else by the domain, where one account alone has it.

    In a list of people a line is an address, and names a person's record.
    """
    lines = list(population.listed.values_list("text", flat=True))
    if population.is_of_people:
        known = people.by_address(lines)
        _write_named(population, ((line, people.record_of(known[line]), "") for line in lines if line in known))
    else:
        _write_named(population, ((line, line, registrable_domain(line) or line.lower()) for line in lines))


def _write_named(population: Population, told: Iterable[tuple[str, str, str]]) -> None:
    """Write what each line may name, a record or else a domain, in one statement: a list may have very many lines."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE named_now (text text, record text, domain text) ON COMMIT DROP")
        with cursor.copy("COPY named_now (text, record, domain) FROM STDIN") as copy:
            for row in told:
                copy.write_row(row)
        cursor.execute("ANALYZE named_now")
        cursor.execute(_NAMED_PEOPLE if population.is_of_people else _NAMED, [population.pk])
        cursor.execute("DROP TABLE named_now")


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 100:
        raise BadRequest("A population needs a name of at most 100 characters", where="name", value=name[:40])
    return name


def _of(known: Sequence[str], given: str) -> str:
    if given not in known:
        raise BadRequest("There is no such choice", value=given[:40], mend=f"Choose one of: {', '.join(known)}.")
    return given
