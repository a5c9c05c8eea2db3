"""Everything that can go wrong while a video becomes a summary.

    SummarizerError                  shown to the user as it is: a sentence and a code
    ├── InvalidInput                 what was asked for cannot be done; ask differently (HTTP 400)
    │   ├── UnknownName              no engine, length, format … of that name
    │   └── MissingKey               the engine exists, its key is not set
    ├── TranscriptError              YouTube, or a caption file, did not give a transcript
    │   ├── VideoUnavailable         deleted, never existed, or the id is wrong
    │   ├── VideoRestricted          exists, but not for this server: see the five codes of `codes`
    │   ├── AgeRestricted
    │   ├── TranscriptsDisabled
    │   ├── NoTranscript             has captions in no language we may take, or none at all
    │   ├── OnlyAutomatic            has captions, but none that a person wrote, and only those are wanted
    │   ├── EmptyTranscript          captions without a word in them
    │   ├── InvalidCaptionFile       an uploaded file that is not captions
    │   ├── PoTokenRequired          YouTube wants a proof that this client cannot give
    │   ├── YouTubeBlocked           YouTube refuses this server's address: everybody waits
    │   ├── YouTubeFailed            transport trouble or an answer that cannot be read
    │   │   └── YouTubeUnreadable    the latter: another source may be able to read it
    │   ├── ListUnavailable          a playlist or channel that does not exist or is private
    │   └── ListEmpty                a playlist or channel without videos
    ├── EngineError                  the engine did not give a summary
    │   ├── RateLimited              429: wait, then go on
    │   ├── ProviderFailed           overloaded, 5xx, time-out, disconnect, malformed body
    │   ├── KeyRefused               stops the batch
    │   ├── NotPermitted             the key is good, but not for this: stops the batch
    │   ├── QuotaUsedUp              stops the batch
    │   ├── BudgetUsedUp             this month's own budget: wait until the next one
    │   ├── UnknownModel             stops the batch
    │   ├── ProviderUnreachable      nothing answers at the configured address: stops the batch
    │   ├── ContextOverflow          the provider counted more tokens than we did
    │   ├── OutputTruncated          the answer was cut by its own limit, twice
    │   ├── OutputInvalid            the answer is not the schema, twice
    │   ├── Refused                  the model declined
    │   └── NotGrounded              nothing in the answer could be found in the transcript
    ├── StorageFailed                our database was away, or its disk is full: wait, then go on
    ├── TookTooLong                  the deadline for one video passed, twice
    ├── WorkerLost                   the worker vanished in the middle, too often
    ├── Internal                     a defect of ours; the log has the traceback
    └── Stopped                      not a failure: the item was cancelled or taken from this worker

Source: our own; the leaves follow what youtube-transcript-api, anthropic and openai raise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from summarizer.marks import gettext_noop as _

if TYPE_CHECKING:
    from summarizer.records import Usage, Video

Who = Literal["you", "host", "nobody"]


class SummarizerError(Exception):
    """Base of all expected errors.

    `str(error)` is a sentence for the user that says what to do. `code` is stable and machine-readable. `retryable`
    says whether trying the same again can help. `mender` names who can mend it. `stops_batch` marks what would fail
    every other item of the batch too. `retry_after` is how many seconds the other side asked us to wait, if it did.
    `usage` is what the failure has cost, if it has cost anything: a model is paid for answers that are of no use, too.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    stops_batch: ClassVar[bool] = False
    mender: ClassVar[Who] = "nobody"
    sentence: ClassVar[str] = _("Something went wrong.")

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message or self.sentence)
        self.retry_after = retry_after
        self.usage: Usage | None = None


class InvalidInput(SummarizerError):
    """`extra` is what the answer of the API carries beside the sentence, such as `rejected` lines or field `errors`."""

    code = "invalid_input"
    mender: ClassVar[Who] = "you"
    sentence = _("This request cannot be carried out as it is.")

    def __init__(self, message: str = "", *, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.extra = dict(extra or {})


class UnknownName(InvalidInput):
    code = "unknown_name"


class MissingKey(InvalidInput):
    """Also of a batch that was ordered when the key was still there."""

    code = "missing_key"
    retryable = True
    stops_batch = True
    mender = "host"


class TranscriptError(SummarizerError):
    """`title` is that of the video, when it could be learned before the failure, `video` all that was. `step` is what
    was asked for last: one of `STEPS`, "" before the first request.
    """

    STEPS: ClassVar[tuple[str, ...]] = ("page", "list", "captions")
    code = "transcript_error"
    title: str = ""
    video: Video | None = None
    step: str = ""


class VideoUnavailable(TranscriptError):
    code = "video_unavailable"
    sentence = _("This video does not exist any more, or the link is wrong. Check the link on YouTube.")


class VideoRestricted(TranscriptError):
    """One class for one cause, access; the code of an instance says which kind of access is missing."""

    codes: ClassVar[dict[str, str]] = {
        "video_private": _("This video is private. Ask its owner to publish it, or upload its captions."),
        "members_only": _("This video is for channel members only. Upload its captions if you can watch it."),
        "premium_only": _("This video is for paying viewers only. Upload its captions if you can watch it."),
        "geo_blocked": _("YouTube does not show this video in the country of this server. Upload its captions."),
        "not_started": _("This video has not been broadcast yet. Try again when it has ended."),
        "unplayable": _("YouTube does not let this video be played here."),
    }
    code = "unplayable"

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or self.codes[code])
        # The instance narrows what its class says. Whoever has the captions can upload them, but to a live event.
        self.code = code  # type: ignore[misc]
        self.retryable = code == "not_started"  # type: ignore[misc]
        self.mender = "nobody" if code in ("not_started", "unplayable") else "you"  # type: ignore[misc]


