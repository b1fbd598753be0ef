from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("live", "0002_self_checks")]

    operations = [
        migrations.CreateModel(
            name="KeptStory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_type", models.CharField(max_length=7)),
                ("subject_id", models.TextField()),
                ("node", models.BigIntegerField()),
                ("edition", models.IntegerField()),
                ("as_of", models.DateTimeField()),
                ("begun_at", models.DateTimeField()),
                ("lasts_until", models.DateTimeField(null=True)),
                ("told", models.TextField()),
                ("changed_at", models.DateTimeField(null=True)),
                ("wanted_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["node"], name="live_story_node"),
                    models.Index(fields=["as_of"], name="live_story_as_of"),
                    models.Index(
                        condition=models.Q(("wanted_at__isnull", False)), fields=["wanted_at"], name="live_story_wanted"
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("subject_type", "subject_id"), name="live_story_once")],
            },
        ),
        migrations.CreateModel(
            name="RuleCount",
            fields=[
                ("rule", models.TextField(primary_key=True, serialize=False)),
                ("held", models.BigIntegerField()),
                ("entered", models.BigIntegerField()),
            ],
        ),
    ]
