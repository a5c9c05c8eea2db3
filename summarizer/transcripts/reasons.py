"""Why YouTube does not play a video, from the sentence it gives (in English: the clients ask for it)."""

from __future__ import annotations

import re

from summarizer import errors
from summarizer.marks import gettext_noop as _

# The most telling first.
_REASONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), code)
    for pattern, code in (
        # An error of the player's own says “try again later”, too; of a video it is how YouTube words its hourly limit.
        (r"an error occurred|something went wrong|check back later", "youtube_failed"),
        (r"not a bot|unusual traffic|try again later|rate.limited", "youtube_blocked"),
        (r"not available on this app|latest version of YouTube", "unreadable"),
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
    "youtube_failed": errors.YouTubeFailed,
    "unreadable": errors.YouTubeUnreadable,  # by this client; another may be let in
}


def known_reason(said: str) -> str:
    """A word for what YouTube said, mostly the code of the error; "" if it is nothing known."""
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
