"""Any text, however long or hostile: `parse` raises nothing, loses nothing, and takes linear time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.youtube_urls import parse
from tests.summarizer.test_youtube_urls import CHANNEL, FORMS, ID, LIST, WRAPPINGS

pytestmark = pytest.mark.thorough

SHAPES = {
    "video": re.compile(r"[A-Za-z0-9_-]{11}"),
    "playlist": re.compile(r"[A-Za-z0-9_.-]{12,64}|WL|LL|LM|RDMM"),
    "channel": re.compile(r"(UC|HC)[A-Za-z0-9_-]+|@[\w.·-]{3,30}|(c|user)/[\w.·-]+"),
    "rejected": re.compile(r""),
}
PIECES = (
    *("https://", "www.youtube.com", "youtu.be/", "watch?v=", "list=", ID, LIST, CHANNEL, "@handle", "/c/", "/user/"),
    *("/shorts/", "%2F", "%3A", "%00", "&amp;", "&#10;", "&#0;", "\u200b", "\ud800", "Ω", "vnd.youtube:", "#p/u/1/"),
    *("google.com/url?q=", "consent.youtube.com/m?continue=", "attribution_link?u="),
    *"?&=#/:@%.,;|\\ \t\n\r()[]<>\"'…",
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(st.characters()), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)))
def test_no_text_raises_and_every_answer_is_well_formed(text: str) -> None:
    lines = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    last = 1
    for link in parse(text):
        assert last <= link.line <= lines
        last = link.line
        assert SHAPES[link.kind].fullmatch(link.id)
        assert bool(link.reason) == (link.kind != "video" and not link.is_list)
        assert not link.within or link.kind == "video"
        assert not link.tab or link.kind == "channel"
        assert 0 < len(link.text) <= 200
        assert link.text == link.text.strip()
        assert (link.text + link.reason).encode()
        assert "\x00" not in link.text + link.reason


PROSE = st.lists(st.sampled_from(["some", "words", "Überall", "12", "(yes)", "—", "a/b", "e.g.", "#"]), max_size=5).map(
    " ".join
)
IDS = st.text("abcxyzABCXYZ0189_-", min_size=11, max_size=11)
WITH_SCHEME = [form for form in FORMS if form.startswith("https://")]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(PROSE.map(" ".join), st.sampled_from(WITH_SCHEME), IDS, st.sampled_from(WRAPPINGS)), max_size=8)
)
def test_each_link_of_a_page_is_found_in_its_line(page: list[tuple[str, str, str, str]]) -> None:
    text = "".join(f"{prose}\n{wrapping.format(form.format(id=id))}\n" for prose, form, id, wrapping in page)
    expected = [(2 * number, id) for number, (_, _, id, _) in enumerate(page, 1)]
    assert [(link.line, link.id) for link in parse(text)] == expected


# Time grows with the length and with nothing else. CPU time, so that a busy machine does not matter.
HOSTILE = (
    *("a", "A-", "-", "_", ".", "a:", "v=a&", "%25", "&amp;", "[](", "\\/", ", x", "1. ", "\u200b", "\n", f"{ID} "),
    *(f"{ID},x y,", "https://", "_https://", "x=https://", "https%3A", "youtube.com.", "https://www.google.com/url?q="),
)


def cost(text: str) -> float:
    def once() -> float:
        start = time.process_time()
        parse(text)
        return time.process_time() - start

    return min(once() for _ in range(5))  # the least is what the text costs; the rest is the machine's other work


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear_in_hostile_text(unit: str) -> None:
    small, large = (cost(unit * (size // len(unit))) for size in (40_000, 320_000))
    assert large < 24 * max(small, 0.003), "eight times the text may cost eight times, not sixty-four"


def test_a_hundred_thousand_links_all_come_back() -> None:
    links = parse("\n".join(f"https://www.youtube.com/watch?v={number:011d}&t=1s" for number in range(100_000)))
    assert [link.id for link in links] == [f"{number:011d}" for number in range(100_000)]
    assert links[-1].line == 100_000


def test_the_last_link_of_a_line_of_ten_megabytes_is_found() -> None:
    prose = "The quick brown fox, who reads a/b and c.d, jumps over 12 dogs. " * 160_000
    [link] = parse(f"{prose} https://youtu.be/{ID}")
    assert (link.line, link.id) == (1, ID)
