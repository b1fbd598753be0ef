"""Each role may do its part and nothing else."""

import psycopg
import pytest
from django.db import connection

from assay.node.postgres import cluster, roles

pytestmark = pytest.mark.django_db


def _as(node_postgres, role):
    return psycopg.connect(node_postgres.url(role, connection.settings_dict["NAME"]))


def test_the_web_makes_no_tables(node_postgres):
    with _as(node_postgres, roles.WEB) as web, pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute("CREATE TABLE mine ()")


def test_the_intake_reads_nothing(node_postgres):
    with _as(node_postgres, roles.INTAKE) as intake, pytest.raises(psycopg.errors.InsufficientPrivilege):
        intake.execute("SELECT * FROM access_user")


def test_the_intake_may_only_add_to_a_table_that_is_open_to_it(node_postgres, monkeypatch):
    from django.apps import apps

    owner = node_postgres.url(cluster.SUPERUSER, connection.settings_dict["NAME"])
    with psycopg.connect(owner, autocommit=True) as making:
        making.execute("CREATE TABLE parcels (id int)")
        monkeypatch.setattr(apps.get_app_config("access"), "open_to_intake", ("parcels",), raising=False)
        roles.grant(owner)
        with _as(node_postgres, roles.INTAKE) as intake:
            intake.execute("INSERT INTO parcels VALUES (1)")
        for refused in (
            "SELECT * FROM parcels",
            "DELETE FROM parcels",
            "UPDATE parcels SET id = 2",
            "TRUNCATE parcels",
        ):
            with _as(node_postgres, roles.INTAKE) as intake, pytest.raises(psycopg.errors.InsufficientPrivilege):
                intake.execute(refused)
        making.execute("DROP TABLE parcels")


def test_nobody_comes_in_without_a_password(node_postgres):
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgres://{cluster.SUPERUSER}@127.0.0.1:{node_postgres.port}/postgres")
