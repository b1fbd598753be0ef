"""A cause may be of any length."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_taking")]

    operations = [
        migrations.AlterField(model_name="lead", name="cause", field=models.TextField(blank=True)),
        migrations.AlterField(model_name="leadspell", name="cause", field=models.TextField(blank=True)),
        migrations.AlterField(model_name="leadspell", name="left_cause", field=models.TextField(blank=True)),
    ]
