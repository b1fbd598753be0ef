"""Partners and partnerships; what we let them learn, what they let us know, and what both sides do with it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from assay.node.partnering.duplicate_tables import Duplicate, DuplicatesLooked
from assay.node.partnering.knowing_tables import Incoming, LakeFact, LakeInsight, Lens, OurInsight, Outgoing
from assay.node.partnering.people_tables import Person, PersonOverlap, PersonTold
from assay.node.partnering.reviewing_tables import Reviewed
from assay.node.partnering.tables import Account, AccountsRead, Counting, Errand, Listed, Preset, Standing

__all__ = ["Account", "AccountsRead", "Counting", "Duplicate", "DuplicatesLooked", "Errand", "Listed", "Standing"]
__all__ += ["Person", "PersonOverlap", "PersonTold", "Preset", "Reviewed"]
__all__ += ["Incoming", "LakeFact", "LakeInsight", "Lens", "OurInsight", "Outgoing"]

_USER = settings.AUTH_USER_MODEL


class Says(models.TextChoices):
    """What a population says of its accounts, in the words that rules read (LANGUAGE section 6)."""

    CUSTOMER = "customer", "Customers"
    OPEN_OPPORTUNITY = "open_opportunity", "Open opportunities"
    PROSPECT = "prospect", "Prospects"
    FORMER_CUSTOMER = "former_customer", "Former customers"
    OWN = "own", "Own companies"


class Level(models.TextChoices):
    """How much of a population a partner learns: nothing, how many are shared, or which."""

    HIDDEN = "hidden", "Nothing"
    COUNTS = "counts", "How many"
    OVERLAPS = "overlaps", "Which, and the fields below"


class Company(models.Model):
    """Who we are to partners: one row, made the first time that somebody is invited or accepts."""

    name = models.CharField(max_length=200)
    seed = models.BinaryField()  # of the identity, sealed under the node's secret key
    counter = models.BigIntegerField(default=0)  # of requests to escrows; only grows
    matching = models.JSONField(default=dict)  # canonical field -> attribute of accounts: {"domain": "website", ...}
    made_at = models.DateTimeField()


class Partner(models.Model):
    """A company that we work with; `slug` is what rules and facts call it."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    parent = models.CharField(max_length=200, blank=True)  # partners of one parent are not independent
    manager = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="partners")
    made_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        """By name."""

        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Partnership(models.Model):
    """Comparing lists with one partner over one escrow, from the invitation to the revocation."""

    class State(models.TextChoices):
        """How far it got."""

        INVITED = "invited", "Invited"  # one side has greeted
        COMPARING = "comparing", "To be compared"  # both have greeted; two people compare digits
        CONFIRMED = "confirmed", "Waits for the partner"  # we have confirmed, the partner has not
        LIVE = "live", "Live"
        PAUSED = "paused", "Paused"
        REVOKED = "revoked", "Ended"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="partnerships")
    state = models.CharField(max_length=20, choices=State.choices, default=State.INVITED)
    public_id = models.CharField(max_length=32, unique=True)  # hexadecimal digits, what both sides and the escrow say
    escrow = models.URLField(max_length=300)
    is_blind = models.BooleanField(default=True)  # False: the operator is one of the two; "trusted, not blind"
    identity = models.CharField(max_length=64, blank=True)  # the partner's, once greeted
    terms = models.JSONField(default=dict)  # what both signed: thresholds, relation, success, review date
    invited_us = models.BooleanField(default=False)
    compared_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    compared_at = models.DateTimeField(null=True)
    review_on = models.DateField(null=True)
    # against probing: what is refused beyond, and when somebody is asked
    matches_a_week = models.PositiveIntegerField(default=500)
    longest_list = models.PositiveIntegerField(default=20_000)
    growth_a_week = models.PositiveIntegerField(default=20)  # percent
    alarm_above = models.PositiveIntegerField(default=60)  # percent of their list that overlaps ours
    made_at = models.DateTimeField()
    synced_at = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True)  # what stands in the way, in words for people; '' where nothing does

    class Meta:
        """One partnership a partner at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=("partner",), condition=~Q(state="revoked"), name="one_partnership_a_partner"
            ),
        )


class Memory(models.Model):
    """What the protocol must not forget of a partnership (`assay.partners.keeping.Keep`); secrets are sealed."""

    partnership = models.ForeignKey(Partnership, on_delete=models.CASCADE, related_name="memory")
    kind = models.CharField(max_length=30)
    key = models.BinaryField()
    value = models.BinaryField()

    class Meta:
        """In the order of keys."""

        ordering = ("kind", "key")
        constraints = (models.UniqueConstraint(fields=("partnership", "kind", "key"), name="remembered_once"),)


class Population(models.Model):
    """A set of our accounts, under a name that partners may see."""

    class How(models.TextChoices):
        """Where its accounts come from."""

        RULE = "rule", "Accounts that hold a rule"
        TEXT = "text", "Accounts that meet criteria"
        LIST = "list", "A list"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    says = models.CharField(max_length=20, choices=Says.choices)
    how = models.CharField(max_length=10, choices=How.choices)
    is_of_people = models.BooleanField(default=False)  # then members are people's records
    rule = models.CharField(max_length=100, blank=True)
    text = models.TextField(blank=True)  # criteria and `qualify`, as in a qualification file
    counted_at = models.DateTimeField(null=True)  # when members were last found
    made_at = models.DateTimeField()

    class Meta:
        """By name."""

        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """An account of a population, from when on, until when."""

    population = models.ForeignKey(Population, on_delete=models.CASCADE, related_name="members")
    account_id = models.CharField(max_length=200)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """Each account once at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=("population", "account_id"), condition=Q(until__isnull=True), name="member_once"
            ),
        )
        indexes = (models.Index(fields=("account_id",), name="member_account"),)


