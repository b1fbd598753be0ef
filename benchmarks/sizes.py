"""How many bytes an event takes in each place that keeps it: `python -m benchmarks.sizes [--events N]`.

Events as a client sends them (about 360 bytes of JSON, four properties, 20 events a person, 100 an account) go into the
inbox by the product's COPY, from there into the lake, are compacted, and taken into the index.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_START = datetime(2026, 1, 1, tzinfo=UTC)
_NAMES = ("project_created", "task_completed", "report_exported", "teammate_invited", "login", "page_viewed")


def sent(number: int, dice: random.Random, people: int) -> bytes:
    """Return one event as a client sends it."""
    person = dice.randrange(people)
    told = {
        "type": "track",
        "messageId": str(uuid.UUID(int=dice.getrandbits(128))),
        "userId": f"user_{person}",
        "event": dice.choice(_NAMES),
        "timestamp": (_START + timedelta(seconds=3 * number)).isoformat(),
        "properties": {
            "plan": dice.choice(["free", "trial", "pro"]),
            "project_id": f"proj_{dice.randrange(10**6)}",
            "seats": dice.randrange(50),
            "path": f"/app/projects/{dice.randrange(10**4)}",
        },
        "context": {
            "groupId": f"company{person // 5}.example",
            "library": {"name": "analytics-python", "version": "2.3.4"},
        },
    }
    return json.dumps(told).encode()


def main() -> None:
    """Measure, and print a line a place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=400_000)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory(prefix="assay-sizes-") as name:
        Path(name).chmod(0o711)
        from assay.node.serving.visiting import visited

        with visited(Path(name) / "data"):
            for place, size in _measured(events, Path(name) / "data").items():
                print(f"{place:<28} {size / events:>8.1f} bytes an event")


def _measured(events: int, home: Path) -> dict[str, float]:
    from django.conf import settings
    from django.db import connection

    from assay.core import definitions
    from assay.core.definitions.model import EventsSource
    from assay.node.intake import calls, inbox
    from assay.node.intake.copying import rows
    from assay.node.intake.models import WriteKey
    from assay.node.lake import compacting, draining, manifest
    from assay.node.live.index import Index

    acme = definitions.load(ROOT / "examples" / "acme" / "definitions")
    source = next(part.source for part in acme.sources if isinstance(part, EventsSource))
    key = WriteKey.objects.create(name="sizes", digest=b"0" * 32, events_source=source)
    dice, size, arrived = random.Random(1), 0, datetime.now(UTC)
    writer = inbox.Writer(settings.ASSAY.intake_database_url)
    for start in range(0, events, 1000):
        batch = [sent(start + i, dice, events // 20) for i in range(1000)]
        size += sum(map(len, batch))
        body = b'{"batch": [' + b", ".join(batch) + b"]}"
        kept = calls.kept(calls.read_batch(body), arrived)
        writer.keep(rows(key.pk, calls.microseconds(arrived), kept))
    writer.close()

    def table(name: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_total_relation_size(%s)", [name])
            return int(cursor.fetchone()[0])

    found: dict[str, float] = {"as the client sent it": size, "inbox, while it waits": table("intake_inbox")}
    index = Index(home / "sizes.sqlite")
    while (fresh := draining.drain(datetime.now(UTC))) is not None:
        index.add(acme, fresh, seq=str(fresh["seq"][-1].as_py()))
    found["lake, fresh"] = sum(file.bytes for file in manifest.files())
    while compacting.compact(datetime.now(UTC) + timedelta(hours=1)):
        pass
    found["lake, compacted"] = sum(file.bytes for file in manifest.files())
    found["message ids, for 90 days"] = table("lake_seenmessage")
    index.close()
    found["index"] = (home / "sizes.sqlite").stat().st_size
    return found


if __name__ == "__main__":
    main()
