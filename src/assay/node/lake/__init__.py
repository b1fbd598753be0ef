"""Everything that ever arrived: Parquet files, and a manifest that says which of them count.

Takes: calls and rows from the inbox.
Gives: the rows of each source, as the core reads files.
Never: names a file that is not whole on disk, or takes a row twice.
"""
