"""Somebody may come for partners."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0002_audit")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[
                    ("rep", "Sales rep"),
                    ("csm", "Customer success"),
                    ("marketer", "Marketing"),
                    ("revops", "Revenue operations"),
                    ("partners", "Partner manager"),
                    ("admin", "Administrator"),
                ],
                default="rep",
                max_length=20,
            ),
        )
    ]
