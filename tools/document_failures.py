"""Writes docs/failures.md from the error tree: python -m tools.document_failures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from summarizer import errors

FILE = Path(__file__).resolve().parents[1] / "docs" / "failures.md"
_HEAD = """# Why a video fails

Every failure of a video or a list has a code, a sentence, somebody who can mend it, and an answer to whether trying the
same again can help. The batch page groups failures by code; `failed.csv` and the API carry code and sentence.

Written by `python -m tools.document_failures` from `summarizer/errors.py`; do not edit.

| code | sentence | who can mend it | try again |
|---|---|---|---|
"""
_LEFT_OUT = (errors.Stopped, errors.InvalidInput)  # no failure of a video


def _leaves(kind: type[errors.SummarizerError]) -> Iterator[type[errors.SummarizerError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__ and not issubclass(child, _LEFT_OUT):
            if child.sentence is not errors.SummarizerError.sentence or child.stops_batch:
                yield child
            yield from _leaves(child)


def rows() -> dict[str, tuple[str, str, bool]]:
    """code -> (sentence, mender, retryable); for codes of several classes those of the first."""
    restricted = [errors.VideoRestricted(code) for code in errors.VideoRestricted.codes]
    found = {error.code: (str(error), str(error.mender), error.retryable) for error in restricted}
    for kind in _leaves(errors.SummarizerError):
        said = "Says what the provider said." if kind.sentence == errors.SummarizerError.sentence else kind.sentence
        found.setdefault(kind.code, (said, str(kind.mender), kind.retryable))
    return found


def text() -> str:
    lines = (
        f"| `{code}` | {sentence} | {mender} | {'yes' if retryable else 'no'} |"
        for code, (sentence, mender, retryable) in sorted(rows().items())
    )
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
