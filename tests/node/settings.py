"""The node's settings as tests use them: no secret worth keeping, quick passwords, mail kept in memory."""

import os

os.environ.setdefault("ASSAY_SECRET_KEY", "tests know this key, and nobody else uses it")

from assay.node.settings import *  # noqa: F403
from assay.node.settings import DATABASES

DATABASES["default"]["OPTIONS"].pop("pool")  # the test database is made, and left, connection by connection
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
