"""The store keeps to the memory it was given, and to less while others need it."""

from __future__ import annotations

import pytest

from assay.core.io.store import Store


def memory(store: Store) -> str:
    limit: str = store.rows("SELECT current_setting('memory_limit')")[0][0]
    return limit


def test_the_store_keeps_to_little_memory_for_as_long_as_it_is_asked_to_whatever_happens() -> None:
    with Store(memory_limit="1GB") as store:
        before = memory(store)
        with pytest.raises(ZeroDivisionError), store.leaving_memory():
            assert memory(store) != before
            raise ZeroDivisionError
        assert memory(store) == before
