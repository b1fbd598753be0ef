"""What both sides know of shared accounts, and say about them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("partnering", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Overlap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=200)),
                ("handle", models.CharField(max_length=32)),
                ("their_handle", models.CharField(max_length=32)),
                (
                    "ruling",
                    models.CharField(
                        choices=[("match", "Shared"), ("ask", "To be said by both"), ("no", "Not the same")],
                        max_length=10,
                    ),
                ),
                ("bits", models.FloatField()),
                ("reasons", models.JSONField(default=list)),
                ("our_answer", models.BooleanField(null=True)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "answered_by",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="overlaps",
                        to="partnering.partnership",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Introduction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(max_length=32, unique=True)),
                ("account_id", models.CharField(max_length=200)),
                ("by_us", models.BooleanField()),
                ("theirs", models.CharField(blank=True, max_length=200)),
                ("wanted", models.TextField(max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("made", "Made"),
                            ("closed", "Closed"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "ours",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="introductions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="introductions",
                        to="partnering.partner",
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="introductions",
                        to="partnering.partnership",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Play",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                ("text", models.CharField(max_length=500)),
                (
                    "population",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="plays", to="partnering.population"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Disclosed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=200)),
                ("handle", models.CharField(max_length=32)),
                ("fields", models.JSONField(default=list)),
                ("grant", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "Waits for somebody"),
                            ("refused", "Not let go"),
                            ("told", "Told"),
                            ("withdrawn", "Told, then withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=200)),
                ("entry", models.PositiveBigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("receipted_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "let_go_by",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="disclosed",
                        to="partnering.partnership",
                    ),
                ),
                (
                    "population",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="partnering.population",
                    ),
                ),
            ],
            options={"ordering": ("-at", "-id")},
        ),
        migrations.CreateModel(
            name="TheirPopulation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.CharField(max_length=60)),
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
                    "level",
                    models.CharField(
                        choices=[
                            ("hidden", "Nothing"),
                            ("counts", "How many"),
                            ("overlaps", "Which, and the fields below"),
                        ],
                        max_length=10,
                    ),
                ),
                ("fields", models.JSONField(default=list)),
                ("shared", models.IntegerField(null=True)),
                ("told_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="their_populations",
                        to="partnering.partnership",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Told",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=200)),
                ("their_handle", models.CharField(max_length=32)),
                ("population", models.CharField(max_length=60)),
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
                ("fields", models.JSONField(default=dict)),
                ("since", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="told", to="partnering.partnership"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(max_length=32, unique=True)),
                ("by_us", models.BooleanField()),
                ("name", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField(max_length=5000)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "introduction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="words", to="partnering.introduction"
                    ),
                ),
            ],
            options={"ordering": ("at", "id")},
        ),
        migrations.CreateModel(
            name="Insight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=200)),
                ("letter", models.CharField(max_length=10)),
                ("value", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                (
                    "by",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="insights", to="partnering.partner"
                    ),
                ),
            ],
            options={
                "ordering": ("-at", "-id"),
                "indexes": [models.Index(fields=["account_id"], name="insight_account")],
            },
        ),
        migrations.AddIndex(model_name="overlap", index=models.Index(fields=["account_id"], name="overlap_account")),
        migrations.AddConstraint(
            model_name="overlap",
            constraint=models.UniqueConstraint(
                fields=("partnership", "handle", "their_handle"), name="one_overlap_a_pair"
            ),
        ),
        migrations.AddConstraint(
            model_name="play", constraint=models.UniqueConstraint(fields=("population", "says"), name="one_play_a_cell")
        ),
        migrations.AddIndex(
            model_name="disclosed", index=models.Index(fields=["partnership", "at"], name="disclosed_at")
        ),
        migrations.AddIndex(
            model_name="disclosed", index=models.Index(fields=["account_id"], name="disclosed_account")
        ),
        migrations.AddConstraint(
            model_name="theirpopulation",
            constraint=models.UniqueConstraint(fields=("partnership", "slug"), name="their_population_once"),
        ),
        migrations.AddIndex(model_name="told", index=models.Index(fields=["account_id"], name="told_account")),
        migrations.AddConstraint(
            model_name="told",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until__isnull", True)),
                fields=("partnership", "their_handle", "population"),
                name="told_once",
            ),
        ),
    ]
