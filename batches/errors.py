"""What can be wrong with what a person asks of a batch.

InvalidInput
├── NoVideos          nothing that was handed in is a video; `extra["rejected"]` lists {line, text, reason}
├── NotActive         there is nothing to cancel (HTTP 404)
├── NothingToRetry    nothing failed and nothing was cancelled
├── LimitReached      the user has as many batches or videos as this installation allows (HTTP 429)
└── KeyReused         an Idempotency-Key came again with another request (HTTP 409)
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_noop as _

from batches.sentences import translated
from summarizer.errors import InvalidInput
from summarizer.youtube_urls import Link


class NoVideos(InvalidInput):
    code = "no_videos"

    def __init__(self, rejected: Sequence[Link]) -> None:
        super().__init__(
            _("None of these lines is a link to a YouTube video. Paste links such as https://www.youtube.com/watch?v=…")
            if rejected
            else _("There is no link to a video in this. Paste at least one, or choose a caption file."),
            extra={"rejected": [_as_json(link) for link in rejected]},
        )
        self.rejected = list(rejected)


def _as_json(link: Link) -> dict[str, object]:
    return {"line": link.line, "text": link.text, "reason": translated(link.reason)}


class NotActive(InvalidInput):
    code = "not_active"
    sentence = _("Active batch job not found")


class NothingToRetry(InvalidInput):
    code = "nothing_to_retry"
    sentence = _("Nothing in this batch has failed or was cancelled, so there is nothing to try again.")


class LimitReached(InvalidInput):
    code = "limit_reached"


class KeyReused(InvalidInput):
    code = "idempotency_key_reused"
    sentence = _("This Idempotency-Key was used for a different request. Use a new key for a new batch.")
