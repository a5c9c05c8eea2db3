"""Caption files as people have them: every format, encoding and defect becomes captions or one clear sentence."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.errors import EmptyTranscript, InvalidCaptionFile, TranscriptError
from summarizer.records import Cue
from summarizer.segments import segment
from summarizer.transcripts.cleaning import clean
from summarizer.transcripts.uploads import decode_text, read_captions, title_from_name, video_id_from_name
from tests.summarizer.human_rights import ARTICLE

SRT = "1\n00:00:01,000 --> 00:00:03,500\nHello there.\n\n2\n00:00:04,000 --> 00:00:06,000\nSecond line\nof text.\n"


def spoken(name: str, content: str | bytes) -> list[tuple[float, str]]:
    data = content if isinstance(content, bytes) else content.encode()
    return [(cue.start, cue.text) for cue in read_captions(name, data).cues]


EXPECTED = [(1.0, "Hello there."), (4.0, "Second line of text.")]


@pytest.mark.parametrize(
    "content",
    [
        SRT,
        SRT.replace("\n", "\r\n"),
        SRT.replace("\n", "\r"),
        SRT.replace(",", "."),
        SRT.replace("00:00:0", "00:0"),
        SRT.replace("\n\n2", "\n2"),
        SRT.replace("-->", "->"),
        SRT.replace("1\n00", "00", 1).replace("2\n00", "00"),
        "\n\n\n" + SRT,
        SRT.replace("Hello", '{\\an8}<font color="#fff">Hello</font>').replace("Second", "<i>Second</i>"),
        SRT.replace("there.", "there.\n "),
        SRT + "\n3\n00:00:07,000 --> 00:00:09,000\n\n4\n00:00:09,000 --> 00:00:10,000\n[Music]\n",
        SRT.split("\n\n")[1] + "\n" + SRT.split("\n\n")[0],
    ],
    ids=[
        *("plain", "crlf", "cr", "dots", "no hours", "no blank line", "short arrow", "no numbers", "blank start"),
        *("markup", "space line", "empty and sound", "out of order"),
    ],
)
def test_srt_is_read_with_its_usual_defects(content: str) -> None:
    assert spoken("talk.srt", content) == EXPECTED


def test_webvtt_is_read_with_notes_styles_settings_and_inline_tags() -> None:
    vtt = (
        "WEBVTT - a talk\nKind: captions\nLanguage: en-GB\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:fred\n\n"
        "NOTE a comment\nover two lines\n\nintro\n00:01.000 --> 00:03.500 align:start position:0%\n"
        "<v Anna>Hello<00:00:01.500><c.yellow> there.</c></v>\n\n"
        "00:00:04.000 --> 00:00:06.000\nNOTE this is &lt;speech&gt; &amp; it's kept\n42\n\n"
        "00:00:07.000 --> 00:00:08.000\nyes\n"
    )
    assert spoken("talk.vtt", vtt) == [
        (1.0, "Anna: Hello there."),
        (4.0, "NOTE this is <speech> & it's kept 42"),
        (7.0, "yes"),
    ]
    assert read_captions("talk.vtt", vtt.encode()).language == "en-GB"


def test_the_scrolling_captions_that_yt_dlp_saves_are_unrolled() -> None:
    shown, vtt = "\n \n", "WEBVTT\nKind: captions\nLanguage: en\n\n"
    for n in range(30):
        fresh = f"line<00:00:{n:02d}.400><c> number</c><00:00:{n:02d}.600><c> {n}</c>"
        before = shown.strip("\n") or " "
        vtt += f"00:00:{n:02d}.000 --> 00:00:{n:02d}.990 align:start position:0%\n{before}\n{fresh}\n\n"
        shown = f"line number {n}"
        vtt += f"00:00:{n:02d}.990 --> 00:00:{n + 1:02d}.000 align:start position:0%\n{shown}\n \n\n"
    assert spoken("Talk [dQw4w9WgXcQ].en.vtt", vtt) == [(float(n), f"line number {n}") for n in range(30)]


def test_sbv_is_read() -> None:
    sbv = "0:00:01.000,0:00:03.500\nHello there.\n\n0:00:04.000,0:00:06.000\nSecond line\nof text.\n"
    assert spoken("captions.sbv", sbv) == EXPECTED


def test_youtubes_json_is_read() -> None:
    events = [
        {"tStartMs": 1000, "dDurationMs": 2500, "segs": [{"utf8": "Hello"}, {"utf8": " there."}]},
        {"tStartMs": 3500, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 4000, "dDurationMs": 2000, "segs": [{"utf8": "Second line\nof text."}]},
        {"tStartMs": 0, "id": 1},
    ]
    assert spoken("talk.en.json3", json.dumps({"wireMagic": "pb3", "events": events})) == EXPECTED


@pytest.mark.parametrize("wrap", [list, lambda cues: {"language": "de", "cues": cues}, lambda cues: {"segments": cues}])
def test_lists_of_captions_that_programs_save_as_json_are_read(wrap: Callable[[list[object]], object]) -> None:
    cues: list[object] = [
        {"start": 1, "duration": 2.5, "text": "Hello there."},
        {"start": 4.0, "end": 6.0, "text": "Second line of text."},
    ]
    assert spoken("talk.json", json.dumps(wrap(cues))) == EXPECTED


@pytest.mark.parametrize(
    "cues",
    [
        [{"text": "a", "offset": 1000, "duration": 2000}, {"text": "b", "offset": 65000, "duration": 4000}],
        [{"text": "a", "offset": 1.0, "duration": 2}, {"text": "b", "offset": 65.0, "duration": 4}],
        [{"text": "a", "start": "00:00:01", "end": "00:00:03"}, {"text": "b", "start": "0:01:05", "end": "0:01:09"}],
        [{"text": "a", "start": "1s", "duration": "2"}, {"text": "b", "start": "65000ms", "duration": "4s"}],
        {"chunks": [{"text": "a", "timestamp": [1, 3]}, {"text": "b", "timestamp": [65, 69]}]},
    ],
)
def test_times_in_json_are_read_in_whatever_unit_they_are(cues: object) -> None:
    read = read_captions("talk.json", json.dumps(cues).encode()).cues
    assert [(cue.start, cue.duration, cue.text) for cue in read] == [(1.0, 2.0, "a"), (65.0, 4.0, "b")]


def test_a_caption_whose_time_cannot_be_read_follows_the_one_before() -> None:
    cues = [{"text": "a", "start": 60, "end": 62}, {"text": "b", "start": "soon"}, {"text": "c", "start": 70}]
    assert spoken("talk.json", json.dumps(cues)) == [(60.0, "a"), (62.0, "b"), (70.0, "c")]


def test_the_text_that_whisper_prints_is_read() -> None:
    said = "[00:00:01.000 --> 00:00:03.500]  Hello there.\n[00:00:04.000 --> 00:00:06.000]  Second line of text.\n"
    assert spoken("talk.txt", said) == EXPECTED


@pytest.mark.parametrize(
    "xml",
    [
        '<timedtext format="2"><text t="1000" d="2500">Hello there.</text>'
        '<text t="4000" d="2000">Second line of text.</text></timedtext>',
        '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1000ms" end="3500ms">Hello there.</p>'
        '<p begin="4000ms" end="6s">Second line of text.</p></div></body></tt>',
        '<transcript><text start="1" dur="2.5">Hello there.</text>'
        '<text start="4" dur="2">Second line\nof text.</text></transcript>',
        '<?xml version="1.0" encoding="utf-8" ?><timedtext format="3"><body><p t="1000" d="2500"><s>Hello</s>'
        '<s t="300"> there.</s></p><p t="4000" d="2000">Second line of text.</p></body></timedtext>',
        '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="00:00:01.000" end="00:00:03.500">Hello there.</p>'
        '<p begin="4s" end="6s">Second <span>line<br/>of</span> text.</p></div></body></tt>',
    ],
)
def test_youtubes_xml_and_ttml_are_read(xml: str) -> None:
    assert spoken("talk.xml", xml) == EXPECTED


def test_entities_that_youtube_escapes_twice_are_decoded() -> None:
    assert spoken("a.srt", SRT.replace("Hello", "I&amp;#39;m &quot;here&quot; &amp;amp; now")) == [
        (1.0, 'I\'m "here" & now there.'),
        EXPECTED[1],
    ]


def test_plain_text_becomes_one_caption_for_each_sentence_in_order() -> None:
    cues = read_captions(
        "notes.txt", b"First sentence. Second one!\n\nThe third at 10:30 follows\nDr. Who agrees."
    ).cues
    assert [cue.text for cue in cues] == [
        *("First sentence.", "Second one!", "The third at 10:30 follows", "Dr. Who agrees."),
    ]
    assert [cue.start for cue in cues] == sorted({cue.start for cue in cues})


@pytest.mark.parametrize(
    "text",
    [
        "0:15 Hello there.\n1:02:03 Bye.",
        "[00:00:15] Hello there.\n[01:02:03] Bye.",
        "(0:15) Hello there.\n(1:02:03) Bye.",
        "0:15\nHello there.\n1:02:03\nBye.\n",
        "00:00:15.000 - Hello there.\n01:02:03.000 - Bye.",
    ],
)
def test_times_at_the_beginning_of_lines_of_plain_text_are_used(text: str) -> None:
    assert spoken("copied.txt", text) == [(15.0, "Hello there."), (3723.0, "Bye.")]


def test_lines_that_begin_with_a_clock_time_lose_nothing_when_they_are_no_timestamps() -> None:
    assert [text for _, text in spoken("diary.txt", "10:30 breakfast\n9:15 sleep")] == ["10:30 breakfast", "9:15 sleep"]


def test_a_broken_timestamp_never_costs_words() -> None:
    broken = SRT.replace("00:00:04,000", "00:xx:04,000").replace("00:00:06,000", "")
    assert spoken("talk.srt", broken) == [(1.0, "Hello there."), (3.5, "Second line of text.")]


def test_a_caption_that_ends_before_it_begins_or_overlaps_is_kept() -> None:
    srt = SRT.replace("00:00:03,500", "00:00:00,000").replace("00:00:06,000", "99:99:99,000")
    assert spoken("talk.srt", srt) == EXPECTED


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"]
)
def test_text_is_read_in_the_encodings_programs_save(encoding: str) -> None:
    srt = SRT.replace("Hello there.", "Schöne Grüße aus Málaga.")
    assert spoken("talk.srt", srt.encode(encoding))[0] == (1.0, "Schöne Grüße aus Málaga.")


@pytest.mark.parametrize(
    ("said", "page"), [("Zażółć gęślą jaźń.", "cp1250"), ("Yeni dünya düzeni ışık ve şarkı.", "cp1254")]
)
def test_few_words_are_read_whose_letters_are_those_of_one_language(said: str, page: str) -> None:
    assert spoken("talk.srt", SRT.replace("Hello there.", said).encode(page))[0][1] == said


@pytest.mark.parametrize(("said", "page"), [("Привет.", "cp1251"), ("Καλημέρα.", "cp1253"), ("שלום", "cp1255")])
def test_a_few_words_of_another_script_among_times_are_refused(said: str, page: str) -> None:
    with pytest.raises(InvalidCaptionFile, match="Save it as UTF-8"):
        read_captions("talk.srt", SRT.replace("Hello there.", said).replace("Second line\nof text.", said).encode(page))


@pytest.mark.parametrize(
    "said", ["Été à Orléans.", "Það er gott veður í dag.", "¿Qué? ¡Señor, 20 °C!", "L’œuvre – 5 €"]
)
def test_few_words_of_western_europe_are_read(said: str) -> None:
    assert spoken("talk.srt", SRT.replace("Hello there.", said).encode("cp1252"))[0][1] == said


PAGES = [
    *(("Polish", "cp1250"), ("Polish", "iso8859_2"), ("Czech", "cp1250"), ("Czech", "iso8859_2")),
    *(("Slovak", "cp1250"), ("Hungarian", "cp1250"), ("Romanian", "cp1250"), ("Croatian", "cp1250")),
    *(("Turkish", "cp1254"), ("Turkish", "iso8859_9"), ("Lithuanian", "cp1257"), ("Latvian", "cp1257")),
    *(("French", "cp1252"), ("French", "iso8859_15"), ("Spanish", "cp1252"), ("Portuguese", "cp1252")),
    *(("Swedish", "cp1252"), ("Icelandic", "cp1252"), ("Finnish", "cp1252")),
    *(("Russian", "cp1251"), ("Russian", "koi8_r"), ("Ukrainian", "cp1251"), ("Greek", "cp1253"), ("Arabic", "cp1256")),
    *(("Japanese", "cp932"), ("Japanese", "euc_jp"), ("Korean", "cp949"), ("Chinese", "gb18030")),
]


@pytest.mark.parametrize(("language", "page"), PAGES)
def test_captions_are_read_in_the_code_page_of_their_language(language: str, page: str) -> None:
    said = ARTICLE[language]
    assert spoken("talk.srt", SRT.replace("Hello there.", said).encode(page))[0][1] == said
    assert decode_text(f"{said}\n".encode(page)) == f"{said}\n"


@pytest.mark.parametrize("language", ["Spanish", "Portuguese", "French", "Swedish", "Icelandic", "Finnish"])
def test_a_name_from_elsewhere_makes_no_other_language_of_a_text(language: str) -> None:
    said = f"{ARTICLE[language]} Malmö, Århus, Kübler, Nuñez."
    assert decode_text(said.encode("cp1252")) == said


def test_one_odd_word_costs_no_file() -> None:
    text = f"{ARTICLE['Swedish']} " * 5 + "Pro¾ekt."
    assert decode_text(text.encode("cp1252")) == text


def test_a_file_of_several_languages_is_taken_for_western() -> None:
    text = " ".join(ARTICLE[language] for language in ("Swedish", "Icelandic", "Portuguese", "French"))
    assert decode_text(text.encode("cp1252")) == text


def test_letters_of_no_language_are_refused_instead_of_turned_into_nonsense() -> None:
    with pytest.raises(InvalidCaptionFile, match="UTF-8"):
        read_captions("talk.txt", b"There we w\xb1re and th\xb2y were n\xbct, or w\xa7re th\xa6y? " * 9)


def test_a_large_file_of_another_script_is_read_in_a_moment() -> None:
    """What a stranger uploads must not hold the server: by the processor's own time, so that others do not count."""
    data = (f"{ARTICLE['Russian']}\n" * 40_000).encode("cp1251")[: 5 * 2**20]
    began = time.process_time()
    assert decode_text(data).startswith("Все люди")
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04rest",
        b"%PDF-1.7",
        b"\x89PNG\r\n",
        b"abc\0def",
        b"\x00\x00\x00\x18ftypmp42",
        bytes(range(256)),
        b"\xff\xfe\x00",
    ],
)
def test_a_binary_file_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(InvalidCaptionFile, match=r"holiday\.txt is not a text file"):
        read_captions("holiday.txt", data)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.txt", "", "is empty"),
        ("a.srt", " \n\n", "is empty"),
        ("a.srt", "just a letter", "No captions were found in a.srt"),
        ("a.vtt", "WEBVTT\n\n", "No captions were found in a.vtt"),
        ("a.txt", "<!DOCTYPE html><html>…", "is a web page"),
        ("a.json", "{]", "not valid JSON"),
        ("a.json", "[" * 100_000, "not valid JSON"),
        ("a.json", '{"a": 1}', "no list of captions"),
        ("a.json", "[1, null]", "No captions were found"),
        ("a.xml", "<transcript><text start='0'>a & b</transcript>", "cannot be read"),
        ("a.docx", "hello", "No captions were found"),
    ],
)
def test_what_is_no_caption_file_is_refused_with_a_sentence(name: str, content: str, sentence: str) -> None:
    with pytest.raises(InvalidCaptionFile, match=sentence):
        read_captions(name, content.encode())


