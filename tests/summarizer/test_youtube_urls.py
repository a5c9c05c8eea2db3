"""What people paste, and what `parse` makes of it. `docs/links.md` tells the same as prose."""

from __future__ import annotations

import json

import pytest

from summarizer.youtube_urls import Link, parse

ID = "dQw4w9WgXcQ"
OTHER = "9bZkp7q19f0"
LIST = "PLwP_SiAcdui0KVebT0mU9Apz359a4ubsC"
CHANNEL = "UCmlqkdCBesrv2Lak1mF_MxA"
MIX = "RDdQw4w9WgXcQ"


def named(text: str) -> list[tuple[str, str]]:
    return [(link.kind, link.id) for link in parse(text)]


def videos(text: str) -> list[str]:
    links = parse(text)
    assert [link for link in links if link.kind != "video"] == []
    return [link.id for link in links]


def reason(text: str) -> str:
    """The sentence for a text with exactly one thing in it, which is not a video."""
    [link] = parse(text)
    assert link.kind != "video"
    return link.reason


FORMS = (
    "https://www.youtube.com/watch?v={id}",
    "http://youtube.com/watch?v={id}",
    "https://m.youtube.com/watch?v={id}",
    "https://music.youtube.com/watch?v={id}&si=x",
    "https://gaming.youtube.com/watch?v={id}",
    "https://www.youtubekids.com/watch?v={id}",
    "https://www.youtube.com/watch?app=desktop&v={id}&t=1m30s",
    "https://www.youtube.com/watch?v={id}&list=PLwP_SiAcdui0KVebT0mU9Apz359a4ubsC&index=3",
    "https://www.youtube.com/watch?list=PLwP_SiAcdui0KVebT0mU9Apz359a4ubsC&v={id}#t=30",
    "https://www.youtube.com/watch?v=&v={id}",
    "https://www.youtube.com/watch/{id}",
    "https://www.youtube.com/watch?vi={id}",
    "https://www.youtube.com/?v={id}",
    "https://www.youtube.com/watch_popup?v={id}",
    "https://m.youtube.com/#/watch?v={id}",
    "https://www.youtube.com/tv#/watch?v={id}",
    "https://youtu.be/{id}",
    "https://youtu.be/{id}?si=abcDEF123&t=42",
    "https://youtu.be/{id}/",
    "https://youtu.be/{id}&feature=share",
    "https://youtu.be/watch?v={id}",
    "https://youtu.be/shorts/{id}",
    "https://www.youtube.com/shorts/{id}?feature=share",
    "https://www.youtube.com/live/{id}?si=abc",
    "https://www.youtube.com/embed/{id}?start=30&rel=0",
    "https://www.youtube-nocookie.com/embed/{id}",
    "https://www.youtube.com/v/{id}?version=3",
    "https://www.youtube.com/e/{id}",
    "https://youtube.googleapis.com/v/{id}",
    "https://studio.youtube.com/video/{id}/edit",
    "https://www.youtube.com/user/someone#p/u/1/{id}",
    "https://i.ytimg.com/vi/{id}/hqdefault.jpg",
    "https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3D{id}%26feature%3Dshare",
    "https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{id}%26cbrd%3D1&gl=DE",
    "https://consent.youtube.com/m?continue=https://www.youtube.com/watch?v={id}&gl=DE",
    "https://accounts.google.com/ServiceLogin?continue="
    "https%3A%2F%2Fwww.youtube.com%2Fsignin%3Fnext%3D%252Fwatch%253Fv%253D{id}",
    "https://www.google.com/url?q=https://www.youtube.com/watch%3Fv%3D{id}&sa=D",
    "https://www.google.co.uk/url?sa=t&url=https%3A%2F%2Fyoutu.be%2F{id}&usg=x",
    "https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fyoutu.be%2F{id}",
    "https://www.youtube.com/oembed?format=json&url=https%3A%2F%2Fyoutu.be%2F{id}",
    "https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{id}",
    "https%253A%252F%252Fyoutu.be%252F{id}",
    "https://www.youtube.com/watch%3Fv%3D{id}",
    "https:\\/\\/www.youtube.com\\/watch?v={id}\\u0026t=3",
    "https://www.youtube.com/watch?t=3&amp;v={id}&amp;feature=share",
    "https://www.youtube.com/watch?t=3&amp;amp;v={id}",
    "https://www.youtube.com/watch?v={id}?t=30",
    "HTTPS://WWW.YOUTUBE.COM/watch?v={id}",
    "https://www.youtube.com./watch?v={id}",
    "https://www.youtube.com:443/watch?v={id}",
    "https:/youtu.be/{id}",
    "youtube.com/watch?v={id}",
    "www.youtube.com/watch?v={id}",
    "YouTu.be/{id}",
    "//www.youtube.com/embed/{id}",
    "/watch?v={id}",
    "watch?v={id}&t=3",
    "vnd.youtube:{id}",
    "vnd.youtube://www.youtube.com/watch?v={id}",
    "youtube://{id}",
    "https://invidio.us/watch?v={id}",
)

