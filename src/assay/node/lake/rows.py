"""What one row of the lake is: a call that a client sent, or a row of a file that somebody uploaded."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

#: Calls that are events: the source's event is the call's name, or what stands in `VIEWED`.
EVENT_KINDS: Final = ("track", "page", "screen")
#: The event that a call without a name of its own is.
VIEWED: Final = {"page": "page_viewed", "screen": "screen_viewed"}
#: Calls that say who somebody is: `identify` and `alias` of a person, `member` (a group call) of a person's account.
PERSON_KINDS: Final = ("identify", "alias", "member")
#: The call that tells of an account.
GROUP_KIND: Final = "group"
#: A row of an uploaded file that is no event; `body` holds its columns. What partners tell comes as such rows, too, and
#: all rows of one partner fact have one `id`.
ROW_KIND: Final = "row"

_AT: Final = pa.timestamp("us", tz="UTC")

#: `seq` ascends in the order in which rows were accepted and never repeats. `source` is the definition's source that
#: reads the row. `anonymous_id` of an alias is the id that the person had before. `body` is a JSON object: the
#: properties of an event (of a file's event: its columns), the traits of a person or account, the columns of a row.
LAKE: Final = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("id", pa.string()),
        pa.field("at", _AT),
        pa.field("received_at", _AT, nullable=False),
        pa.field("user_id", pa.string()),
        pa.field("anonymous_id", pa.string()),
        pa.field("group_id", pa.string()),
        pa.field("event", pa.string()),
        pa.field("body", pa.string()),
    ]
)
