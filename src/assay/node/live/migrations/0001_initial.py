from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Holding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.TextField()),
                ("subject_type", models.CharField(max_length=7)),
                ("subject_id", models.TextField()),
                ("node", models.BigIntegerField()),
                ("version", models.IntegerField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["node"], name="live_holding_node"),
                    models.Index(
                        condition=models.Q(("until__isnull", False)), fields=["until"], name="live_holding_until"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "subject_type", "subject_id"), name="live_holding_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Spell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.TextField()),
                ("version", models.IntegerField()),
                ("fingerprint", models.TextField()),
                ("subject_type", models.CharField(max_length=7)),
                ("subject_id", models.TextField()),
                ("node", models.BigIntegerField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("opened_by", models.TextField()),
                ("closed_by", models.TextField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["node"], name="live_spell_node"),
                    models.Index(fields=["subject_type", "subject_id"], name="live_spell_subject"),
                    models.Index(
                        condition=models.Q(("ends_at__isnull", False)), fields=["ends_at"], name="live_spell_ends"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Wake",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("node", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="live_wake_at")],
                "constraints": [models.UniqueConstraint(fields=("node",), name="live_wake_once")],
            },
        ),
    ]
