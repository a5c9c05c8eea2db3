"""The faults that ../shared/replay/replay_youtube.py injects, and what each leads to at the three stages of a fetch."""

from __future__ import annotations

TIMEOUT = 1.0
BLOCKED, FAILED, EMPTY, FINE = "youtube_blocked", "youtube_failed", "empty_transcript", ""
FAULTS = {  # kind: what it leads to at the stages watch, player, timedtext
    "429": (BLOCKED, BLOCKED, BLOCKED),
    "403": (FAILED, FAILED, FAILED),
    "404": (FAILED, FAILED, FAILED),
    "500": (FAILED, FAILED, FAILED),
    "502": (FAILED, FAILED, FAILED),
    "503": (FAILED, FAILED, FAILED),
    "cap": (BLOCKED, BLOCKED, BLOCKED),
    "csn": (FINE, FAILED, FAILED),
    "mal": (FAILED, FAILED, FAILED),
    "ent": (FAILED, FAILED, FAILED),
    "emp": (FAILED, FAILED, FAILED),
    "nil": (FAILED, FAILED, EMPTY),
    "htm": (BLOCKED, BLOCKED, BLOCKED),  # “unusual traffic”
    "trn": (FAILED, FAILED, FAILED),
    "rst": (FAILED, FAILED, FAILED),
    "hng": (FAILED, FAILED, FAILED),
    "slo": (FAILED, FAILED, FAILED),
    "sl5": (FAILED, FAILED, FAILED),
    "nky": (FAILED, FAILED, FAILED),
    "npl": (FAILED, FAILED, FAILED),
    "nam": (FINE, FAILED, FINE),
}
NEVER_ENDING = ("hng", "slo", "sl5")
STAGES = "wpt"
# What youtube-transcript-api cannot read and yt-dlp can.
MENDED = {("mal", "w"), ("ent", "w"), ("nil", "w"), ("nky", "w"), ("npl", "w"), ("nam", "p")}


def all_faults(mended: bool = False) -> list[tuple[str, str]]:
    """(video id, error code or FINE) of each fault at each stage, for one source or, `mended`, for all of them."""
    return [
        (f"F{stage}{kind}00xxxx", FINE if mended and (kind, stage) in MENDED else code)
        for kind, codes in FAULTS.items()
        for stage, code in zip(STAGES, codes, strict=True)
    ]


def timeout_for(video_id: str) -> float:
    """Seconds for one answer: few where there will be none."""
    return TIMEOUT if video_id[2:5] in NEVER_ENDING else 10