class AgeRestricted(TranscriptError):
    code = "age_restricted"
    mender = "you"
    sentence = _("YouTube shows this video to signed-in adults only. Upload its captions if you can watch it.")


class TranscriptsDisabled(TranscriptError):
    code = "transcripts_disabled"
    mender = "you"
    sentence = _(
        "This video has no captions, or its owner has switched them off. Upload a caption file if you have one."
    )


class NoTranscript(TranscriptError):
    code = "no_transcript"
    mender = "you"
    sentence = _("This video has no captions. Upload a caption file if you have one.")


class OnlyAutomatic(TranscriptError):
    code = "only_automatic"
    mender = "you"
    sentence = _(
        "This video has automatic captions only, and this batch takes manual ones only. "
        "Upload a caption file, or run the batch again without that wish."
    )


class EmptyTranscript(TranscriptError):
    code = "empty_transcript"
    mender = "you"
    sentence = _("The captions of this video contain no words, so there is nothing to summarize.")


class InvalidCaptionFile(TranscriptError):
    code = "invalid_caption_file"
    mender = "you"
    sentence = _("This file does not contain captions that can be read. Upload .srt, .vtt or .txt.")


class PoTokenRequired(TranscriptError):
    code = "po_token_required"
    mender = "host"
    sentence = _("YouTube asks for a proof of origin before it gives these captions. Upload a caption file instead.")


class YouTubeBlocked(TranscriptError):
    code = "youtube_blocked"
    retryable = True
    mender = "host"
    sentence = _(
        "YouTube is refusing requests from this server's address for now. "
        "Try again later, or ask the host to set YOUTUBE_PROXY_URL."
    )


class YouTubeFailed(TranscriptError):
    code = "youtube_failed"
    retryable = True
    sentence = _("YouTube did not give a usable answer. Try again.")


class YouTubeUnreadable(YouTubeFailed):
    sentence = _("YouTube's answer could not be read. Try again.")


class ListUnavailable(TranscriptError):
    code = "list_unavailable"
    sentence = _("This playlist or channel does not exist, or only its owner can see it. Check the link on YouTube.")


class ListEmpty(TranscriptError):
    code = "list_empty"
    sentence = _("There are no videos in this playlist or channel.")


class EngineError(SummarizerError):
    code = "engine_error"


class RateLimited(EngineError):
    code = "rate_limited"
    retryable = True
    sentence = _("The provider asks us to slow down.")


class ProviderFailed(EngineError):
    code = "provider_failed"
    retryable = True
    sentence = _("The provider did not give a usable answer. Try again.")


class KeyRefused(EngineError):
    code = "key_refused"
    stops_batch = True
    retryable = True
    mender = "host"


class NotPermitted(EngineError):
    """The provider knows the key and does not serve it: its rights, its project, or the country of this server."""

    code = "not_permitted"
    stops_batch = True
    retryable = True
    mender = "host"


class QuotaUsedUp(EngineError):
    code = "quota_used_up"
    stops_batch = True
    retryable = True
    mender = "host"


class BudgetUsedUp(EngineError):
    """Our own limit, not the provider's: nothing was asked, and nothing was paid."""

    code = "budget_used_up"
    retryable = True
    mender = "host"
    sentence = _("This month's budget is used up.")


class UnknownModel(EngineError):
    code = "unknown_model"
    stops_batch = True
    retryable = True
    mender = "you"


class ProviderUnreachable(EngineError):
    code = "provider_unreachable"
    stops_batch = True
    retryable = True
    mender = "host"


class ContextOverflow(EngineError):
    code = "context_overflow"
    mender = "you"
    sentence = _("This video is too long for the model. Choose a model with a larger window.")


class OutputTruncated(EngineError):
    code = "output_truncated"
    retryable = True
    mender = "you"
    sentence = _("The model's answer was cut off by its own limit, twice. Choose a shorter length or another model.")


class OutputInvalid(EngineError):
    code = "output_invalid"
    retryable = True
    mender = "you"
    sentence = _("The model did not answer in the form it was asked for, twice. Choose another model.")


class Refused(EngineError):
    code = "refused"
    mender = "you"
    sentence = _("The model declined to summarize this video. Another model may do it.")


class NotGrounded(EngineError):
    code = "not_grounded"
    retryable = True
    mender = "you"
    sentence = _(
        "Nothing in the model's answer could be found in the video, so it was thrown away. Choose another model."
    )


class StorageFailed(SummarizerError):
    code = "storage_failed"
    retryable = True
    mender = "host"
    sentence = _(
        "The database of this program could not be read or written. Try again; "
        "if it stays so, ask the host whether it is running and its disk has space."
    )


class TookTooLong(SummarizerError):
    code = "took_too_long"
    retryable = True
    mender = "host"
    sentence = _(
        "This video took longer than ITEM_DEADLINE_SECONDS allows, twice. "
        "Choose a faster model or a shorter length, or ask the host for more time."
    )


class WorkerLost(SummarizerError):
    code = "worker_lost"
    retryable = True
    mender = "host"
    sentence = _(
        "The program that worked on this video ended in the middle, several times. Ask the host to look at its log."
    )
    resting = _("The program that worked on this ended in the middle. It is tried again by itself.")


class Internal(SummarizerError):
    code = "internal"
    retryable = True
    mender = "host"
    sentence = _("Something unexpected went wrong with this video. Try again; the host finds the cause in the log.")


class Stopped(SummarizerError):
    code = "stopped"
    sentence = _("The work on this video was stopped.")
