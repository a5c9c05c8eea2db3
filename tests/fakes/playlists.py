"""Playlists and channels of the stand-in for YouTube, as its pages write them. What a list holds follows from its id.

`PLfake0312abc` is a playlist of 312 videos, `abc00000000` to `abc00000311`; the list goes on in steps of a hundred.
`@fake0250abc` is a channel of 250, thirty a step, the newest first; its n-th video is n days old. Other beginnings:

    PLgone  does not exist    PLpriv  private    PLnone  without videos    @gone  a channel that does not exist
    PLflak  HTTP 503 for the first request, then works  PLhalf  HTTP 503 for every step but the first
    PLblok  HTTP 429          PLslow  one second of delay for each request
    @strm   a channel that has a tab of broadcasts, and none of videos
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

_PLAYLIST = re.compile(r"PL(?:fake|gone|priv|none|flak|half|blok|slow)(\d{4})([A-Za-z0-9]{3})\w*")
_CHANNEL = re.compile(r"@(?:fake|gone|strm)(\d{4})([A-Za-z0-9]{3})\w*")
_REFUSED = {
    "PLgone": "The playlist does not exist.",
    "PLpriv": "This playlist is private.",
    "@gone": "This channel does not exist.",
}


def list_of(path: str, body: dict[str, Any]) -> str:
    """The id of the list that a request is about: "PL…", "@…"; "" if it is about none."""
    address = urlsplit(path)
    if address.path == "/playlist":
        return parse_qs(address.query).get("list", [""])[0]
    if address.path.startswith("/@"):
        return address.path.split("/")[1]
    return str(body.get("continuation", "")).rpartition(":")[0]


def videos(list_id: str) -> list[str]:
    """The ids of all its videos, in order."""
    found = _PLAYLIST.fullmatch(list_id) or _CHANNEL.fullmatch(list_id)
    count = 0 if found is None or list_id.startswith("PLnone") else int(found[1])
    return [f"{found[2]}{number:08d}" for number in range(count)] if found else []


def refusal(list_id: str, tries: int, body: dict[str, Any]) -> int:
    """The HTTP status of the `tries`-th request for this list; 0 for a normal answer."""
    if list_id.startswith("PLblok"):
        return 429
    flaky = list_id.startswith("PLflak") and tries == 1
    return 503 if flaky or (list_id.startswith("PLhalf") and "continuation" in body) else 0


def page(list_id: str) -> str:
    """The HTML of the list's page, with its first step."""
    for beginning, sentence in _REFUSED.items():
        if list_id.startswith(beginning):
            data: dict[str, Any] = {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": sentence}}}]}
            break
    else:
        data = {"contents": {"twoColumnBrowseResultsRenderer": {"tabs": [_tab(list_id)]}}, "metadata": {}}
    return f"<!DOCTYPE html><html><script>var ytInitialData = {json.dumps(data)};</script></html>"


def more(continuation: str) -> dict[str, Any]:
    """The answer to a request for the next step."""
    list_id, _, start = continuation.rpartition(":")
    action = {"appendContinuationItemsAction": {"continuationItems": _step(list_id, int(start))}}
    return {"onResponseReceivedActions": [action]}


def _tab(list_id: str) -> dict[str, Any]:
    step = _step(list_id, 0)
    if list_id.startswith("@"):
        tab = "streams" if list_id.startswith("@strm") else "videos"
        content: dict[str, Any] = {"richGridRenderer": {"contents": step}}
        url = f"/{list_id}/{tab}"
        endpoint = {"commandMetadata": {"webCommandMetadata": {"url": url}}}
        return {"tabRenderer": {"selected": True, "title": tab.title(), "endpoint": endpoint, "content": content}}
    listing = {"playlistVideoListRenderer": {"contents": step, "playlistId": list_id}}
    section = {"itemSectionRenderer": {"contents": [listing]}}
    return {"tabRenderer": {"selected": True, "content": {"sectionListRenderer": {"contents": [section]}}}}


def _step(list_id: str, start: int) -> list[dict[str, Any]]:
    ids, size = videos(list_id), 30 if list_id.startswith("@") else 100
    step = [_entry(list_id, number, ids[number]) for number in range(start, min(start + size, len(ids)))]
    if start + size < len(ids):
        command = {"token": f"{list_id}:{start + size}", "request": "CONTINUATION_REQUEST_TYPE_BROWSE"}
        step.append({"continuationItemRenderer": {"continuationEndpoint": {"continuationCommand": command}}})
    return step


def _entry(list_id: str, number: int, video_id: str) -> dict[str, Any]:
    video = {"videoId": video_id, "title": {"runs": [{"text": f"Listed video {number}"}]}, "lengthSeconds": "600"}
    if not list_id.startswith("@"):
        return {"playlistVideoRenderer": video | {"shortBylineText": {"runs": [{"text": "Fake Channel"}]}}}
    age = {"publishedTimeText": {"simpleText": f"{number} days ago"}}
    return {"richItemRenderer": {"content": {"videoRenderer": video | age}}}
