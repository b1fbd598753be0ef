"""What becomes of partnerships when a backup is brought back: they wait until somebody looked.

A backup knows nothing of what was withdrawn, refused or limited after it was taken.
"""

from __future__ import annotations

from typing import Final

#: What stands on a partner's page then.
RESTORED: Final = (
    "A backup of this node was brought back. What was withdrawn since it was taken may hold again here: look at what "
    "this partner may learn, then go on. Nothing is exchanged until then."
)
#: To be executed once after a restore, with RESTORED, by whoever owns the tables.
PAUSE_ALL: Final = "UPDATE partnering_partnership SET state = 'paused', trouble = %s WHERE state IN ('live', 'paused')"