WRAPPINGS = (
    "{}",
    "   {}  ",
    "- {}",
    "12. {}",
    "> * {}",
    "<{}>",
    "“{}”",
    "»{}«",
    "'{}',",
    '"{}";',
    "({})",
    "Watch this: {}.",
    "Have you seen {}?",
    "**{}**",
    "_{}_",
    "[A talk]({})",
    "[A talk]({} 'its title')",
    '<a href="{}">A talk</a>',
    "<iframe src='{}' width=560></iframe>",
    "A talk,{},12:30",
    "A talk\t{}\t12:30",
    "| A talk | {} |",
    '"A talk, with a comma","{}","12:30"',
    "# {}",
    "\ufeff{}\u200b",
    "\u00a0{}\u00a0",
    "这个视频{}，很好",
    "URL={}",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_video_link_names_its_video(form: str) -> None:
    assert videos(form.format(id="-cdveCh1k_Q")) == ["-cdveCh1k_Q"]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_link_is_found_within_what_surrounds_it(wrapping: str) -> None:
    for form in (*FORMS[:1], "https://youtu.be/{id}?si=x"):
        assert videos(wrapping.format(form.format(id=ID))) == [ID]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"https://youtu.be/{ID} https://youtu.be/{OTHER}", [ID, OTHER]),
        (f"https://youtu.be/{ID},https://youtu.be/{OTHER}", [ID, OTHER]),
        (f"https://youtu.be/{ID};youtu.be/{OTHER}", [ID, OTHER]),
        (f"https://youtu.be/{ID}https://youtu.be/{OTHER}", [ID, OTHER]),
        (f"https://youtu.be/{ID}&https://youtu.be/{OTHER}", [ID, OTHER]),
        (f"1) youtu.be/{ID} and 2) youtu.be/{OTHER}, both good", [ID, OTHER]),
        (f"[one](https://youtu.be/{ID})[two](https://youtu.be/{OTHER})", [ID, OTHER]),
        (f"{ID},{OTHER}", [ID, OTHER]),
        (f"{ID} {OTHER}", [ID, OTHER]),
        (f'["{ID}", "{OTHER}"]', [ID, OTHER]),
        (f"https://youtu.be/{ID}\nhttps://youtu.be/{ID}", [ID, ID]),
        (f"https://youtu.be/{ID}很好看", [ID]),
        (f"Link:youtu.be/{ID}", [ID]),
        (f"链接：youtu.be/{ID}", [ID]),
        (f"v=https://youtu.be/{ID}", [ID]),
        (f"https://www.you\u200btube.com/watch?v=dQw4w9\u00adWgXcQ{chr(0xFEFF)}", [ID]),
        ("https://www.youtube.com/watch?v=ab\\_cdefgh\\_i", ["ab_cdefgh_i"]),
        (f"Title [{ID}](https://youtu.be/{ID})", [ID]),
    ],
)
def test_several_links_come_in_the_order_of_the_text_and_duplicates_stay(text: str, expected: list[str]) -> None:
    assert videos(text) == expected