class Grant(models.Model):
    """What one partner may learn of one population; without a partnership it is the default for all."""

    class State(models.TextChoices):
        """Whether it counts."""

        ASKED = "asked", "Waits for a second person"
        HOLDS = "holds", "Holds"
        OVER = "over", "Withdrawn, replaced or expired"

    partnership = models.ForeignKey(Partnership, null=True, on_delete=models.CASCADE, related_name="grants")
    population = models.ForeignKey(Population, on_delete=models.CASCADE, related_name="grants")
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.HIDDEN)
    fields = models.JSONField(default=list)
    is_held = models.BooleanField(default=False)  # each account waits until somebody lets it go
    version = models.PositiveIntegerField()  # counts up within the partnership
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    agreed_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    expires_on = models.DateField(null=True)
    review_on = models.DateField(null=True)

    class Meta:
        """One that holds at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=("partnership", "population"),
                condition=Q(state="holds"),
                nulls_distinct=False,
                name="one_grant_holds",
            ),
        )


class TheirPopulation(models.Model):
    """A population of which a partner lets us learn something. One that is hidden from us has no row."""

    partnership = models.ForeignKey(Partnership, on_delete=models.CASCADE, related_name="their_populations")
    slug = models.CharField(max_length=60)
    name = models.CharField(max_length=100)
    says = models.CharField(max_length=20, choices=Says.choices)
    level = models.CharField(max_length=10, choices=Level.choices)
    fields = models.JSONField(default=list)
    shared = models.IntegerField(null=True)  # how many of ours are in it, rounded, where only that is granted
    counted = models.JSONField(default=dict)  # the same by the slug of our population; null says few
    told_at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """Each once."""

        constraints = (models.UniqueConstraint(fields=("partnership", "slug"), name="their_population_once"),)


class Overlap(models.Model):
    """An account that we and a partner seem to share."""

    class Ruling(models.TextChoices):
        """What it is by both sides' terms."""

        MATCH = "match", "Shared"
        ASK = "ask", "To be said by both"
        NO = "no", "Not the same"

    partnership = models.ForeignKey(Partnership, on_delete=models.CASCADE, related_name="overlaps")
    account_id = models.CharField(max_length=200)
    handle = models.CharField(max_length=32)  # ours, hexadecimal digits
    their_handle = models.CharField(max_length=32)
    ruling = models.CharField(max_length=10, choices=Ruling.choices)
    bits = models.FloatField()
    reasons = models.JSONField(default=list)  # [finding, bits] each
    our_answer = models.BooleanField(null=True)
    answered_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """Each pair once."""

        constraints = (
            models.UniqueConstraint(fields=("partnership", "handle", "their_handle"), name="one_overlap_a_pair"),
        )
        indexes = (models.Index(fields=("account_id",), name="overlap_account"),)


