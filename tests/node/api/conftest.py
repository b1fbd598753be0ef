"""Tokens, and requests as programs send them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client
from tests.node.leads.conftest import arrive as arrive

from assay.node.access.permissions import Role
from assay.node.api import tokens
from assay.node.api.scopes import open_to


class Program:
    """A program that bears a token."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.client = Client()

    def get(self, path: str, **headers: str):
        return self.client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {self.secret}", **headers})

    def post(self, path: str, body: object, key: str | None = None):
        headers = {"Authorization": f"Bearer {self.secret}"} | ({"Idempotency-Key": key} if key else {})
        data = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(f"/api/v1{path}", data, content_type="application/json", headers=headers)


@pytest.fixture
def program(user_of) -> Callable[..., Program]:
    """A function that returns a program of a role's user: with all scopes that the role allows, or those named."""

    def make(role: Role = Role.REVOPS, *scopes: str, name: str = "") -> Program:
        user = user_of(role, name)
        return Program(tokens.make(user, "the CRM", scopes or [str(s) for s in open_to(role)], 30)[1])

    return make
