"""The table of failures: one in the code, the same in the documentation, and a title for each on the pages."""

from __future__ import annotations

import pytest

from batches import presentation, words
from tools import document_failures


def test_the_documentation_says_what_the_code_does() -> None:
    assert document_failures.FILE.read_text() == document_failures.text(), "run python -m tools.document_failures"


@pytest.mark.parametrize("code", sorted(document_failures.rows()))
def test_every_failure_has_a_title_a_sentence_and_somebody(code: str) -> None:
    sentence, mender, _ = document_failures.rows()[code]
    assert code in words.CAUSES
    assert sentence.endswith(".")
    assert mender in ("you", "host", "nobody")


def test_what_captions_mend_is_known() -> None:
    assert document_failures.rows().keys() >= presentation.UPLOADABLE
