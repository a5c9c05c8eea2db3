"""What Django builds of SQL, which costs more than executing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.models.sql import Query


@contextmanager
def counting_what_is_written() -> Iterator[list[str]]:
    """The tables of the statements that Django builds meanwhile."""
    built: list[str] = []
    get_compiler = Query.get_compiler

    def counted(self: Query, *args: Any, **kwargs: Any) -> Any:
        built.append(self.get_meta().db_table)
        return get_compiler(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Query, "get_compiler", counted)
        yield built
