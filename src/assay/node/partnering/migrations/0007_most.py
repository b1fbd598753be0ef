from typing import Any

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Coalesce


def begin(apps: Any, _editor: Any) -> None:
    """Take what is there now for the most there ever was."""
    apps.get_model("partnering", "Standing").objects.update(their_most=Coalesce(F("their_records"), 0))


class Migration(migrations.Migration):
    dependencies = [("partnering", "0006_people")]

    operations = [
        migrations.AddField(model_name="standing", name="their_most", field=models.PositiveIntegerField(default=0)),
        migrations.AlterField(
            model_name="partnership", name="longest_list", field=models.PositiveIntegerField(default=20_000)
        ),
        migrations.RunPython(begin, migrations.RunPython.noop, elidable=True),
    ]
