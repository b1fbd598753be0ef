"""Kept answers are sealed under the node's secret key, as that to a new webhook holds its secret."""

from django.db import migrations, models

from assay.node import sealed


def seal(apps, _editor):
    for one in apps.get_model("api", "Answer").objects.iterator():
        one.sealed_body, one.body = sealed.seal(f"answer {one.pk}", one.body), ""
        one.save(update_fields=["sealed_body", "body"])


def unseal(apps, _editor):
    for one in apps.get_model("api", "Answer").objects.iterator():
        one.body = sealed.opened(f"answer {one.pk}", one.sealed_body)
        one.save(update_fields=["body"])


class Migration(migrations.Migration):
    dependencies = [("api", "0002_touching")]

    operations = [
        migrations.AddField("answer", "sealed_body", models.BinaryField(default=b"")),
        migrations.AlterField("answer", "body", models.TextField(default="")),
        migrations.RunPython(seal, unseal),
        migrations.RemoveField("answer", "body"),
    ]
