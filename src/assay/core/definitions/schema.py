def json_schema() -> dict[str, object]:
    """Return the schema."""
    raise NotImplementedError
