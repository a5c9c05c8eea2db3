"""The tables of the full-text search. The words themselves lie beside them: see migration 0002 and `batches.search`."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SearchEntry(models.Model):
    """The place of one summary in the index. Its key grows with time, so the newest has the highest.

    PostgreSQL keeps the words in a further column, SQLite in an FTS5 table under the same key; they go with the row.
    """

    summary = models.OneToOneField("batches.Summary", models.CASCADE, related_name="search_entry")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["user", "-id"], name="search_entry_of_user")]

    def __str__(self) -> str:
        return f"Entry {self.pk}"


class Facet(models.Model):
    """A channel, language or model that the library of `user` can be narrowed to."""

    class Kind(models.TextChoices):
        CHANNEL = "channel"
        LANGUAGE = "language"
        MODEL = "model"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "value"], name="each_facet_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"
