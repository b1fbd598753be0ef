"""Fixtures of tests of telling: servers that listen for real."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from tests.node.leads.knowing import NOON, acme

from assay.node.leads import arriving
from assay.node.postgres import cluster
from assay.node.telling import outbox, sending
from assay.node.telling.models import Message


@dataclass
class Receiver:
    """An HTTP server that keeps what it got and answers as it is told."""

    server: ThreadingHTTPServer
    status: int = 200
    got: list = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((dict(self.headers), body))
            self.send_response(found.status)
            if found.status == 302:
                self.send_header("Location", found.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def mailbox(settings):
    """A real mail server on this machine; yields the mails that it got."""

    class Keep:
        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
            mails.append(message_from_bytes(envelope.content))
            return "250 OK"

    mails: list = []
    controller = Controller(Keep(), hostname="127.0.0.1", port=cluster.free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    yield mails
    controller.stop()


@pytest.fixture
def private_is_allowed(settings):
    """Let webhooks reach this machine."""
    settings.ASSAY = replace(settings.ASSAY, webhooks_may_reach=("127.0.0.1",))


class Outside:
    """What the worker would do, at once and by hand."""

    def __init__(self) -> None:
        self.waiting: list[int] = []

    def take(self, messages) -> None:
        self.waiting += [message.pk for message in messages]

    def tell(self, now=NOON) -> None:
        """Turn what happened into messages and send those whose time has come."""
        while outbox.tell_leads(now, self.take):
            pass
        self.send(now)

    def tell_changes(self, *changes, now=NOON) -> None:
        outbox.tell_changes(changes, acme(), now, self.take)
        self.send(now)

    def send(self, now) -> None:
        self.waiting = [pk for pk in self.waiting if sending.send(pk, now) is not None]


@pytest.fixture
def outside(db) -> Outside:
    return Outside()


@pytest.fixture
def arrive(db):
    """A function that lets changes become leads."""

    def apply(*changes, now=NOON):
        arriving.apply(changes, acme(), now)

    return apply


@pytest.fixture
def messages(db):
    """All messages that there are."""
    return Message.objects.all()