@pytest.mark.parametrize(
    "text", ["- {}", "{}", "{},", "3. {}", '"{}"', "A talk;{};12:30", "* {} ", "`{}`", "<{}>", "{}."]
)
def test_a_bare_id_alone_in_its_line_or_cell_is_a_video(text: str) -> None:
    for id in (ID, "__2ABJjxzNo", "-cdveCh1kQk", "_LENGTH_11_", "WaOKSUlf4TM"):
        assert videos(text.format(id)) == [id]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \t ",
        "Programming",
        "Conclusions:",
        "url,title,description,video_title,channel_url,upload_date",
        "# Mathematics",
        "Lecture-001",
        "Episode1234",
        "DESCRIPTION",
        "12345678901",
        "2024-01-015",
        "WL",
        "Read more about it, and write to press@youtube.com or a.b@example.org today.",
        "Node.js, Vue.js/React, and/or main.py/test are names; 1.5/2 is a number; e.g./i.e. is short.",
        "// comment without a link",
        "--- [ ] (x) *** ## | | ; , . : / ? = % @",
        "00:01:02,500 --> 00:01:05,000",
        "Überraschung: ein Vortrag über Brötchen",
        "https://",
        "http: the protocol",
        "youtube  .    com/feed/trending",
        "pI2I2z zeKg",
        "{“name”: null}",
    ],
)
def test_prose_and_headings_yield_nothing(text: str) -> None:
    assert parse(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "id"),
    [
        (f"https://www.youtube.com/playlist?list={LIST}", "playlist", LIST),
        (f"https://www.youtube.com/watch?list={LIST}", "playlist", LIST),
        (f"https://music.youtube.com/playlist?list={LIST}&si=x", "playlist", LIST),
        (f"https://www.youtube.com/embed/videoseries?list={LIST}", "playlist", LIST),
        ("youtube.com/playlist?list=MCUS.20142101", "playlist", "MCUS.20142101"),
        (LIST, "playlist", LIST),
        (f"https://www.youtube.com/channel/{CHANNEL}/videos", "channel", CHANNEL),
        (CHANNEL, "channel", CHANNEL),
        ("https://www.youtube.com/@a-z.0_9/streams", "channel", "@a-z.0_9"),
        ("https://www.youtube.com/%40YouTube", "channel", "@YouTube"),
        ("@TomScottGo", "channel", "@TomScottGo"),
        ("https://www.youtube.com/c/%D0%9C%D0%B5%D0%BB", "channel", "c/Мел"),
        ("https://www.youtube.com/user/NASAgovVideo/videos", "channel", "user/NASAgovVideo"),
        (f"https://www.youtube.com/embed/live_stream?channel={CHANNEL}", "channel", CHANNEL),
    ],
)
def test_playlists_and_channels_are_recognised(text: str, kind: str, id: str) -> None:
    assert named(text) == [(kind, id)]
    assert parse(text)[0].is_list


@pytest.mark.parametrize(("list_id", "words"), [("WL", "Only its owner"), ("LL", "Only its owner"), (MIX, "A mix is")])
def test_lists_that_nobody_can_read_say_what_to_paste(list_id: str, words: str) -> None:
    [link] = parse(f"https://www.youtube.com/playlist?list={list_id}")
    assert (link.kind, link.is_list) == ("playlist", False)
    assert link.reason.startswith(words)
    assert link.reason.endswith("Paste the links of its videos.")


@pytest.mark.parametrize("form", ["https://www.youtube.com/watch?v={}&list={}", "youtu.be/{}?list={}&index=2"])
def test_a_video_of_a_playlist_is_the_video_and_names_the_list(form: str) -> None:
    [link] = parse(form.format(ID, LIST))
    assert (link.kind, link.id, link.within) == ("video", ID, LIST)
    for unreadable in ("WL", MIX, "?", ""):
        assert parse(form.format(ID, unreadable))[0].within == ""


@pytest.mark.parametrize(
    ("text", "tab"),
    [
        ("https://www.youtube.com/@name/shorts", "shorts"),
        (f"https://www.youtube.com/channel/{CHANNEL}/Streams?view=0", "streams"),
        ("https://www.youtube.com/c/name/playlists", "playlists"),
        ("https://www.youtube.com/@name/about", ""),
        ("https://www.youtube.com/@name/live", ""),
        ("https://www.youtube.com/@name", ""),
        (CHANNEL, ""),
    ],
)
def test_a_channels_tab_is_kept(text: str, tab: str) -> None:
    assert parse(text)[0].tab == tab


