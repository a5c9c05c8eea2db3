"""One address in, what it names out: a video, a playlist, a channel, or a sentence saying why it is none of them.

The hosts are a closed table, so that whatever merely looks like YouTube is refused. Nothing is ever asked of a host.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, unquote

from summarizer.marks import gettext_noop as _

Kind = Literal["video", "playlist", "channel", "rejected"]

VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
LIST_ID = re.compile(r"(?:PL|LL|EC|UU|FL|RD|UL|TL|PU|OLAK5uy_)[A-Za-z0-9_-]{10,60}|RDMM|WL|LL|LM")
CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}|HC[A-Za-z0-9_-]{11}")
HANDLE = re.compile(r"@[\w.·-]{3,30}")
_LINKED_LIST_ID = re.compile(r"[A-Za-z0-9_.-]{12,64}")
_PRIVATE_LISTS = {"WL", "LL", "LM", "RDMM"}
_MIX = re.compile(r"RD(?!CLAK)|UL")  # RDCLAK… are lists that people at YouTube Music make
_TABS = {"videos", "shorts", "streams", "playlists", "podcasts", "releases", "courses"}
_CUSTOM_NAME = re.compile(r"[\w.·-]{1,100}")
_USER_NAME = re.compile(r"[A-Za-z0-9]{1,60}")
_LEGACY_FRAGMENT = re.compile(r"[pg]/(?:[a-z]/)?[a-z]/\d+/([A-Za-z0-9_-]{11})(?:[?&/].*)?")
_ID_ENDS = re.compile(r"[^!-~]|[?&/#\\]")

_LONGEST_LINK = 8192
_DEEPEST = 4  # forwarding links within forwarding links
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20})://+|(https?|vnd\.youtube):[/\\]*", re.IGNORECASE)
_ENCODED_SCHEME = re.compile(r"https?%(?:25){0,3}3a", re.IGNORECASE)
_PORT = re.compile(r":\d{1,5}$")
_END_OF_AUTHORITY = re.compile(r"[/?#\\]")
_RELATIVE = re.compile(r"/?(?:watch\?|(?:shorts|embed)/[\w-]{11}(?![\w-])|playlist\?list=|attribution_link\?)")
_PART = re.compile(r"[/?&]*(?:v|list)=[\w-]{11,}|.*youtu(?:be\.com|\.be)/", re.IGNORECASE | re.DOTALL)
_FILE_ENDINGS = {"css", "csv", "gif", "html", "jpg", "js", "json", "md", "pdf", "php", "png", "py", "srt", "ts"}
_FILE_ENDINGS |= {"txt", "vtt", "xml"}

# Not Google's, but they only ever forwarded to YouTube, by the same paths and the same ids.
_FORWARDERS = {"invidio.us", "www.invidio.us", "redirect.invidious.io"}
_SHORT = {"youtu.be", "www.youtu.be", "y2u.be"}
_THUMBNAILS = {"img.youtube.com", "i.ytimg.com", *(f"i{n}.ytimg.com" for n in range(1, 10))}
_CONSENT = {"consent.youtube.com", "consent.google.com", "accounts.google.com"}
_GOOGLE = re.compile(r"(?:www\.)?google\.(?:com|[a-z]{2}|com?\.[a-z]{2})")
# They lead to wherever their links say, and to nothing of their own: host -> the parameter that says it.
_FORWARDING = {
    "l.facebook.com": "u",
    "lm.facebook.com": "u",
    "l.instagram.com": "u",
    "www.linkedin.com": "url",
    "duckduckgo.com": "uddg",
    "out.reddit.com": "url",
    "slack-redir.net": "url",
    "vk.com": "to",
}
_SAFELINKS = ".safelinks.protection.outlook.com"
_URLDEFENSE = "urldefense.proofpoint.com"
_KNOWN = {
    *("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "gaming.youtube.com"),
    *("studio.youtube.com", "youtubekids.com", "www.youtubekids.com", "youtube.googleapis.com"),
    *("youtube-nocookie.com", "www.youtube-nocookie.com", "youtubeeducation.com", "www.youtubeeducation.com"),
    *(_SHORT | _THUMBNAILS | _CONSENT | _FORWARDERS),
}


class Answer(NamedTuple):
    """What an address names. `id` is "" when rejected; `reason` is a sentence, "" for what can be taken.

    `within` is the playlist that a video's link names, too; `tab` the one of a channel's tabs that its link opens.
    """

    kind: Kind
    id: str
    reason: str = ""
    within: str = ""
    tab: str = ""


def link(written: str) -> Answer | None:
    """What `written` leads to; None when it is no link at all."""
    address = _address(written[:_LONGEST_LINK])
    if address is None:
        return None
    if len(written) > _LONGEST_LINK:
        sentence = _("This link has {number} characters. No YouTube link is that long. Copy it again.")
        return rejected(sentence.format(number=f"{len(written):,}"))
    return _read(*address, depth=0)


# From what was written to a scheme and the rest of the address.


def _address(piece: str) -> tuple[str, str] | None:
    """Scheme and what follows it, when `piece` is a link or ends in one: "URL=https://…", "Link:youtu.be/…"."""
    if found := _absolute(piece):
        return found
    if _RELATIVE.match(piece):
        return "https", "www.youtube.com/" + piece.lstrip("/")
    if (slashes := piece.find("://")) > 0:
        return _absolute(piece[len(piece[:slashes].rstrip(ascii_letters)) :])
    if encoded := _ENCODED_SCHEME.search(piece):
        return _absolute(piece[encoded.start() :])
    head = _authority(piece)
    label_ends = max(head.rfind("="), _PORT.sub("", head).rfind(":")) + 1
    if label_ends and (found := _absolute(piece[label_ends:])):
        return found
    return ("part", piece) if _PART.match(piece) else None


def _absolute(piece: str) -> tuple[str, str] | None:
    if match := _SCHEME.match(piece):
        rest = piece[match.end() :]
        return ((match[1] or match[2]).lower(), rest) if _authority(rest) else None
    if _ENCODED_SCHEME.match(piece):
        for _pass in range(_DEEPEST):
            piece = unquote(piece)
        return _absolute(piece) if "://" in piece else None
    bare = piece.removeprefix("//")
    return ("https", bare) if _starts_with_host(bare) else None


def _authority(rest: str) -> str:
    return _END_OF_AUTHORITY.split(rest, maxsplit=1)[0]


def _starts_with_host(piece: str) -> bool:
    """Without a scheme only what has a path, or a name like YouTube's, is a link; "Node.js" and e-mails are prose."""
    head = _authority(piece).lower()
    if "@" in head:
        return head.partition("@")[0] in _KNOWN
    labels = _PORT.sub("", head).rstrip(".").split(".")
    if len(labels) < 2 or not all(label.replace("-", "").isalnum() for label in labels):
        return False
    if "youtube.com" in head or "youtu.be" in head or labels[0] == "www":
        return True
    top = labels[-1]
    is_name = top.startswith("xn--") or (len(top) > 1 and top.isalpha() and top not in _FILE_ENDINGS)
    return is_name and piece[len(head) : len(head) + 1] == "/"


