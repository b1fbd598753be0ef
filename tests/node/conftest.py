"""What tests of the node stand on: a real Postgres, started as the product starts it, and users of each role.

Tests run as the role `assay_web`, as the product does: a table that the role may not touch fails here first. Mark a
test `@pytest.mark.django_db`; it is rolled back. With `transaction=True` it commits, and tables are emptied afterwards.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.node.browsing import browser as browser
from tests.node.browsing import visitor as visitor
from tests.node.known import PASSWORD

from assay.node.access.permissions import Role
from assay.node.postgres import cluster, roles
from assay.node.serving import database, secrets
from assay.node.serving.secrets import Secrets


@dataclass(frozen=True)
class NodePostgres:
    """A running server, as `assay serve` would have started it."""

    folder: Path
    port: int
    kept: Secrets

    def url(self, role: str, name: str) -> str:
        """Return the URL by which a role reaches a database."""
        passwords = {
            cluster.SUPERUSER: self.kept.superuser_password,
            roles.WEB: self.kept.web_password,
            roles.INTAKE: self.kept.intake_password,
        }
        return cluster.url(self.port, role, passwords[role], name)


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that Postgres may enter too where we are root, which it may not with pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="assay-node-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def node_postgres(open_folder: Path) -> Iterator[NodePostgres]:
    """The product's Postgres, which forgets what it holds when the machine is switched off."""
    kept, port = secrets.kept(open_folder), cluster.free_port()
    with (open_folder / "postgres.log").open("wb") as log:
        running, _ = database.start(open_folder, port, kept, log, {"fsync": "off", "full_page_writes": "off"})
        yield NodePostgres(open_folder, port, kept)
        cluster.stop(running)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(node_postgres: NodePostgres) -> None:
    """Let Django make its test database, and migrate it, as the superuser."""
    from django.db import connections

    known = {"HOST": "127.0.0.1", "PORT": str(node_postgres.port), "NAME": roles.DATABASE}
    who = {"USER": cluster.SUPERUSER, "PASSWORD": node_postgres.kept.superuser_password}
    connections["default"].settings_dict.update(known | who)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, node_postgres: NodePostgres, django_db_blocker) -> Iterator[None]:
    """Grant the roles their rights, and go on as `assay_web`."""
    import psycopg
    from django.conf import settings
    from django.db import connections

    connection = connections["default"]
    name = connection.settings_dict["NAME"]
    owner = node_postgres.url(cluster.SUPERUSER, name)
    roles.grant(owner)
    with psycopg.connect(owner) as as_owner:  # Django empties tables so between tests that commit
        as_owner.execute("CREATE ROLE emptier")  # a role of its own, as granting rights anew takes all others away
        as_owner.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO emptier")
        as_owner.execute(f"GRANT emptier TO {roles.WEB}")
    before = settings.ASSAY
    web, intake = node_postgres.url(roles.WEB, name), node_postgres.url(roles.INTAKE, name)
    settings.ASSAY = replace(
        before, database_url=web, intake_database_url=intake, data_folder=node_postgres.folder / "node"
    )
    with django_db_blocker.unblock():
        connection.close()
    connection.settings_dict.update({"USER": roles.WEB, "PASSWORD": node_postgres.kept.web_password})
    yield
    settings.ASSAY = before
    with django_db_blocker.unblock():
        connection.close()
    connection.settings_dict.update({"USER": cluster.SUPERUSER, "PASSWORD": node_postgres.kept.superuser_password})


@pytest.fixture
def user_of(db: None) -> Callable[..., object]:
    """A function that returns a user of a role: `user_of(Role.REP)`; the same one each time in a test."""
    from assay.node.access.models import User

    def make(role: Role, name: str = ""):
        email = f"{name or role.value}@acme.example"
        found = User.objects.filter(email=email).first()
        if found is None:
            found = User.objects.create_user(email, PASSWORD, name=name or role.label, role=role)
            if role == Role.PARTNER:
                _of_northwind(found)
        return found

    return make


def _of_northwind(user) -> None:
    """Let a user be of the partner Northwind, which has a portal."""
    from django.utils import timezone

    from assay.node.partnering.models import Partner
    from assay.node.portal.models import PartnerUser, Portal

    now = timezone.now()
    partner, _ = Partner.objects.get_or_create(slug="northwind", defaults={"name": "Northwind", "made_at": now})
    Portal.objects.get_or_create(partner=partner, defaults={"opened_at": now})
    PartnerUser.objects.create(user=user, partner=partner, invited_at=now)


@pytest.fixture
def client_of(user_of) -> Callable[..., object]:
    """A function that returns a Django test client of somebody with that role, logged in: `client_of(Role.REP)`."""
    from django.test import Client

    def make(role: Role):
        client = Client()
        client.force_login(user_of(role), backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture(autouse=True)
def forgotten_tries() -> None:
    """Forget how often somebody tried to log in: each test begins with none."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session")
def way_in(django_db_setup):
    """Lets go of the database before it is dropped."""
    yield
    from assay.node.intake import inbox

    inbox.writer().close()
