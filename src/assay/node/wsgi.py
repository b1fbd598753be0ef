"""What the web server calls."""

from __future__ import annotations

import os
import signal

from django.core.wsgi import get_wsgi_application

from assay.node import children, environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assay.node.settings")
if environment.demand(environment.read(os.environ)).is_child:
    # The web server starts this process itself; were it killed, this one would go on holding the port.
    children.die_with_parent(signal.SIGKILL)
_pages = get_wsgi_application()

from assay.node.intake import door  # noqa: E402  # needs Django to be set up
from assay.node.serving import composing  # noqa: E402

composing.warm()
application = door.beside(_pages)
