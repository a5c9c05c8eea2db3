"""What the product is held against: an asyncio script that does a batch with the same SDK, and keeps nothing.

Per video three requests to YouTube, one to the model with the product's prompt, and a look whether its answer fits.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Sequence
from urllib.parse import urlsplit
from xml.etree import ElementTree

import anthropic
import httpx

from summarizer.draft import Draft
from summarizer.engines import prompts
from summarizer.engines.select import EngineConfig, resolve
from summarizer.records import Cue, SummaryRequest
from summarizer.segments import segment

_KEY = re.compile(r'"INNERTUBE_API_KEY":\s*"([^"]+)"')


async def summarize_all(links: Sequence[str], youtube: str, claude: anthropic.AsyncAnthropic, at_once: int) -> float:
    """Seconds that it takes. Raises if a video has no summary."""
    turn = asyncio.Semaphore(at_once)
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(base_url=youtube, timeout=30, limits=limits) as web:

        async def one(link: str) -> Draft:
            async with turn:
                return await _ask(claude, await _fetch(web, link.rpartition("=")[2]))

        began = time.perf_counter()
        drafts = await asyncio.gather(*map(one, links))
        took = time.perf_counter() - began
    assert all(draft.key_points for draft in drafts)
    return took


async def _fetch(web: httpx.AsyncClient, video_id: str) -> list[Cue]:
    page = (await web.get("/watch", params={"v": video_id})).raise_for_status().text
    found = _KEY.search(page)
    assert found
    body = {"context": {"client": {"clientName": "ANDROID", "clientVersion": "20.10.38"}}, "videoId": video_id}
    player = (await web.post("/youtubei/v1/player", params={"key": found[1]}, json=body)).raise_for_status().json()
    track = player["captions"]["playerCaptionsTracklistRenderer"]["captionTracks"][0]["baseUrl"]
    address = urlsplit(track.replace("&fmt=srv3", ""))
    captions = (await web.get(f"{address.path}?{address.query}")).raise_for_status().text
    return [
        Cue(float(text.attrib["start"]), float(text.attrib["dur"]), html.unescape(text.text or ""))
        for text in ElementTree.fromstring(captions)
    ]


async def _ask(claude: anthropic.AsyncAnthropic, cues: list[Cue]) -> Draft:
    prompt = prompts.summarize(segment(tuple(cues)), SummaryRequest())
    pieces = []
    stream = await claude.messages.create(
        model=model_name(),
        max_tokens=12_000,
        system=prompt.system,
        messages=[{"role": "user", "content": f"{prompt.source}\n\n{prompt.task}"}],
        stream=True,
    )
    async with stream:
        async for event in stream:
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                pieces.append(event.delta.text)
    return Draft.model_validate(json.loads("".join(pieces)))


def model_name() -> str:
    """The model that the product would use."""
    return resolve("anthropic", EngineConfig(anthropic_key="benchmark")).partition(":")[2]