# From the address to what it names.


@dataclass(frozen=True, slots=True)
class _Url:
    host: str
    segments: tuple[str, ...]
    query: dict[str, list[str]]
    fragment: str
    depth: int

    def value(self, *keys: str) -> str:
        """The first value of the first of `keys` that has one (parse_qs drops the empty ones), or ""."""
        return next((self.query[key][0] for key in keys if key in self.query), "")

    def segment(self, index: int) -> str:
        return self.segments[index] if index < len(self.segments) else ""


def _read(scheme: str, rest: str, depth: int) -> Answer:
    if scheme == "part":
        return _about(_("“{text}” is only a part of a link. Paste the whole link."), rest)
    if scheme in ("vnd.youtube", "youtube"):
        if VIDEO_ID.fullmatch(rest):
            return video(rest)
    elif scheme not in ("http", "https"):
        return _about(_("“{text}” links cannot be read. Paste a link that starts with https://."), scheme + ":")
    authority = _authority(rest)
    tail = rest[len(authority) :]
    # Browsers and programs disagree on what "@" and "\" do to a host, so such a link is a trap or a slip.
    if "@" in authority or tail.startswith("\\"):
        return _about(_("“{text}” hides where it leads. Copy the link from YouTube."), authority)
    return _read_tail(authority.lower().removesuffix(":443").removesuffix(":80").removesuffix("."), tail, depth)


