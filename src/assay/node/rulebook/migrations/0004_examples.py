from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rulebook", "0003_rehearsals")]

    operations = [
        migrations.AlterField(
            model_name="look",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sides", "Who enters and who leaves"),
                    ("backtest", "What became of them"),
                    ("examples", "Whether examples come out"),
                ],
                max_length=10,
            ),
        )
    ]
