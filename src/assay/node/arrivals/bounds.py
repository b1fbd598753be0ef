"""How large an upload may be: looked at before it is taken, and before it is unpacked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from assay.core.errors import BadRequest
from assay.core.sources.files import format_of

MOST: Final = 200 << 20
_MOST_UNPACKED: Final = 1 << 30
_FORMATS: Final = ("csv", "parquet")


class BoundedUploadHandler(FileUploadHandler):
    """Refuses a request that is too large before any of it is read."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  # Django's own name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Raise RequestDataTooBig where the request says that it is too large."""
        if content_length > MOST + (1 << 20):
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand the data on to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""


def demand_format(name: str) -> str:
    """Return how a file is written, by its name: csv or parquet; BadRequest where it is packed, or something else."""
    found = format_of(name)
    if found not in _FORMATS or name.lower().endswith(".gz"):
        raise BadRequest(
            "Only plain CSV and Parquet are taken",
            where="file",
            mend="Unpack it, and give it the ending .csv or .parquet.",
        )
    return str(found)


def demand_bounded(path: Path) -> None:
    """Raise BadRequest for a Parquet file that would unpack to more than memory should hold, or that is none."""
    if path.suffix != ".parquet":
        return
    try:
        about = pq.read_metadata(path)
        unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        columns = about.num_rows * max(about.num_columns, 1)
    except (pa.ArrowException, OSError):
        raise BadRequest("This is no Parquet file", where="file", mend="Write it anew.") from None
    # One byte may stand for millions of equal values: rows count as well as bytes.
    if unpacked > _MOST_UNPACKED or columns * 8 > _MOST_UNPACKED:
        raise BadRequest("It unpacks to more than 1 GiB", where="file", mend="Upload it in parts.")
