"""Leads, their spells and their history."""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_type", models.CharField(max_length=10)),
                ("subject_id", models.CharField(max_length=200)),
                ("motion", models.CharField(max_length=100)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("account_id", models.CharField(blank=True, max_length=200)),
                ("account_name", models.CharField(blank=True, max_length=200)),
                ("stage", models.CharField(max_length=10)),
                ("rule", models.CharField(max_length=100)),
                ("version", models.IntegerField(default=0)),
                ("cause", models.CharField(blank=True, max_length=300)),
                ("since", models.DateTimeField()),
                ("summary", models.TextField(blank=True)),
                ("score", models.FloatField(null=True)),
                ("lean", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("qualified", "Qualified"),
                            ("offered", "Offered"),
                            ("accepted", "Accepted"),
                            ("sales_qualified", "Sales-qualified"),
                            ("opportunity", "Opportunity"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("rejected", "Rejected"),
                            ("recycled", "Recycled"),
                            ("closed", "Closed"),
                        ],
                        default="qualified",
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=30)),
                ("queue", models.CharField(blank=True, max_length=100)),
                ("respond_by", models.DateTimeField(null=True)),
                ("warn_at", models.DateTimeField(null=True)),
                ("wakes_at", models.DateTimeField(null=True)),
                ("times_offered", models.IntegerField(default=0)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("offered_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("sales_qualified_at", models.DateTimeField(null=True)),
                ("opportunity_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="leads.lead"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "signed_by_marketing",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "signed_by_sales",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "letter",
                    models.CharField(
                        choices=[
                            ("need", "Need"),
                            ("budget", "Budget"),
                            ("authority", "Authority"),
                            ("timing", "Timing"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.TextField(max_length=2000)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="evidence", to="leads.lead"
                    ),
                ),
            ],
            options={"ordering": ("-at", "-id")},
        ),
        migrations.CreateModel(
            name="LeadEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("what", models.CharField(max_length=40)),
                ("state_before", models.CharField(blank=True, max_length=20)),
                ("state_after", models.CharField(blank=True, max_length=20)),
                ("reason", models.CharField(blank=True, max_length=30)),
                ("text", models.TextField(blank=True)),
                ("told_at", models.DateTimeField(null=True)),
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
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="leads.lead"
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ("at", "id")},
        ),
        migrations.CreateModel(
            name="LeadSpell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_type", models.CharField(max_length=10)),
                ("subject_id", models.CharField(max_length=200)),
                ("motion", models.CharField(max_length=100)),
                ("rule", models.CharField(max_length=100)),
                ("version", models.IntegerField()),
                ("stage", models.CharField(max_length=10)),
                ("entered_at", models.DateTimeField()),
                ("cause", models.CharField(blank=True, max_length=300)),
                ("left_at", models.DateTimeField(null=True)),
                ("left_cause", models.CharField(blank=True, max_length=300)),
                ("passed_over", models.CharField(blank=True, max_length=200)),
                ("again_at", models.DateTimeField(null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="spells", to="leads.lead"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=5000)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="leads.lead"
                    ),
                ),
            ],
            options={"ordering": ("-at", "-id")},
        ),
        migrations.CreateModel(
            name="OtherId",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_type", models.CharField(max_length=10)),
                ("subject_id", models.CharField(max_length=200)),
                ("into", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("subject_type", "subject_id"), name="one_other_id")]
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=300)),
                ("due_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("is_reminded", models.BooleanField(default=False)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tasks", to="leads.lead"
                    ),
                ),
                (
                    "whose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"ordering": ("done_at", "due_at", "id")},
        ),
        migrations.AddIndex(
            model_name="lead", index=models.Index(fields=["subject_type", "subject_id"], name="lead_subject")
        ),
        migrations.AddIndex(model_name="lead", index=models.Index(fields=["account_id"], name="lead_account")),
        migrations.AddIndex(model_name="lead", index=models.Index(fields=["owner", "state"], name="lead_owner")),
        migrations.AddIndex(model_name="lead", index=models.Index(fields=["state", "respond_by"], name="lead_state")),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(condition=models.Q(("wakes_at__isnull", False)), fields=["wakes_at"], name="lead_wakes"),
        ),
        migrations.AddIndex(model_name="lead", index=models.Index(fields=["-changed_at", "-id"], name="lead_changed")),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                models.OrderBy(models.F("respond_by"), nulls_last=True),
                models.OrderBy(models.F("changed_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="lead_due",
            ),
        ),
        migrations.AddIndex(model_name="lead", index=models.Index(fields=["created_at"], name="lead_created")),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                models.OrderBy(django.db.models.functions.comparison.Coalesce("score", -1000000000.0), descending=True),
                models.F("id"),
                name="lead_score",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["accepted", "offered", "opportunity", "qualified", "recycled", "sales_qualified"])
                ),
                fields=("subject_type", "subject_id", "motion"),
                name="one_open_lead_a_motion",
            ),
        ),
        migrations.AddIndex(
            model_name="leadevent",
            index=models.Index(condition=models.Q(("told_at__isnull", True)), fields=["id"], name="event_untold"),
        ),
        migrations.AddIndex(
            model_name="leadspell",
            index=models.Index(
                condition=models.Q(("again_at__isnull", False)), fields=["again_at"], name="spell_again"
            ),
        ),
        migrations.AddConstraint(
            model_name="leadspell",
            constraint=models.UniqueConstraint(
                fields=("subject_type", "subject_id", "rule", "entered_at"), name="each_spell_is_told_once"
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("done_at__isnull", True)), fields=["whose", "due_at"], name="task_due"
            ),
        ),
    ]
