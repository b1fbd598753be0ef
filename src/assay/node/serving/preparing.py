"""Makes the database fit this version: migrations, then what each role may do. A process of its own, as the owner."""

from __future__ import annotations

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command

from assay.node.postgres import roles


def prepare() -> None:
    """Migrate the database of DATABASE_URL, grant the roles their rights, and tell of a restore that went before."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assay.node.settings")
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    roles.grant(os.environ["DATABASE_URL"])
    from assay.node.serving import resuming

    resuming.tell(settings.ASSAY.data_folder)


if __name__ == "__main__":
    prepare()
    sys.exit(0)
