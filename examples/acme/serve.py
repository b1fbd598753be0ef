"""Run a server with Acme's year in it, and let its users go on: `python examples/acme/serve.py --folder DIR`.

The story is told so that its year ends now. What its users do later in the week arrives over the network from then on,
a few calls a second, as a product would send them. Ctrl-C stops everything; the next start goes on where it was.
"""

from __future__ import annotations

import argparse
import base64
import csv
import gzip
import json
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import partners

HERE = Path(__file__).resolve().parent
DEFINITIONS = HERE / "definitions"
WHO = {
    "rita@acme.example": ("rep", "Rita Lund"),
    "sam@acme.example": ("rep", "Sam Okafor"),
    "carla@acme.example": ("csm", "Carla Reyes"),
    "mona@acme.example": ("marketer", "Mona Haas"),
    "petra@acme.example": ("partners", "Petra Novak"),
    "rob@acme.example": ("revops", "Rob Quist"),
    "ada@acme.example": ("admin", "Ada Brandt"),
}
WORKS_AS = {
    "rita@acme.example": "sales",
    "sam@acme.example": "sales",
    "carla@acme.example": "customer success",
    "mona@acme.example": "marketing",
    "petra@acme.example": "partner manager",
    "rob@acme.example": "revenue operations: may edit rules",
    "ada@acme.example": "administrator: may approve them",
}
A_SECOND = 2.0  # calls


def main() -> None:
    """Read the options, start the server, fill it the first time, and send what happens from now on."""
    parser = argparse.ArgumentParser(description="Run a server with Acme's year in it.")
    parser.add_argument("--folder", type=Path, required=True, help="where the server keeps everything")
    parser.add_argument("--port", type=int, default=8000, help="where it listens")
    parser.add_argument("--scale", type=float, default=0.25, help="1 is 2,000 accounts, 20,000 people, 300,000 events")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / "node"
    escrow, escrow_address = partners.start_escrow(folder / "escrow", options.port + 1)
    command = [str(Path(sys.executable).with_name("assay")), "serve", "--data-folder", str(home)]
    # The link stays in sight: what the server logs of each request would push it away.
    print("Starting the server …", flush=True)
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen([*command, "--port", str(options.port)], stdout=log, stderr=log)
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        address = f"http://localhost:{options.port}"
        _wait(server, address, folder / "server.log")
        if not (folder / "filled").exists():
            _fill(folder, home, options.scale, escrow_address)
        _greet(folder, address)
        theirs = threading.Thread(target=partners.go_on, args=(folder / "partners", escrow_address, stop), daemon=True)
        theirs.start()
        _live(server, address, folder, stop)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
        escrow.terminate()
        escrow.wait(30)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    while server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit("\n".join(["The server did not start:", *log.read_text("utf-8", "replace").splitlines()[-5:]]))


def _fill(folder: Path, home: Path, scale: float, escrow: str) -> None:
    """Make the year's files, put them, the rules and the users into the node, and pair it with three partners."""
    print("Telling Acme's year, up to now …", flush=True)
    files = folder / "files"
    shutil.rmtree(files, ignore_errors=True)
    generate = [sys.executable, str(HERE / "generate.py"), "--out", str(files), "--scale", str(scale)]
    subprocess.run([*generate, "--past", datetime.now(UTC).date().isoformat()], check=True, stdout=subprocess.DEVNULL)
    (folder / "later.jsonl").write_text("".join(json.dumps(call) + "\n" for call in _kept_back(files)))
    shutil.rmtree(folder / "partners", ignore_errors=True)
    partners.write_lists(files, folder / "partners")
    print("Taking it in …", flush=True)
    from assay.node.serving.visiting import visited

    with visited(home):
        import first_timer
        from filling import fill
        from pairing import pair

        logins = fill(files, DEFINITIONS, WHO)
        print("Pairing with three partners, over an escrow that none of them runs …", flush=True)
        pair(folder / "partners", escrow)
        first_timer.write_list(files, folder / "first-timer")
        logins["link"] = first_timer.invite(folder / "first-timer", escrow)
    (folder / "logins.json").write_text(json.dumps(logins))
    (folder / "logins.json").chmod(0o600)
    (folder / "filled").touch()


def _kept_back(files: Path) -> list[dict[str, object]]:
    """Take what has not happened yet out of the product's files; return it as calls, the soonest first."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    later: list[dict[str, str]] = []
    for path in sorted((files / "product").glob("*.csv.gz")):
        with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        past = [row for row in rows if not (row["occurred_at"][:1] >= "2" and row["occurred_at"] > now)]
        later += [row for row in rows if row["occurred_at"][:1] >= "2" and row["occurred_at"] > now and row["user_id"]]
        if not past:
            path.unlink()
        elif len(past) < len(rows):
            with gzip.open(path, "wt", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(past)
    return [_call(row) for row in sorted(later, key=lambda row: row["occurred_at"])]


def _call(row: dict[str, str]) -> dict[str, object]:
    call: dict[str, object] = {"type": "track", "event": row["event"], "userId": row["user_id"]}
    call["messageId"] = f"live-{row['event_id']}"
    call["properties"] = {
        name: row[name] for name in ("workspace", "limit", "used", "feature", "tool", "format") if row[name]
    }
    if row["company_id"]:
        call["context"] = {"groupId": row["company_id"]}
    return call


def _greet(folder: Path, address: str) -> None:
    logins = json.loads((folder / "logins.json").read_text())
    print(f"\nLog in at {address} with the password {logins['password']} as one of:")
    for email, (_, name) in WHO.items():
        print(f"  {email:<22} {name}, {WORKS_AS[email]}")
    print("Petra finds three partners, an account map and leads that they agree on under Partners.")
    place = folder / "first-timer"
    share = [str(Path(sys.executable).with_name("assay")), "share", str(place / "customers.csv")]
    print("\nOr be Tarnwick, a partner without a server that does this for the first time:")
    print("  1. Compare its list with Acme's; the list stays where it is:")
    print(f"     {' '.join(share)} --with @{place / 'invitation'} --recovery {place / 'keep-this.json'}")
    print("  2. Hold its 60 digits against those on Petra's page Partners → Tarnwick, and say so on both sides.")
    print("  3. Choose a password for tess@tarnwick.example, and answer the leads that Acme handed over:")
    print(f"     {logins['link']} (good once, for three days)\n")
    print(f"What the server logs is in {folder / 'server.log'}.")
    print("Acme's users go on meanwhile: their calls arrive over the network. Ctrl-C stops everything.", flush=True)


def _live(server: subprocess.Popen[bytes], address: str, folder: Path, stop: threading.Event) -> None:
    """Send what happens, call by call, until asked to stop or the server ends."""
    key = json.loads((folder / "logins.json").read_text())["write_key"]
    calls = _again_and_again(folder / "later.jsonl")
    while not stop.wait(1 / A_SECOND) and server.poll() is None:
        _send(address, key, next(calls))


def _again_and_again(path: Path) -> Iterator[dict[str, object]]:
    told = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    while True:
        for call in told:
            yield {**call, "messageId": f"{call['messageId']}-{secrets.token_hex(4)}"}


def _send(address: str, key: str, call: dict[str, object]) -> None:
    now = datetime.now(UTC).isoformat()
    body = json.dumps({**call, "timestamp": now, "sentAt": now}).encode()
    basic = base64.b64encode(f"{key}:".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {basic}"}
    try:
        urllib.request.urlopen(urllib.request.Request(f"{address}/v1/track", body, headers), timeout=10).close()
    except OSError:
        time.sleep(1)  # a client would keep it and try again; the story goes on without it


if __name__ == "__main__":
    main()
