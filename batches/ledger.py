"""The ledger: every answer that was paid for, what each month sums up to, and what calls under way may cost at most.

It outlives batches and accounts, for what was spent stays spent. `batches.money` writes and reads it.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils import timezone


class Charge(models.Model):
    """One answer of a model that was paid for: used, thrown away, or broken off. Summaries sum up what they took."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="charges")
    batch = models.ForeignKey("batches.Batch", models.SET_NULL, null=True, related_name="charges")
    item = models.ForeignKey("batches.Item", models.SET_NULL, null=True, related_name="charges")
    engine = models.CharField(max_length=20)
    model = models.CharField(max_length=100)
    calls = models.PositiveIntegerField(default=1)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0, help_text="Of the input tokens, those read from a cache")
    cost = models.DecimalField(
        "cost in US dollars", max_digits=12, decimal_places=6, null=True, help_text="Empty: the price is not known"
    )
    created_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.engine}:{self.model}, {self.input_tokens} in, {self.output_tokens} out"


class MonthlySpending(models.Model):
    """The sum of one user's charges in one month, moved with each of them, so that a budget reads one row."""

    month = models.DateField(help_text="Its first day")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="spending")
    calls = models.PositiveIntegerField(default=0)
    unpriced_calls = models.PositiveIntegerField(default=0, help_text="Of these, those whose price is not known")
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField("cost in US dollars", max_digits=14, decimal_places=6, default=Decimal(0))

    class Meta:
        ordering = ["-month", "-cost"]
        verbose_name_plural = "monthly spending"
        constraints = [models.UniqueConstraint(fields=["user", "month"], name="one_sum_per_user_and_month")]
        indexes = [models.Index(fields=["month"], name="spending_of_month")]

    def __str__(self) -> str:
        return f"{self.user or 'deleted accounts'}, {self.month:%B %Y}"


class Hold(models.Model):
    """What a call under way may cost: taken from the budget before it, given back after it. Kept only with a budget."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    amount = models.DecimalField("US dollars", max_digits=12, decimal_places=6)
    until = models.DateTimeField("ends by itself at", db_index=True)

    def __str__(self) -> str:
        return f"{self.user}: {self.amount}"
