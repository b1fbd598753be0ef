import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("partnering", "0007_most")]

    operations = [
        migrations.AddField(model_name="standing", name="node_told_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="standing", name="node_heard_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="theirpopulation", name="counted", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="introduction", name="accepted_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="introduction", name="introduced_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="play", name="set_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="play",
            name="set_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.CreateModel(
            name="OurInsight",
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
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="our_insights",
                        to="partnering.partnership",
                    ),
                ),
            ],
            options={
                "ordering": ("-at", "-id"),
                "indexes": [models.Index(fields=["partnership", "account_id"], name="our_insight_account")],
            },
        ),
    ]
