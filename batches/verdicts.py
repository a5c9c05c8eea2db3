"""What becomes of an item whose work raised: pure decisions, without database or clock."""

from __future__ import annotations

import random
from dataclasses import dataclass

from summarizer.errors import (
    BudgetUsedUp,
    ProviderFailed,
    RateLimited,
    StorageFailed,
    SummarizerError,
    TookTooLong,
    YouTubeBlocked,
    YouTubeFailed,
)

# Seconds to wait before the first, second, third … further try. The last one repeats.
_LADDERS: dict[type[SummarizerError], tuple[float, ...]] = {
    YouTubeFailed: (3, 10, 30),
    ProviderFailed: (5, 15, 45, 120, 300),
    RateLimited: (10, 20, 40, 80, 160, 300),
    StorageFailed: (2, 10, 30, 60, 120, 300),
    TookTooLong: (30,),
}
# YouTube's odd pages rarely mend: a few tries, then the user is told. What is slow stays slow. Providers come back.
_TRIES: dict[type[SummarizerError], int] = {YouTubeFailed: 3, TookTooLong: 1}
# However long a provider asks us to wait, we look again after this.
_LONGEST_WAIT = 900.0
# Seconds to rest after the first, second, third … lost worker. The first may be anybody's bad luck.
_RESTS = (0, 2, 4, 8, 16, 30)


@dataclass(frozen=True, slots=True)
class Fail:
    """The item fails with this error."""


@dataclass(frozen=True, slots=True)
class Defer:
    """The item waits so many seconds and is tried again by itself."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """As `Defer`, but however often: the item waits for something that will come."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StopBatch:
    """The item fails, and so does everything of its batch that still waits."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The item waits so many seconds, and so does everybody who would call the same provider."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CloseGate:
    """YouTube refuses this server: nobody fetches for a while, and the item waits with them."""


Verdict = Fail | Defer | Wait | Pause | StopBatch | CloseGate


def judge(error: SummarizerError, deferrals: int, dice: random.Random) -> Verdict:
    """What to do about `error` on an item that has waited `deferrals` times already."""
    if error.stops_batch:
        return StopBatch()
    if isinstance(error, YouTubeBlocked):
        return CloseGate()
    if isinstance(error, BudgetUsedUp) and error.retry_after is not None:
        return Wait(error.retry_after)
    for kind, ladder in _LADDERS.items():
        if isinstance(error, kind):
            if deferrals >= _TRIES.get(kind, deferrals + 1):
                return Fail()
            asked = min(error.retry_after or 0.0, _LONGEST_WAIT)
            step = ladder[min(deferrals, len(ladder) - 1)]
            # Jitter upwards only: nobody comes back before they were asked to.
            seconds = max(asked, step) * (1 + dice.random() / 2)
            return Pause(seconds) if isinstance(error, RateLimited) else Defer(seconds)
    return Fail()


def rest_after_loss(losses: int) -> float:
    """Seconds that work rests which has lost `losses` workers before the one it has just lost.

    What ends its worker each time would otherwise take the next one with it at once, and what was only beside it would
    be lost as often. So the others go first, and nobody is suspected for being near.
    """
    return _RESTS[min(losses, len(_RESTS) - 1)]
