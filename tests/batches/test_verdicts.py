"""What becomes of an item whose work raised: decided by the error and by how often it has waited."""

from __future__ import annotations

import random

import pytest

from batches.verdicts import CloseGate, Defer, Fail, Pause, StopBatch, Verdict, Wait, judge
from summarizer import errors
from summarizer.errors import SummarizerError

LAST = 1_000  # deferrals, far beyond every ladder


class Dice(random.Random):
    """Falls as told, from 0.0 to just under 1.0."""

    def __init__(self, falls: float) -> None:
        super().__init__()
        self.falls = falls

    def random(self) -> float:
        return self.falls


def verdict(error: SummarizerError, deferrals: int = 0, dice: float = 0.0) -> Verdict:
    return judge(error, deferrals, Dice(dice))


@pytest.mark.parametrize(
    "error",
    [
        errors.KeyRefused("x"),
        errors.QuotaUsedUp("x"),
        errors.UnknownModel("x"),
        errors.ProviderUnreachable("x"),
        errors.MissingKey("taken away since"),
    ],
)
def test_what_would_fail_every_video_stops_the_batch(error: SummarizerError) -> None:
    assert verdict(error) == StopBatch()


def test_a_block_closes_the_gate_however_often_the_video_has_waited() -> None:
    assert verdict(errors.YouTubeBlocked()) == verdict(errors.YouTubeBlocked(), LAST) == CloseGate()


@pytest.mark.parametrize(
    "error",
    [
        errors.VideoUnavailable(),
        errors.VideoRestricted("video_private"),
        errors.AgeRestricted(),
        errors.TranscriptsDisabled(),
        errors.NoTranscript(),
        errors.EmptyTranscript(),
        errors.PoTokenRequired(),
        errors.ContextOverflow(),
        errors.OutputTruncated(),
        errors.OutputInvalid(),
        errors.Refused(),
        errors.NotGrounded(),
        errors.WorkerLost(),
        errors.Internal(),
    ],
)
def test_what_waiting_does_not_mend_fails_at_once(error: SummarizerError) -> None:
    assert verdict(error) == Fail()


def test_an_odd_page_is_tried_three_times_more() -> None:
    waits = [verdict(errors.YouTubeFailed(), deferrals) for deferrals in range(4)]
    assert waits == [Defer(3), Defer(10), Defer(30), Fail()]


def test_a_provider_that_fails_is_waited_for_longer_each_time_and_never_given_up_here() -> None:
    waits = [verdict(errors.ProviderFailed(), deferrals) for deferrals in (0, 1, 2, 3, 4, 5, LAST)]
    assert waits == [Defer(5), Defer(15), Defer(45), Defer(120), Defer(300), Defer(300), Defer(300)]


def test_a_rate_limit_makes_everybody_at_that_provider_wait() -> None:
    waits = [verdict(errors.RateLimited(), deferrals) for deferrals in (0, 1, 5, LAST)]
    assert waits == [Pause(10), Pause(20), Pause(300), Pause(300)]


def test_nobody_comes_back_before_they_were_asked_to_and_all_come_back_spread_out() -> None:
    asked = errors.RateLimited(retry_after=100)
    assert verdict(asked) == Pause(100)
    assert verdict(asked, dice=0.999) == Pause(100 * 1.4995)
    assert verdict(errors.RateLimited(retry_after=1)) == Pause(10)
    spread = {verdict(asked, dice=falls / 10) for falls in range(10)}
    assert len(spread) == 10


def test_our_own_budget_is_waited_for_to_the_second_however_often_and_never_counts() -> None:
    used_up = errors.BudgetUsedUp("x", retry_after=1e6)
    assert verdict(used_up, dice=0.9) == verdict(used_up, LAST) == Wait(1e6)


def test_a_budget_that_is_too_small_for_the_video_fails_it() -> None:
    assert verdict(errors.BudgetUsedUp("x")) == Fail()


def test_a_provider_cannot_make_us_wait_for_ever() -> None:
    assert verdict(errors.RateLimited(retry_after=1e9)) == Pause(900)


def _leaves(kind: type[SummarizerError]) -> list[type[SummarizerError]]:
    below = kind.__subclasses__()
    return [leaf for each in below for leaf in _leaves(each)] if below else [kind]


def test_what_nobody_can_mend_but_time_waits_by_itself() -> None:
    for leaf in _leaves(errors.TranscriptError) + _leaves(errors.EngineError):
        if leaf.retryable and leaf.mender == "nobody":
            assert isinstance(verdict(leaf("x")), Defer | Pause), leaf


def test_what_took_too_long_is_tried_once_more() -> None:
    assert verdict(errors.TookTooLong()) == Defer(30)
    assert verdict(errors.TookTooLong(), 1) == Fail()