def _read_tail(host: str, tail: str, depth: int) -> Answer:
    google = _GOOGLE.fullmatch(host) and tail.startswith("/url?")
    if not google and host not in _KNOWN:
        return _through(host, tail, depth) or _foreign(host)
    url = _split(host, tail, depth)
    if google:
        answer = _forwarded(url, "url", "q")
    elif host in _CONSENT:
        answer = _forwarded(url, "continue")
    else:
        answer = _on_youtube(url)
    if answer.kind == "rejected" and "%" in tail and depth < _DEEPEST:
        again = _read_tail(host, unquote(tail), _DEEPEST)
        return answer if again.kind == "rejected" else again
    return answer


def _through(host: str, tail: str, depth: int) -> Answer | None:
    """Where a link of a mail program or a social network leads, if that is YouTube."""
    key = "url" if host.endswith(_SAFELINKS) else "u" if host == _URLDEFENSE else _FORWARDING.get(host)
    target = _split(host, tail, depth).value(key) if key else ""
    if host == _URLDEFENSE:
        target = unquote(target.replace("_", "/").replace("-", "%"))
    address = _absolute(target) if target and depth < _DEEPEST else None
    answer = _read(*address, depth=depth + 1) if address else None
    return None if answer is None or answer.kind == "rejected" else answer


def _split(host: str, tail: str, depth: int) -> _Url:
    location, _, fragment = tail.partition("#")
    if "?" not in location:
        location = location.replace("&", "?", 1)
    path, _, query = location.partition("?")
    segments = tuple(unquote(segment) for segment in path.split("/") if segment)
    return _Url(host, segments, parse_qs(query), fragment.removeprefix("!"), depth)


def _on_youtube(url: _Url) -> Answer:
    if url.fragment.startswith("/") and url.depth < _DEEPEST:
        return _read_tail(url.host, url.fragment, url.depth + 1)
    if legacy := _LEGACY_FRAGMENT.fullmatch(url.fragment):
        return video(legacy[1])
    answer = _on_page(url)
    if answer.kind == "video":
        return answer._replace(within=_expandable(url.value("list")))
    if answer.kind == "channel":
        return answer._replace(tab=next((name for name in map(str.lower, url.segments) if name in _TABS), ""))
    return answer


def _on_page(url: _Url) -> Answer:
    first = url.segment(0)
    if first.startswith("@"):
        return _named_channel(first, first, HANDLE)
    if reader := _PAGES.get(first.lower()):
        return reader(url)
    return _video_id(first) if url.host in _SHORT else _page(first)


def _watch(url: _Url) -> Answer:
    if wanted := url.value("v", "vi") or url.segment(1):
        return _video_id(wanted)
    if wanted := url.value("list"):
        return _linked_playlist(wanted)
    return _video_id("")


def _home(url: _Url) -> Answer:
    if wanted := url.value("v", "vi"):
        return _video_id(wanted)
    return rejected(_("This is the address of YouTube, not of a video. Paste the link of a video."))


def _embed(url: _Url) -> Answer:
    which = url.segment(1)
    if which == "live_stream":
        return _named_channel(url.value("channel"), url.value("channel"), CHANNEL_ID)
    if which in ("", "videoseries") and url.value("list"):
        return _linked_playlist(url.value("list"))
    return _video_id(which)


def _second_segment(url: _Url) -> Answer:
    return _video_id(url.segment(1))


def _several(url: _Url) -> Answer:
    """The first of `video_ids`; `youtube_urls` makes links of the others."""
    return _video_id(url.value("video_ids"))


def _list_page(url: _Url) -> Answer:
    return _linked_playlist(url.value("list"))


def _channel_page(url: _Url) -> Answer:
    return _named_channel(url.segment(1), url.segment(1), CHANNEL_ID)


def _custom_page(url: _Url) -> Answer:
    return _named_channel(url.segment(1), f"c/{url.segment(1)}", _CUSTOM_NAME)


def _user_page(url: _Url) -> Answer:
    return _named_channel(url.segment(1), f"user/{url.segment(1)}", _USER_NAME)


def _clip(url: _Url) -> Answer:
    return rejected(_("A clip does not say which video it is from. Open it on YouTube and copy the link of the video."))


def _redirect(url: _Url) -> Answer:
    return _forwarded(url, "u", "q", "next", "url")


