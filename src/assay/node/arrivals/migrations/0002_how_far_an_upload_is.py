"""How far the reading of an upload is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("arrivals", "0001_initial")]

    operations = [
        migrations.AddField(model_name="upload", name="percent", field=models.PositiveSmallIntegerField(default=0))
    ]
