"""Partners and what both sides know."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Company",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("seed", models.BinaryField()),
                ("counter", models.BigIntegerField(default=0)),
                ("matching", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Population",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "says",
                    models.CharField(
                        choices=[
                            ("customer", "Customers"),
                            ("open_opportunity", "Open opportunities"),
                            ("prospect", "Prospects"),
                            ("former_customer", "Former customers"),
                            ("own", "Own companies"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("rule", "Accounts that hold a rule"),
                            ("text", "Accounts that meet criteria"),
                            ("list", "A list"),
                        ],
                        max_length=10,
                    ),
                ),
                ("rule", models.CharField(blank=True, max_length=100)),
                ("text", models.TextField(blank=True)),
                ("counted_at", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={"ordering": ("name", "id")},
        ),
        migrations.CreateModel(
            name="Preset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True)),
                ("fields", models.JSONField(default=list)),
            ],
            options={"ordering": ("name",)},
        ),
        migrations.CreateModel(
            name="Partner",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("parent", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(null=True)),
                (
                    "manager",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="partners",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ("name", "id")},
        ),
        migrations.CreateModel(
            name="Partnership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("invited", "Invited"),
                            ("comparing", "To be compared"),
                            ("confirmed", "Waits for the partner"),
                            ("live", "Live"),
                            ("paused", "Paused"),
                            ("revoked", "Ended"),
                        ],
                        default="invited",
                        max_length=20,
                    ),
                ),
                ("public_id", models.CharField(max_length=32, unique=True)),
                ("escrow", models.URLField(max_length=300)),
                ("is_blind", models.BooleanField(default=True)),
                ("identity", models.CharField(blank=True, max_length=64)),
                ("terms", models.JSONField(default=dict)),
                ("invited_us", models.BooleanField(default=False)),
                ("compared_at", models.DateTimeField(null=True)),
                ("review_on", models.DateField(null=True)),
                ("matches_a_week", models.PositiveIntegerField(default=500)),
                ("longest_list", models.PositiveIntegerField(default=1000000)),
                ("growth_a_week", models.PositiveIntegerField(default=20)),
                ("alarm_above", models.PositiveIntegerField(default=60)),
                ("made_at", models.DateTimeField()),
                ("synced_at", models.DateTimeField(null=True)),
                ("trouble", models.TextField(blank=True)),
                (
                    "compared_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="partnerships",
                        to="partnering.partner",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Memory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=30)),
                ("key", models.BinaryField()),
                ("value", models.BinaryField()),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memory", to="partnering.partnership"
                    ),
                ),
            ],
            options={"ordering": ("kind", "key")},
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=200)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "population",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="members", to="partnering.population"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("hidden", "Nothing"),
                            ("counts", "How many"),
                            ("overlaps", "Which, and the fields below"),
                        ],
                        default="hidden",
                        max_length=10,
                    ),
                ),
                ("fields", models.JSONField(default=list)),
                ("is_held", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waits for a second person"),
                            ("holds", "Holds"),
                            ("over", "Withdrawn, replaced or expired"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("expires_on", models.DateField(null=True)),
                ("review_on", models.DateField(null=True)),
                (
                    "agreed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to="partnering.partnership",
                    ),
                ),
                (
                    "population",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="grants", to="partnering.population"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="partnership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "revoked"), _negated=True),
                fields=("partner",),
                name="one_partnership_a_partner",
            ),
        ),
        migrations.AddConstraint(
            model_name="memory",
            constraint=models.UniqueConstraint(fields=("partnership", "kind", "key"), name="remembered_once"),
        ),
        migrations.AddIndex(model_name="member", index=models.Index(fields=["account_id"], name="member_account")),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until__isnull", True)), fields=("population", "account_id"), name="member_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "holds")),
                fields=("partnership", "population"),
                name="one_grant_holds",
                nulls_distinct=False,
            ),
        ),
    ]