def test_captions_without_a_word_are_refused() -> None:
    with pytest.raises(EmptyTranscript, match=r"a\.srt"):
        read_captions("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\n[Music]\n")


def test_an_entity_bomb_is_refused() -> None:
    bomb = '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><transcript><text start="0">&b;</text></transcript>'
    with pytest.raises(InvalidCaptionFile, match="cannot be read"):
        read_captions("a.xml", f'<?xml version="1.0"?>{bomb}'.encode())


def _many(count: int) -> bytes:
    return "".join(
        f"{n}\n{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d},000 --> 99:00:00,000\nword {n}\n\n" for n in range(count)
    ).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("line.txt", b"a" * 10_000_000),
        ("words.txt", b"word " * 500_000),
        ("cjk.txt", ("字" * 1_000_000).encode()),
        ("brackets.txt", b"[" * 2_000_000),
        ("spaces.srt", b"1\n00:00:01,000 -->" + b" " * 5_000_000 + b"\nhi"),
        ("tags.srt", SRT.encode() + b"<c" * 500_000),
        ("digits.srt", SRT.encode() + b"1" * 5_000_000 + b"->"),
        ("arrows.srt", SRT.encode() + b"1-->" * 1_000_000),
        ("entities.srt", SRT.encode() + b"&amp;" * 300_000),
        ("many.srt", _many(50_000)),
        ("repeated.srt", b"1\n00:00:01,000 --> 00:00:02,000\n" + b"la " * 1_000_000 + b"\n\n" + SRT.encode()),
        ("marks.txt", b">> " * 500_000 + b"word"),
        ("times.txt", b"0:00 a\n" * 150_000),
        ("joiners.srt", SRT.encode() + ("م" + "\u200d" * 300_000).encode()),
        ("joined.srt", SRT.encode() + "م\u200da".encode() * 100_000),
        ("sounds.srt", SRT.encode() + b"(laughs) " * 100_000),
        ("music.srt", SRT.encode() + b"hi " + b"[music] " * 100_000),
        ("voice.srt", SRT.encode() + b"<v" + b" " * 1_000_000),
        ("nested.xml", b"<transcript>" + b'<p t="1" d="1">x' * 50_000 + b"</p>" * 50_000 + b"</transcript>"),
        ("newlines.vtt", b"WEBVTT\n\n" + b"\n" * 4_000_000 + SRT.encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_sizes_end_in_linear_time(name: str, data: bytes) -> None:
    begin = time.process_time()
    with suppress(TranscriptError):
        segment(read_captions(name, data).cues)
    assert time.process_time() - begin < 15


@pytest.mark.parametrize("hostile", ["م" + "\u200d" * 8000, "(laughs) " * 4000, "hi " + "[music] " * 4000])
def test_a_run_of_what_is_taken_away_takes_linear_time(hostile: str) -> None:
    """Half a second or less; where time grows with the square, a quarter of these takes more."""
    begin = time.process_time()
    clean([Cue(0, 1, hostile * 16)])
    assert time.process_time() - begin < 3


def test_the_pieces_of_one_long_caption_are_counted_too() -> None:
    with pytest.raises(InvalidCaptionFile, match="more than 200,000 captions"):
        read_captions("a.srt", SRT.encode() + b" a." * 250_000)


def test_what_stands_in_a_caption_of_xml_is_a_part_of_it() -> None:
    nested = '<timedtext><body><p t="1000" d="9">out <p t="2000" d="9">in</p> out</p></body></timedtext>'
    assert spoken("talk.xml", nested) == [(1.0, "out in out")]


@pytest.mark.thorough
def test_a_million_captions_are_refused_with_a_sentence() -> None:
    with pytest.raises(InvalidCaptionFile, match="more than 200,000 captions"):
        read_captions("many.srt", _many(1_000_000))


@given(st.binary(max_size=400))
def test_any_bytes_give_captions_or_one_of_our_errors(data: bytes) -> None:
    for name in ("a.txt", "a.srt", "a.json"):
        try:
            transcript = read_captions(name, data)
        except TranscriptError:
            continue
        assert all(cue.text and cue.start >= 0 and cue.duration >= 0 for cue in transcript.cues)
        assert "\0" not in "".join(cue.text for cue in transcript.cues)


@given(st.text("0123456789:,.->\n <v>abc[]♪", max_size=300))
def test_any_caption_like_text_gives_captions_or_one_of_our_errors(text: str) -> None:
    for content in (text, "WEBVTT\n\n" + text, SRT + text):
        try:
            transcript = read_captions("a.txt", content.encode())
        except TranscriptError:
            continue
        assert [cue.start for cue in transcript.cues] == sorted(cue.start for cue in transcript.cues)


@pytest.mark.parametrize(
    ("name", "title", "video_id", "language"),
    [
        ("Title [dQw4w9WgXcQ].en.vtt", "Title", "dQw4w9WgXcQ", "en"),
        ("A talk: part 2 [a-b_c4w9WgX].zh-Hans.srt", "A talk: part 2", "a-b_c4w9WgX", "zh-Hans"),
        ("Title [dQw4w9WgXcQ].pt-BR.srt", "Title", "dQw4w9WgXcQ", "pt-BR"),
        ("Title [dQw4w9WgXcQ].en-orig.srt", "Title", "dQw4w9WgXcQ", "en"),
        ("Title [dQw4w9WgXcQ].srt", "Title", "dQw4w9WgXcQ", ""),
        ("[dQw4w9WgXcQ].en.vtt", "", "dQw4w9WgXcQ", "en"),
        ("Title [dQw4w9WgXcQ].de-en.vtt", "Title", "dQw4w9WgXcQ", "de"),
        ("Title [dQw4w9WgXcQ].en-nP7-2PuUl7o.vtt", "Title", "dQw4w9WgXcQ", "en"),
        ("Title [dQw4w9WgXcQ] (1).en.vtt", "Title", "dQw4w9WgXcQ", "en"),
        ("Title [dQw4w9WgXcQ].en (2).vtt", "Title", "dQw4w9WgXcQ", "en"),
        ("dQw4w9WgXcQ.en.vtt", "", "dQw4w9WgXcQ", "en"),
        ("dQw4w9WgXcQ.srt", "", "dQw4w9WgXcQ", ""),
        ("Talk [Programming].srt", "Talk [Programming]", "", ""),
        ("Song [Remastered1].srt", "Song [Remastered1]", "", ""),
        ("Talk [interactive].en.srt", "Talk [interactive]", "", "en"),
        ("Lecture_001.srt", "Lecture_001", "", ""),
        ("Talk [2024-01-015].srt", "Talk [2024-01-015]", "", ""),
        ("Talk [vid00000943].en.srt", "Talk", "vid00000943", "en"),
        ("Talk [Part 1].txt", "Talk [Part 1]", "", ""),
        ("my.big.talk.srt", "my.big.talk", "", ""),
        ("my_captions.srt", "my_captions", "", ""),
        ("lecture.de.srt", "lecture", "", "de"),
        ("../../etc/passwd.srt", "passwd", "", ""),
        ("C:\\Users\\me\\Talk.srt", "Talk", "", ""),
        ("Evil\u202e\x00name.srt", "Evilname", "", ""),
        ("講演 [dQw4w9WgXcQ].ja.vtt", "講演", "dQw4w9WgXcQ", "ja"),
        (".srt", "", "", ""),
    ],
)
def test_a_file_name_tells_title_id_and_language(name: str, title: str, video_id: str, language: str) -> None:
    assert title_from_name(name) == title
    assert video_id_from_name(name) == video_id
    assert read_captions(name, SRT.encode()).language == language


def test_a_long_file_name_is_shortened_and_keeps_its_id() -> None:
    name = "x" * 5000 + " [dQw4w9WgXcQ].en.vtt"
    assert len(title_from_name(name)) <= 200
    assert video_id_from_name(name) == "dQw4w9WgXcQ"


def test_decoded_text_has_no_byte_order_mark() -> None:
    assert decode_text("\ufeffhello".encode("utf-16")).lstrip("\ufeff") == decode_text(b"\xef\xbb\xbfhello") == "hello"
