"""Why YouTube does not play a video, from the sentence it gives (in English: the clients ask for it)."""

from __future__ import annotations

import re

from summarizer import errors
from summarizer.marks import gettext_noop as _

# The most telling first.
_REASONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), code)
    for pattern, code in (
        (r"not a bot|unusual traffic", "youtube_blocked"),
        (r"confirm your age|age.restricted|inappropriate for some", "age_restricted"),
        (r"\bprivate\b", "video_private"),
        (r"premium|payment|purchase|\brent\b", "premium_only"),
        (r"\bmembers?\b|join this channel", "members_only"),
        (r"in your (?:country|region|location)", "geo_blocked"),
        (r"will begin|premieres?\b|live event|scheduled|upcoming|^offline", "not_started"),
        (r"unavailable|not available|no longer|removed|terminated|deleted|does(?:n.t| not) exist", "video_unavailable"),
    )
)
_CLASSES: dict[str, type[errors.TranscriptError]] = {
    "youtube_blocked": errors.YouTubeBlocked,
    "age_restricted": errors.AgeRestricted,
    "video_unavailable": errors.VideoUnavailable,
}


def known_reason(said: str) -> str:
    """The error code for what YouTube said; "" if it is nothing known."""
    return next((code for pattern, code in _REASONS if pattern.search(said)), "")


def refusal(said: str) -> errors.TranscriptError:
    """An error that quotes what YouTube said."""
    code = known_reason(said) or "unplayable"
    if code in _CLASSES:
        return _CLASSES[code](quoting(_CLASSES[code].sentence, said))
    return errors.VideoRestricted(code, quoting(errors.VideoRestricted.codes[code], said))


def quoting(sentence: str, said: str) -> str:
    """`sentence`, and what YouTube said, if it said anything."""
    return _("{words} YouTube says: “{said}”").format(words=sentence, said=said[:300]) if said else sentence
