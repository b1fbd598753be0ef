"""What a node says once, at its first start after a restore: it knows less than others heard from it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from assay.node.access.actions import Actor, Audit, Machine, action
from assay.node.access.permissions import Permission
from assay.node.serving.keeping import RESTORED_FILE
from assay.node.telling import outbox, tasks

_BY: Final = Machine("assay restore")


def tell(home: Path, actor: Actor = _BY) -> bool:
    """Tell of a restore that nobody was told of; cut short, it is told twice. Return whether there was one."""
    path = home / RESTORED_FILE
    if not path.exists():
        return False
    _tell(actor, path.read_text("utf-8").strip(), datetime.now(UTC))
    path.unlink()
    return True


@action("tell of a restore", Permission.CHANGE_DATA)
def _tell(audit: Audit, as_of: str, now: datetime) -> None:
    """`as_of` is the instant of the backup, '' where it does not say."""
    messages = outbox.tell_restored(as_of or None, now, tasks.on_their_way)
    audit.write("node", 0, before={}, after={"as_of": as_of, "messages": messages})
