"""How money is worded on pages, in exports and in the administration. Dollars are US dollars. No queries."""

from __future__ import annotations

from django.utils.translation import gettext as _

from batches.money import Estimate, Spending
from batches.presentation import dollars, plural


def spent(spending: Spending) -> str:
    """“$0.12 · 17,000 tokens in (3,000 cached), 1,500 out”; "" when nothing was paid for."""
    if not spending.calls:
        return ""
    cost = _("price not known") if spending.whole_cost is None else dollars(spending.whole_cost)
    return f"{cost} · {tokens(spending)}"


def tokens(spending: Spending) -> str:
    """“17,000 tokens in (3,000 cached), 1,500 out”."""
    read, written = f"{spending.input_tokens:,}", f"{spending.output_tokens:,}"
    if not spending.cached_tokens:
        return _("{read} tokens in, {written} out").format(read=read, written=written)
    cached = f"{spending.cached_tokens:,}"
    return _("{read} tokens in ({cached} cached), {written} out").format(read=read, cached=cached, written=written)


def expected(estimate: Estimate) -> str:
    """“about $0.42”, and what an hour costs of videos whose length nobody knows yet.

    "" for what is free or has no known price.
    """
    if not estimate.hour_cost or not estimate.videos or estimate.cost is None:
        return ""
    hour, cost = dollars(estimate.hour_cost), dollars(estimate.cost)
    if not estimate.measured:
        return _("about {hour} an hour of video").format(hour=hour)
    if estimate.measured == estimate.videos:
        return _("about {cost}").format(cost=cost)
    others = plural(estimate.videos - estimate.measured, "video")
    return _("about {cost}, and {hour} an hour for {videos} of unknown length").format(
        cost=cost, hour=hour, videos=others
    )