class Told(models.Model):
    """What a partner let us know of an account that we share: a population it is in, and fields."""

    partnership = models.ForeignKey(Partnership, on_delete=models.CASCADE, related_name="told")
    account_id = models.CharField(max_length=200)
    their_handle = models.CharField(max_length=32)
    population = models.CharField(max_length=60)  # slug of the partner's
    says = models.CharField(max_length=20, choices=Says.choices)
    fields = models.JSONField(default=dict)
    since = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """What holds, once."""

        constraints = (
            models.UniqueConstraint(
                fields=("partnership", "their_handle", "population"), condition=Q(until__isnull=True), name="told_once"
            ),
        )
        indexes = (models.Index(fields=("account_id",), name="told_account"),)


class Disclosed(models.Model):
    """An account of ours that a partner was told of: one row a record and field set, beside the signed ledger."""

    class State(models.TextChoices):
        """Where it stands."""

        HELD = "held", "Waits for somebody"
        REFUSED = "refused", "Not let go"
        TOLD = "told", "Told"
        WITHDRAWN = "withdrawn", "Told, then withdrawn"

    partnership = models.ForeignKey(Partnership, on_delete=models.CASCADE, related_name="disclosed")
    account_id = models.CharField(max_length=200)
    handle = models.CharField(max_length=32)
    population = models.ForeignKey(Population, null=True, on_delete=models.SET_NULL, related_name="+")
    fields = models.JSONField(default=list)  # names
    grant = models.PositiveIntegerField()  # version
    state = models.CharField(max_length=10, choices=State.choices)
    why = models.CharField(max_length=200, blank=True)  # why it is held
    let_go_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.PositiveBigIntegerField(null=True)  # number in our chain of the ledger
    at = models.DateTimeField()
    receipted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("partnership", "at"), name="disclosed_at"),
            models.Index(fields=("account_id",), name="disclosed_account"),
        )


class Introduction(models.Model):
    """One side asks the other for an introduction at an account that both share; its thread is the two owners'."""

    class State(models.TextChoices):
        """What became of it."""

        ASKED = "asked", "Asked"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        MADE = "made", "Made"
        CLOSED = "closed", "Closed"

    partnership = models.ForeignKey(Partnership, null=True, on_delete=models.CASCADE, related_name="introductions")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="introductions")
    public_id = models.CharField(max_length=32, unique=True)  # hexadecimal digits, what both sides call it
    account_id = models.CharField(max_length=200)
    by_us = models.BooleanField()
    ours = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="introductions")
    theirs = models.CharField(max_length=200, blank=True)  # whom the partner names as its owner
    wanted = models.TextField(max_length=2000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)  # these two stay when it is closed
    introduced_at = models.DateTimeField(null=True)


class Word(models.Model):
    """Something said in the thread of an introduction."""

    introduction = models.ForeignKey(Introduction, on_delete=models.CASCADE, related_name="words")
    public_id = models.CharField(max_length=32, unique=True)
    by_us = models.BooleanField()
    by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, blank=True)  # who wrote, where it was the partner
    text = models.TextField(max_length=5000)
    at = models.DateTimeField()

    class Meta:
        """In the order in which things were said."""

        ordering = ("at", "id")


class Insight(models.Model):
    """What a partner attests about one letter of an account; a later one on the letter takes its place."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="insights")
    account_id = models.CharField(max_length=200)
    letter = models.CharField(max_length=10)  # need, budget, authority, timing, use_case
    value = models.CharField(max_length=300)  # 'no' withdraws
    by = models.ForeignKey(
        _USER, null=True, on_delete=models.PROTECT, related_name="+"
    )  # a partner's user, of a portal
    at = models.DateTimeField()

    class Meta:
        """Newest first."""

        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("account_id",), name="insight_account"),)


class Play(models.Model):
    """What people do where one of our populations meets one kind of a partner's: one text a cell of the matrix."""

    population = models.ForeignKey(Population, on_delete=models.CASCADE, related_name="plays")
    says = models.CharField(max_length=20, choices=Says.choices)
    text = models.CharField(max_length=500)
    set_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(null=True)

    class Meta:
        """One a cell."""

        constraints = (models.UniqueConstraint(fields=("population", "says"), name="one_play_a_cell"),)