def test_a_channels_name_beside_something_else_is_reported_and_not_expanded() -> None:
    """Tables of videos have columns of authors; nobody wants all that they have made."""
    links = parse(f"{ID},@TomScottGo")
    assert [(link.kind, link.is_list) for link in links] == [("video", False), ("rejected", False)]
    assert "may be a channel" in links[1].reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://youtube.com.evil.com/watch?v=" + ID, "“youtube.com.evil.com” only looks like YouTube"),
        ("https://notyoutube.com/watch?v=" + ID, "“notyoutube.com” only looks like YouTube"),
        ("notyoutube.com/watch?v=" + ID, "“notyoutube.com” only looks like YouTube"),
        ("https://youtu.be.evil.com/" + ID, "only looks like YouTube"),
        ("https://evil.com/youtube.com/watch?v=" + ID, "“evil.com” is not YouTube"),
        ("https://evil.com/?u=https://youtu.be/" + ID, "“evil.com” is not YouTube"),
        ("https://evil.com#https://www.youtube.com/watch?v=" + ID, "“evil.com” is not YouTube"),
        ("https://youtube.com@evil.com/watch?v=" + ID, "“youtube.com@evil.com” hides where it leads"),
        ("https://www.youtube.com:x@evil.com/watch?v=" + ID, "hides where it leads"),
        ("https://youtube.com%2F@evil.com/watch?v=" + ID, "hides where it leads"),
        ("https://youtube.com\\@evil.com/watch?v=" + ID, "hides where it leads"),
        ("youtube.com@evil.com/watch?v=" + ID, "hides where it leads"),
        ("https://youtube.com%2eevil.com/watch?v=" + ID, "only looks like YouTube"),
        ("https://уoutube.com/watch?v=" + ID, "has letters that YouTube's name does not"),
        ("уoutube.com/watch?v=" + ID, "has letters that YouTube's name does not"),
        ("https://xn--outube-hwe.com/watch?v=" + ID, "has letters that YouTube's name does not"),
        ("https://ｙoutube.com/watch?v=" + ID, "has letters that YouTube's name does not"),
        ("https://youtube.com:22/watch?v=" + ID, "“youtube.com:22” only looks like YouTube"),
        ("https://any.youtube.com/watch?v=" + ID, "is not where YouTube shows its videos"),
        ("ftp://www.youtube.com/watch?v=" + ID, "“ftp:” links cannot be read"),
        ("https://www.google.com/url?q=https%3A%2F%2Fyoutube.com.evil.com%2Fwatch", "only looks like YouTube"),
        ("https://www.google.com/url?q=cats", "does not name"),
        ("https://consent.youtube.com/m?continue=https://youtube.com@evil.com/", "hides where it leads"),
        ("https://google.com.evil.com/url?q=https://youtu.be/" + ID, "“google.com.evil.com” is not YouTube"),
        ("https://vimeo.com/32001208", "“vimeo.com” is not YouTube"),
        ("vimeo.com/32001208", "“vimeo.com” is not YouTube"),
        ("Lecture notes: https://example.org/a/b?c=d.", "“example.org” is not YouTube"),
        ("https://www.youtube.com/watch?v=invalid", "“invalid” is not a YouTube video id: an id has 11 characters"),
        ("https://youtu.be/dQw4w9WgXc", "“dQw4w9WgXc” is not a YouTube video id"),
        ("https://youtu.be/dQw4w9WgXcQQ", "an id has 11 characters"),
        ("https://www.youtube.com/watch?v=asdf$%^ddf-", "an id has only letters, digits, “-” and “_”"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXсQ", "“dQw4w9WgXсQ” is not a YouTube video id"),
        ("youtube.com/watch?v=dQw4…", "“dQw4” is not a YouTube video id"),
        ("https://www.youtube.com/watch?feature=foo", "names no video"),
        ("https://www.youtube.com/shorts/", "names no video"),
        ("https://www.youtube.com/playlist?list=AAAA", "“AAAA” is not a YouTube playlist id"),
        ("https://www.youtube.com/playlist", "names no playlist"),
        ("https://www.youtube.com/channel/Tyrrrz", "“Tyrrrz” is not the name of a YouTube channel"),
        ("https://www.youtube.com/@Beau+Miles", "is not the name of a YouTube channel"),
        ("youtube.com", "the address of YouTube, not of a video"),
        ("https://www.youtube.com/feed/trending?list=" + LIST, "“/feed” is a page on YouTube"),
        ("https://www.youtube.com/results?search_query=cats", "“/results” is a page on YouTube"),
        ("https://www.youtube.com/clip/UgytZKpehg-hEMBSn3F4AaABCQ", "A clip does not say"),
        ("?v=" + ID, "only a part of a link"),
        ("dQw4w9WgXc", "“dQw4w9WgXc” is not a YouTube video id"),
        ("LibreOffice", "“LibreOffice” reads like a word"),
        (f"My favourite is {ID} by far", f"“{ID}” may be a video id"),
        (f"A talk [{ID}].mp4", f"“{ID}” may be a video id"),
        (f"id={ID}", f"“{ID}” may be a video id"),
        (f"{ID}?t=30", f"“{ID}” may be a video id"),
        (f"1){ID} Rick", f"“{ID}” may be a video id"),
        ("someone@youtube.com/watch", "only a part of a link"),
        (f"C:\\youtube.com/watch?v={ID}", "only a part of a link"),
        ("https://youtu.be/" + "a" * 9000, "This link has 9,017 characters"),
    ],
)
def test_what_cannot_be_taken_says_why_in_one_line(text: str, words: str) -> None:
    [link] = parse(text)
    assert (link.kind, link.id) == ("rejected", "")
    assert words in link.reason
    assert link.reason.endswith(".")
    assert "\n" not in link.reason
    assert len(link.reason) < 200


