"""Two companies and an escrow as three processes: they find what they share, and the escrow learns none of it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from tests.escrow.client import CONTACT, LISTS, NAMES, token

from assay.escrow import lists, peppers, wire

CLIENT = Path(__file__).with_name("client.py")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "DJANGO_"))}


class Escrow:
    """An escrow that listens on this machine."""

    def __init__(self, folder):
        self.data, self.peppers, self.log = folder / "escrow", folder / "peppers", folder / "escrow.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        command = [sys.executable, "-c", "from assay.cli.main import cli; cli()", "escrow", "serve"]
        command += ["--data-folder", str(self.data), "--pepper-folder", str(self.peppers), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=ENVIRONMENT, start_new_session=True)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.address}/healthz", timeout=5).close()
                return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.05)
        raise TimeoutError

    def kill(self):
        os.killpg(self.process.pid, 9)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def _client(name, folder, escrow):
    command = [sys.executable, str(CLIENT), name, str(folder), escrow.address]
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=ENVIRONMENT)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Both clients to their end, the escrow and one client killed on the way; a backup; everything stopped."""
    folder = tmp_path_factory.mktemp("three")
    escrow = Escrow(folder)
    try:
        first = _client("acme", folder, escrow)
        until = time.monotonic() + 20
        while not (folder / "acme" / "epoch").exists() and time.monotonic() < until:
            time.sleep(0.02)
        first.kill()
        first.wait()
        escrow.kill()
        escrow.start()
        clients = [_client(name, folder, escrow) for name in NAMES]
        codes = [client.wait(90) for client in clients]
        told = "".join((folder / f"{name}.log").read_text() for name in NAMES)
        assert codes == [0, 0], told + escrow.log.read_text()
        shutil.copytree(escrow.data, folder / "backup")
    finally:
        escrow.stop()
    return folder


def _done(story, name):
    return json.loads((story / name / "done.json").read_text())


def test_both_see_the_shared_account_and_learn_what_was_granted(story):
    assert (story / "acme" / "digits").read_text() == (story / "birch" / "digits").read_text()
    assert [_done(story, name)["kinds"] for name in NAMES] == [[0, 1], [0, 1]]
    assert (story / "acme" / "learnt").read_text() == CONTACT["birch"]
    assert (story / "birch" / "learnt").read_text() == CONTACT["acme"]


def _secrets(story):
    """Return what must be nowhere: values, their unkeyed hashes, their partner-keyed hashes, the keys."""
    values = [*CONTACT.values()]
    for of in LISTS.values():
        values += [*of, *(f"{domain}|{country}" for domain, country in of.items())]
    found = {value.encode() for value in values} | {value.split(".")[0].encode() for value in values}
    for value in values:
        found |= {hashlib.new(name, value.encode()).digest() for name in ("md5", "sha1", "sha256", "sha512", "blake2b")}
        found |= {hashlib.blake2b(value.encode(), digest_size=size).digest() for size in (16, 32)}
    for name in NAMES:
        done = _done(story, name)
        keyed = [bytes.fromhex(text) for text in [*done["hashes"], done["token_key"]]]
        found |= {*keyed, *(hash[:16] for hash in keyed), (story / name / "epoch").read_bytes()}
        found |= {_kept(kind, hash) for hash in keyed for kind in range(wire.KINDS)}
    return found


def _kept(kind, stored):
    """Return the bytes that the database has of a token, in whichever column."""
    return lists.place(kind, stored).to_bytes(8, "big")


def _ways(secret):
    return {secret, secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret).rstrip(b"=")}


def test_no_table_file_log_answer_or_backup_of_the_escrow_holds_a_secret_or_its_hash(story):
    places = [
        *(path for folder in ("escrow", "backup", "peppers") for path in (story / folder).rglob("*") if path.is_file()),
        *(story / "escrow.log", *(story / name / "answers" for name in NAMES)),
    ]
    assert {"escrow.sqlite", "escrow.log", "answers"} <= {path.name for path in places}
    wanted = {way for secret in _secrets(story) for way in _ways(secret)}
    held = {path: path.read_bytes() for path in places}
    assert [(str(path), way) for path, text in held.items() for way in wanted if way in text] == []


def test_the_search_finds_what_the_escrow_does_hold(story):
    """The same search finds handles and peppered tokens, so it would find a secret."""
    pepper = (story / "peppers" / (b"p" * 16).hex()).read_bytes()
    stored = peppers.storing(pepper)(0, bytes.fromhex(_done(story, "acme")["hashes"][0]))
    database = b"".join(path.read_bytes() for path in (story / "escrow").glob("escrow.sqlite*"))
    assert _kept(0, stored) in database
    assert pepper not in b"".join(path.read_bytes() for path in (story / "backup").iterdir())


@pytest.mark.attack
def test_a_dictionary_fails_on_a_stolen_backup_even_with_the_partners_key(story, leak):
    """Who holds the token key can guess every domain; without the pepper no guess can be checked."""
    key = bytes.fromhex(_done(story, "acme")["token_key"])
    backup = b"".join(path.read_bytes() for path in (story / "backup").iterdir())
    guesses = [token(key, kind, value) for of in LISTS.values() for value in of for kind in (0, 1)]
    without = [
        peppers.storing(pepper)(kind, guess) for pepper in (b"", bytes(32), key) for kind in (0, 1) for guess in guesses
    ]
    tried = [*guesses, *without]
    found = [guess for guess in tried if guess in backup or any(_kept(kind, guess) in backup for kind in (0, 1))]
    pepper = (story / "peppers" / (b"p" * 16).hex()).read_bytes()
    with_pepper = [guess for guess in guesses if _kept(0, peppers.storing(pepper)(0, guess)) in backup]
    told = f"{len(found)} of {len(tried)} right guesses; with the pepper, too, {len(with_pepper)} of {len(guesses)}"
    leak("a dictionary and the partner's key on a stolen backup", told)
    assert not found
    assert with_pepper


def test_only_the_escrows_own_user_may_look_into_its_folders(story):
    assert [(story / folder).stat().st_mode & 0o077 for folder in ("escrow", "peppers")] == [0, 0]
