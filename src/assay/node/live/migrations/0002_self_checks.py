from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("live", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SelfCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("subjects", models.IntegerField()),
                ("different_rows", models.IntegerField()),
                ("different_spells", models.IntegerField()),
            ],
            options={"ordering": ["-at", "-id"]},
        )
    ]