def test_the_sentence_for_a_wrong_id_says_what_to_do() -> None:
    assert reason("https://youtube.com/watch?v=invalid") == (
        "“invalid” is not a YouTube video id: an id has 11 characters. Copy the link again."
    )


def test_lines_count_from_one_whatever_ends_them() -> None:
    text = f"heading\r\n\r\nyoutu.be/{ID}\rhttps://youtu.be/{OTHER}\nx\u2028y\n{ID}"
    assert [(link.line, link.id) for link in parse(text)] == [(3, ID), (4, OTHER), (6, ID)]


def test_the_text_of_a_link_is_what_was_written_but_never_long() -> None:
    [video, other] = parse(f'<a href="https://youtu.be/{ID}">see</a>, https://example.org/{"x" * 500}')
    assert video == Link(1, f"https://youtu.be/{ID}", "video", ID, "")
    assert len(other.text) == 200
    assert other.text.endswith("…")


def test_nothing_that_a_database_refuses_gets_into_an_answer() -> None:
    [link] = parse("https://evil.com/\x00\ud800?v=%00%ed%a0%80")
    assert json.loads(json.dumps(link.reason)).encode()
    assert link.text == "https://evil.com/?v=%00%ed%a0%80"
    assert "\x00" not in reason("https://youtu.be/%00abc")


@pytest.mark.parametrize(
    "link",
    [
        "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{}&data=05",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__www.youtube.com_watch-3Fv-3D{}&d=DwMF",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fyoutu.be%2F{}&h=AT0",
        "https://www.linkedin.com/redir/redirect?url=https%3A%2F%2Fyoutu.be%2F{}&urlhash=x",
        "https://duckduckgo.com/l/?uddg=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{}",
    ],
)
def test_what_mail_programs_and_networks_wrap_around_a_link_is_taken_off(link: str) -> None:
    [found] = parse(link.format(ID))
    assert (found.kind, found.id) == ("video", ID)
    [foreign] = parse(link.replace("www.youtube.com", "youtu.be").replace("youtu.be", "example.org").format(ID))
    assert foreign.kind == "rejected"
    assert "is not YouTube" in foreign.reason


@pytest.mark.parametrize("comma", [",", "%2C"])
def test_a_link_of_several_videos_is_all_of_them(comma: str) -> None:
    ids = [ID, "9bZkp7q19f0", "aaaaaaaaaa0"]
    text = f"https://www.youtube.com/watch_videos?video_ids={comma.join(ids)}&title=Mine"
    assert [link.id for link in parse(text)] == ids


def test_a_word_in_the_middle_of_a_list_of_ids_is_reported_and_a_heading_is_not() -> None:
    links = parse(f"description\n{ID}\nProgramming\n9bZkp7q19f0\n-----------\nabcdefghijk")
    assert [(link.line, link.kind) for link in links] == [(2, "video"), (3, "rejected"), (4, "video")]
    assert "reads like a word" in links[1].reason
    assert [link.kind for link in parse(f"{ID}\nProgramming\nhttps://youtu.be/9bZkp7q19f0")] == ["video", "video"]
