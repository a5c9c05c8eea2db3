"""Names for things that are imported on first use, so that an SDK nobody asked for is never loaded."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Generic, TypeVar

from summarizer.errors import UnknownName
from summarizer.marks import gettext_noop as _

T = TypeVar("T")


class Registry(Generic[T]):
    """name -> "module:attribute". Source: the shape of healthchecks' integrations table."""

    def __init__(self, what: str, **entries: str) -> None:
        self.what = what
        self._entries = entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def get(self, name: str) -> T:
        """The thing called `name`; `UnknownName`, which lists the known names, if there is none."""
        if name not in self._entries:
            sentence = _("There is no {kind_words} called “{name}”. Choose one of: {names}.")
            raise UnknownName(sentence.format(kind_words=self.what, name=name, names=", ".join(self._entries)))
        module, _colon, attribute = self._entries[name].partition(":")
        found: Any = getattr(import_module(module), attribute)
        return found  # type: ignore[no-any-return]  # the table promises T; a test imports every entry
