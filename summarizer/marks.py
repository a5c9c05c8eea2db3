"""Marks a sentence as one that people read: catalogues of translations are made of what is marked.

What raises or stores a sentence keeps it in English; what shows it translates it (batches/sentences.py), also with its
places filled in. Hence three rules for what is marked: a whole sentence; places in {braces}, plain, without a format;
and a place whose name ends in “words” holds words of ours, which are translated too. {words} at the beginning is a
whole sentence to which another is joined. docs/adr/0012.
"""

from __future__ import annotations


def gettext_noop(sentence: str) -> str:
    """`sentence` as it is. The name is one that xgettext looks for, and so is `_`."""
    return sentence
