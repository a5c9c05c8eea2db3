"""`presentation`, and `translated`, for templates."""

from __future__ import annotations

from django import template

from batches import presentation
from batches.sentences import translated

register = template.Library()
register.filter(translated)
for name in (
    "clock",
    "language_name",
    "row_note",
    "list_note",
    "takes_captions",
    "engine_name",
    "coverage",
    "grounding",
    "state",
    "state_word",
    "status_word",
    "length_word",
    "list_word",
    "plural",
    "dollars",
    "browser",
):
    register.filter(name, getattr(presentation, name))
