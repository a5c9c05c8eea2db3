"""The words of the pages that stand for something stored or counted, ready to be translated. No logic.

What is stored as a sentence (why a video failed, what a gate waits for) is in `sentences`.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

CAUSES: dict[str, Promise] = {
    "video_unavailable": _("The video does not exist any more"),
    "video_private": _("The video is private"),
    "members_only": _("The video is for channel members only"),
    "premium_only": _("The video is for paying viewers only"),
    "geo_blocked": _("YouTube does not show the video in this country"),
    "not_started": _("The video has not been broadcast yet"),
    "unplayable": _("YouTube does not let the video be played"),
    "age_restricted": _("The video is for signed-in adults only"),
    "transcripts_disabled": _("Captions are switched off"),
    "no_transcript": _("The video has no captions"),
    "only_automatic": _("The video has automatic captions only"),
    "empty_transcript": _("The captions have no words"),
    "invalid_caption_file": _("The file holds no captions"),
    "po_token_required": _("YouTube asks for a proof of origin"),
    "youtube_blocked": _("YouTube refuses this server for now"),
    "youtube_failed": _("YouTube gave no usable answer"),
    "list_unavailable": _("The list does not exist or is private"),
    "list_empty": _("The list has no videos"),
    "rate_limited": _("The provider asked to slow down"),
    "provider_failed": _("The provider gave no usable answer"),
    "key_refused": _("The provider refused the key"),
    "not_permitted": _("The provider does not let the key do this"),
    "engine_error": _("The provider did not accept the request"),
    "quota_used_up": _("The provider's quota is used up"),
    "budget_used_up": _("The budget is used up"),
    "unknown_model": _("The provider does not know the model"),
    "provider_unreachable": _("The provider cannot be reached"),
    "context_overflow": _("The video is too long for the model"),
    "output_truncated": _("The answer was cut off"),
    "output_invalid": _("The answer was not in the form asked for"),
    "refused": _("The model declined"),
    "not_grounded": _("The answer could not be found in the video"),
    "storage_failed": _("The database could not be written"),
    "took_too_long": _("It took longer than a video may"),
    "worker_lost": _("The worker vanished, too often"),
    "internal": _("A defect in this program"),
}
STATUSES: dict[str, Promise] = {
    "pending": _("Waiting"),
    "processing": _("Running"),
    "completed": _("Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
LIST_STATUSES: dict[str, Promise] = STATUSES | {"processing": _("Reading"), "completed": _("Read")}
STAGES: dict[str, Promise] = {
    "starting": _("Starting …"),
    "transcript": _("Getting captions …"),
    "summarizing": _("Summarizing …"),
    "checking": _("Checking citations …"),
    "saving": _("Saving …"),
}
LENGTHS: dict[str, Promise] = {"brief": _("brief"), "standard": _("standard"), "detailed": _("detailed")}
CAPTION_KINDS: dict[str, Promise] = {
    "manual": _("Written captions"),
    "generated": _("Automatic captions"),
    "uploaded": _("Uploaded captions"),
}
NOUNS: dict[str, Promise] = {
    "active batch": ngettext_lazy("{count} active batch", "{count} active batches"),
    "answer": ngettext_lazy("{count} answer", "{count} answers"),
    "batch": ngettext_lazy("{count} batch", "{count} batches"),
    "call": ngettext_lazy("{count} call", "{count} calls"),
    "channel": ngettext_lazy("{count} channel", "{count} channels"),
    "duplicate": ngettext_lazy("{count} duplicate", "{count} duplicates"),
    "duplicate link": ngettext_lazy("{count} duplicate link", "{count} duplicate links"),
    "fetch": ngettext_lazy("{count} fetch", "{count} fetches"),
    "gate": ngettext_lazy("{count} gate", "{count} gates"),
    "line": ngettext_lazy("{count} line", "{count} lines"),
    "link that cannot be taken": ngettext_lazy(
        "{count} link that cannot be taken", "{count} links that cannot be taken"
    ),
    "message": ngettext_lazy("{count} message", "{count} messages"),
    "more line": ngettext_lazy("{count} more line", "{count} more lines"),
    "other browser": ngettext_lazy("{count} other browser", "{count} other browsers"),
    "playlist": ngettext_lazy("{count} playlist", "{count} playlists"),
    "playlist or channel": ngettext_lazy("{count} playlist or channel", "{count} playlists and channels"),
    "point": ngettext_lazy("{count} point", "{count} points"),
    "quote": ngettext_lazy("{count} quote", "{count} quotes"),
    "summary": ngettext_lazy("{count} summary", "{count} summaries"),
    "time": ngettext_lazy("{count} time", "{count} times"),
    "video": ngettext_lazy("{count} video", "{count} videos"),
}

# What the script of a batch's page says by itself. {…} is filled in by the script.
LIVE: dict[str, Promise] = {
    "live": _("Live"),
    "polling": _("Polling every 2 s"),
    "offline": _("Offline"),
    "gone": _("This batch was deleted"),
    "logged-out": _("Logged out. Reload to log in"),
    "connecting": _("Connecting …"),
    "reconnecting": _("Reconnecting in {seconds} s"),
    "stopped": _("Stopped"),
    "completed": _("Finished"),
    "cancelled": _("Cancelled"),
    "now": _("Now: {stage} {title}"),
    "again": _("Again {when}."),
    "in_seconds": _("in {number} s"),
    "in_minutes": _("in {number} min"),
    "in_hours": _("in {number} h"),
    "granted": _("You will be told"),
    "denied": _("Your browser does not allow it"),
    "default": _("You were not asked, or did not answer"),
    "ended": _("The batch has ended."),
    "progress": _("{ended} of {total} finished, {failed} failed."),
    "soon": _("less than a minute left"),
    "minute": _("about a minute left"),
    "minutes": _("about {number} minutes left"),
    "hour": _("about an hour left"),
    "hours": _("about {number} hours left"),
}