_PAGES: dict[str, Callable[[_Url], Answer]] = {
    "": _home,
    **dict.fromkeys(("watch", "watch_popup", "details", "ytscreeningroom"), _watch),
    **dict.fromkeys(("shorts", "live", "v", "vi", "e", "w", "video", "vi_webp", "an_webp"), _second_segment),
    "embed": _embed,
    "playlist": _list_page,
    "watch_videos": _several,
    "channel": _channel_page,
    "c": _custom_page,
    "user": _user_page,
    "clip": _clip,
    **dict.fromkeys(("attribution_link", "redirect", "signin", "oembed"), _redirect),
}


def _forwarded(url: _Url, *keys: str) -> Answer:
    """Where a forwarding link leads, as far as it says so itself."""
    target = url.value(*keys)
    if target.startswith("/") and not target.startswith("//"):
        target = "https://www.youtube.com" + target
    address = _absolute(target) if url.depth < _DEEPEST else None
    if address is None:
        return rejected(
            _("This link forwards to a page that it does not name. Open it and copy the link of the video.")
        )
    return _read(*address, depth=url.depth + 1)


# The answers.


def video(id: str) -> Answer:
    return Answer("video", id)


def playlist(id: str) -> Answer:
    if id in _PRIVATE_LISTS:
        return Answer("playlist", id, _("Only its owner can see this list. Paste the links of its videos."))
    if _MIX.match(id):
        return Answer("playlist", id, _("A mix is endless, and another for everybody. Paste the links of its videos."))
    return Answer("playlist", id)


def channel(id: str) -> Answer:
    return Answer("channel", id)


def _expandable(list_id: str) -> str:
    """`list_id` if it names a playlist that can be read, else ""."""
    known = LIST_ID.fullmatch(list_id) or _LINKED_LIST_ID.fullmatch(list_id)
    return list_id if known and not playlist(list_id).reason else ""


def rejected(reason: str) -> Answer:
    return Answer("rejected", "", reason)


def wrong_video(wanted: str) -> Answer:
    letters = _("“{text}” is not a YouTube video id: an id has only letters, digits, “-” and “_”. Copy the link again.")
    length = _("“{text}” is not a YouTube video id: an id has 11 characters. Copy the link again.")
    return _about(letters if len(wanted) == 11 else length, wanted)


def _video_id(wanted: str) -> Answer:
    """`wanted` up to whatever was glued to it: a second "?", a slash, a word in another alphabet."""
    if not wanted:
        return rejected(_("This YouTube link names no video. Copy the link again."))
    id = _ID_ENDS.split(wanted.strip(), maxsplit=1)[0]
    return video(id) if VIDEO_ID.fullmatch(id) else wrong_video(wanted)


def _linked_playlist(wanted: str) -> Answer:
    if LIST_ID.fullmatch(wanted) or _LINKED_LIST_ID.fullmatch(wanted):
        return playlist(wanted)
    if not wanted:
        return rejected(_("This YouTube link names no playlist. Copy the link again."))
    return _about(_("“{text}” is not a YouTube playlist id. Copy the link again."), wanted)


def _named_channel(name: str, id: str, pattern: re.Pattern[str]) -> Answer:
    if pattern.fullmatch(name):
        return channel(id)
    return _about(_("“{text}” is not the name of a YouTube channel. Copy the link again."), name)


def _page(first: str) -> Answer:
    return _about(_("“{text}” is a page on YouTube, not a video. Paste the links of the videos on it."), "/" + first)


def _foreign(host: str) -> Answer:
    if not host.isascii() or "xn--" in host:
        return _about(
            _("“{text}” is not YouTube: it has letters that YouTube's name does not. Copy the link again."), host
        )
    if host.endswith(".youtube.com"):
        return _about(_("“{text}” is not where YouTube shows its videos. Paste the link of a video."), host)
    if "youtu" in host:
        return _about(_("“{text}” only looks like YouTube. Copy the link from YouTube."), host)
    return _about(_("“{text}” is not YouTube. Paste the link that the video has on YouTube."), host)


def _about(sentence: str, text: str) -> Answer:
    """Rejected with this sentence about `text`, of which it quotes what it can bear: short and printable."""
    plain = "".join(letter for letter in text[:40] if letter.isprintable())
    return rejected(sentence.format(text=f"{plain}…" if len(text) > 40 else plain))
