"""`presentation`, and `translated`, for templates."""

from __future__ import annotations

from django import template

from batches import presentation
from batches.sentences import translated

register = template.Library()
register.filter(translated)
_SECTIONS = {
    "home": ("home",),
    "batches": ("batch", "batches", "batch_again", "batch_delete", "item_captions", "summary"),
    "library": ("library",),
    "account": ("account", "tokens", "change_email", "delete_account", "account_change_password", "account_logout"),
}
_SECTION_OF = {page: section for section, pages in _SECTIONS.items() for page in pages}


@register.filter
def section(page: str | None) -> str:
    """The entry of the main navigation that the page with this URL name belongs to; "" for none."""
    return _SECTION_OF.get(page or "", "")


for name in (
    "clock",
    "language_name",
    "row_note",
    "list_note",
    "takes_captions",
    "engine_name",
    "coverage",
    "source_title",
    "tried_before",
    "grounding",
    "state",
    "state_word",
    "status_word",
    "length_word",
    "model_word",
    "ago",
    "list_word",
    "plural",
    "dollars",
    "browser",
):
    register.filter(name, getattr(presentation, name))
