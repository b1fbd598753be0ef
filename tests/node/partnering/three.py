"""Two nodes and an escrow as processes of this machine, and people who work on their pages."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import psutil
import requests
from tests.crash.nodes import Node
from tests.node.known import PASSWORD
from tests.node.partnering import world

from assay.node.intake.digests import digest
from assay.node.postgres import cluster

KEY = "a write key of the test"
#: Long, for machines that do much else; nothing waits longer than it must.
PATIENCE = 300
_SETTING_UP = """
import sys
from pathlib import Path
from assay.node.serving.visiting import visited
with visited(Path(sys.argv[1])):
    from assay.node.access.actions import Machine
    from assay.node.access.models import User
    from assay.node.rulebook.importing import import_folder
    for name, role in (("ann", "partners"), ("bob", "revops")):
        User.objects.create_user(f"{name}@company.example", sys.argv[3], name=name.title(), role=role)
    import_folder(Machine("a test"), Path(sys.argv[2]))
"""


def eventually(what, seconds=PATIENCE):
    """Return what a function gives as soon as it gives something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError, requests.RequestException):
            if found := what():
                return found
        time.sleep(0.3)
    raise AssertionError(f"it did not come about within {seconds} seconds")


@dataclass
class Operator:
    """`assay escrow serve` on this machine."""

    folder: Path
    port: int = field(default_factory=cluster.free_port)
    process: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "assay", "escrow", "serve", "--port", str(self.port)]
        command += ["--data-folder", str(self.folder / "data"), "--pepper-folder", str(self.folder / "peppers")]
        command += ["--address", self.address]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        eventually(self.answers)

    def answers(self) -> bool:
        with urllib.request.urlopen(f"{self.address}/healthz", timeout=5) as answer:
            return answer.status == 200

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


class Patient(Node):
    """A node that is waited for longer, as there are two of them."""

    def wait_until_ready(self, seconds: float = 300) -> None:
        super().wait_until_ready(seconds)


@dataclass
class House:
    """A company with its node, and two people who work on its pages."""

    name: str
    node: Node
    people: dict[str, requests.Session] = field(default_factory=dict)

    def found(self, folder: Path) -> None:
        """Start the node, with a write key, rules and people."""
        node = self.node
        node.start()
        with node.database() as connection:
            connection.execute(
                "INSERT INTO intake_writekey "
                "(name, digest, events_source, people_source, accounts_source, is_active, made_at) "
                "VALUES ('test', %s, 'product', '', 'crm', true, now())",
                [digest(KEY)],
            )
        definitions = world.write(folder / f"{self.name}-definitions")
        command = [sys.executable, "-c", _SETTING_UP, str(node.folder), str(definitions), PASSWORD]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)

    def start(self) -> None:
        self.node.start()

    def kill(self) -> None:
        """Kill `assay serve` with SIGKILL, and wait until what it started is gone."""
        children = psutil.Process(self.node.serving.pid).children(recursive=True)
        os.kill(self.node.serving.pid, signal.SIGKILL)
        self.node.serving.wait()
        psutil.wait_procs(children, 60)

    def kill_partners(self) -> None:
        """Kill the process that deals with partners; `assay serve` starts it again."""
        for child in psutil.Process(self.node.serving.pid).children():
            if "assay.node.serving.partnering" in child.cmdline():
                child.kill()

    def session(self, who: str) -> requests.Session:
        if who not in self.people:
            session = requests.Session()
            session.get(self.url("/account/login/"), timeout=60)
            told = {"login": f"{who}@company.example", "password": PASSWORD}
            answer = session.post(
                self.url("/account/login/"), {**told, **self.token(session)}, timeout=60, allow_redirects=False
            )
            assert answer.status_code == 302, answer.text
            self.people[who] = session
        return self.people[who]

    def url(self, path: str) -> str:
        return f"http://localhost:{self.node.port}{path}"

    @staticmethod
    def token(session: requests.Session) -> dict[str, str]:
        return {"csrfmiddlewaretoken": session.cookies["assay-csrf"]}

    def page(self, path: str, who: str = "ann") -> str:
        answer = self.session(who).get(self.url(path), timeout=60)
        assert answer.status_code == 200, (path, answer.status_code)
        return unescape(answer.text)

    def do(self, path: str, who: str = "ann", **told: object) -> str:
        """Send a form, and return the page that follows."""
        session = self.session(who)
        session.get(self.url("/partners/"), timeout=60)
        answer = session.post(self.url(path), {**told, **self.token(session)}, timeout=60)
        assert answer.status_code == 200, (path, answer.status_code, re.sub(r"<[^>]+>", " ", answer.text)[-3000:])
        return unescape(answer.text)

    def tell(self, accounts: dict[str, dict[str, str]]) -> None:
        """Let the node know of accounts, as clients do."""
        calls = [
            {
                "type": "group",
                "groupId": one,
                "userId": f"somebody at {one}",
                "traits": traits,
                "timestamp": datetime.now(UTC).isoformat(),
                "messageId": os.urandom(8).hex(),
            }
            for one, traits in accounts.items()
        ]
        authorization = base64.b64encode(f"{KEY}:".encode()).decode()
        body = json.dumps({"batch": calls})
        headers = {"Authorization": f"Basic {authorization}", "Content-Type": "application/json"}

        def sent() -> bool:
            return requests.post(self.url("/v1/batch"), body, headers=headers, timeout=60).status_code == 200

        eventually(sent)

    def rows(self, query: str) -> list[tuple]:
        with self.node.database() as connection:
            return connection.execute(query).fetchall()
