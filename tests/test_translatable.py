"""Every string that people read can be translated: none stands bare in a template, in an error, or where sentences are
stored; and a language reaches the pages, the API and the live connection.
"""

from __future__ import annotations

import ast
import json
import re
import struct
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from channels.db import database_sync_to_async as in_thread
from django.conf.locale import LANG_INFO
from django.template.base import Lexer, TokenType
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation.template import templatize
from rest_framework.test import APIClient

from batches import gates
from batches.exports import export
from batches.models import Batch, Video, Worker
from batches.sentences import translated
from summarizer.engines.failures import Provider, Rejection, rejected
from summarizer.errors import NoTranscript, PoTokenRequired, SummarizerError, TranscriptError, VideoRestricted
from summarizer.records import ANY_CAPTIONS, CaptionChoice, Fetched, Progress, no_progress
from summarizer.records import Video as YouTubeVideo
from summarizer.transcripts.chain import Chain
from summarizer.transcripts.reasons import refusal
from summarizer.youtube_urls import parse
from tests.batches.builders import make_batch, make_user
from tests.batches.test_websocket import bearer_of, heard, listening, page_of

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates"
WORDED_ATTRIBUTES = {"alt", "aria-label", "content", "placeholder", "title"}
# Names of things are the same in every language; so are codes, and what the browser reads.
NAMES = re.compile(r"\b(YouTube|Summarizer|UTC|ZIP|CSV|JSON|API|Markdown|en, de|width=device-width, initial-scale=1)\b")

LANGUAGE_NAMES = {info["name"] for info in LANG_INFO.values() if "name" in info}  # Django's own catalogues have them


class _Texts(HTMLParser):
    """Collects what people read: text, and attributes that are read out. Code and keys are the same everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("code", "kbd")
        self.found += [value for name, value in attrs if name in WORDED_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("code", "kbd")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def bare_texts(source: str) -> list[str]:
    """What of a template is worded and stands outside of {% translate %} and {% blocktranslate %}."""
    html = []
    translated = False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            word = token.contents.split()[0]
            translated = {"blocktranslate": True, "comment": True}.get(
                word, translated and word not in ("endblocktranslate", "endcomment")
            )
        elif token.token_type == TokenType.TEXT and not translated:
            html.append(token.contents)
    texts = _Texts()
    texts.feed(" ".join(html))
    return [text.strip() for text in texts.found if re.search(r"[^\W\d_]", NAMES.sub("", text))]


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_holds_bare_text(path: Path) -> None:
    assert bare_texts(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p>{% translate "Hello" %}, {{ name }} · 5</p>', []),
        ("{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}<b>you</b>", ["you"]),
        ('<a aria-label="Open">→</a>', ["Open"]),
        ("<code>make run</code>", []),
    ],
)
def test_bare_text_is_found(source: str, bare: list[str]) -> None:
    assert bare_texts(source) == bare


# -- a made-up language reaches the pages

# What the pages of the test show of the database, and days.
STORED = re.compile(r"DATA|extractive|[\w.]+@[\w.]+|\d+ [A-Z][a-z]{2} \d{4}")


def _template_messages() -> Iterator[str]:
    """What makemessages would take from the templates: it reads them with the same function."""
    for path in TEMPLATES.rglob("*.html"):
        found = re.findall(
            r"gettext\(u?('.*?'|\".*?\"|'''.*?'''|\"\"\".*?\"\"\")\)", templatize(path.read_text()), re.S
        )
        yield from (str(ast.literal_eval(text)) for text in found)


def _python_messages() -> Iterator[tuple[str, ...]]:
    """What is given to gettext and its kin in our modules: one sentence, or one and many."""
    names = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
    for folder in ("accounts", "batches", "summarizer"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                    texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                    if texts:
                        yield tuple(texts)


def _catalogue(folder: Path, entries: dict[str, str] | None = None) -> None:
    """Writes a compiled catalogue for the language “xx”, in which everything, or `entries`, stands in ⟦brackets⟧."""
    header = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"
    if entries is None:
        entries = {text.replace("%%", "%"): f"⟦{text.replace('%%', '%')}⟧" for text in _template_messages()}
        entries |= {"\0".join(texts): "\0".join(f"⟦{text}⟧" for text in texts) for texts in _python_messages()}
    entries = {"": header} | entries
    rows = [(key.encode(), entries[key].encode()) for key in sorted(entries)]
    start = 28 + 16 * len(rows)
    places: list[bytes] = []
    data = b""
    for column in (0, 1):
        for row in rows:
            places.append(struct.pack("<2I", len(row[column]), start + len(data)))
            data += row[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(rows), 28, 28 + 8 * len(rows), 0, start)
    target = folder / "xx" / "LC_MESSAGES"
    target.mkdir(parents=True)
    (target / "django.mo").write_bytes(head + b"".join(places) + data)


def _untranslated(html: str) -> set[str]:
    """Texts of a page that stand outside of all brackets."""
    texts = _Texts()
    texts.feed(html)
    whole = "\n".join(texts.found)
    while (fewer := re.sub(r"⟦[^⟦⟧]*⟧", "", whole)) != whole:
        whole = fewer
    rest = {line.strip(" ·\t") for line in whole.splitlines()}
    return {line for line in rest if re.search(r"[^\W\d_]", STORED.sub("", NAMES.sub("", line)))}


@pytest.fixture
def made_up(settings: Any, tmp_path: Path) -> None:
    """The language “xx”."""
    _catalogue(tmp_path)
    settings.LANGUAGES = [("en", "English"), ("xx", "Made up")]
    settings.LOCALE_PATHS = [tmp_path]


@pytest.mark.django_db
@pytest.mark.usefixtures("made_up")
def test_the_pages_come_in_another_language(client: Client) -> None:
    batch = make_batch(["completed", "failed", "pending"], name="DATA")
    Video.objects.update(title="DATA", channel="DATA")
    batch.items.filter(status="failed").update(error_message=NoTranscript.sentence)
    client.force_login(batch.user)
    address = batch.get_absolute_url()
    pages = (address, f"{address}/delete", "/", "/batches", "/library", "/account/tokens", "/account/email", "/nothing")
    for page in pages:
        html = client.get(page, headers={"Accept-Language": "xx"}).content.decode()
        assert '<html lang="xx"' in html, page
        assert _untranslated(html) - LANGUAGE_NAMES == set(), page
    html = client.get(address, headers={"Accept-Language": "xx"}).content.decode()
    script = re.search(r'data-words="([^"]*)"', html)
    assert script is not None
    assert json.loads(unescape(script[1]))["live"]["live"] == "⟦Live⟧"


# -- so does what is stored

ASKING = {"Accept-Language": "xx"}
PRIVATE = VideoRestricted.codes["video_private"]
ANTHROPIC = Provider("Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
ELSEWHERE = Provider.compatible("OPENAI_API_KEY", "OPENAI_BASE_URL", "http://gpu:8000/v1")
SLOW_DOWN = str(rejected(ANTHROPIC, "m", Rejection(429, frozenset(), "", {})))
NO_MODEL = str(rejected(ELSEWHERE, "gpt-x", Rejection(404, frozenset({"model_not_found"}), "", {})))
NO_VIDEO_ID = parse("https://youtu.be/abc")[0].reason
NO_NAME = parse("https://www.youtube.com/channel/")[0].reason


class _Says:
    """A source of transcripts that has none."""

    name = "says"

    def __init__(self, error: TranscriptError) -> None:
        self.error = error

    def fetch(self, video_id: str, wanted: CaptionChoice, progress: Progress) -> Fetched:
        raise self.error

    def describe(self, video_id: str, progress: Progress) -> YouTubeVideo:
        raise self.error


def _told_by(first: TranscriptError, second: TranscriptError) -> str:
    """What is said of a video when both sources have failed."""
    chain = Chain({"youtube": lambda: _Says(first), "ytdlp": lambda: _Says(second)})
    with pytest.raises(TranscriptError) as failure:
        chain.fetch("dQw4w9WgXcQ", ANY_CAPTIONS, no_progress)
    return str(failure.value)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (PRIVATE, f"⟦{PRIVATE}⟧"),
        (SLOW_DOWN, "⟦Anthropic asks us to slow down.⟧"),
        (NO_VIDEO_ID, "⟦“abc” is not a YouTube video id: an id has 11 characters. Copy the link again.⟧"),
        # Words of ours among the values are translated; names, and what others say, are not.
        (
            NO_MODEL,
            "⟦⟦The server at http://gpu:8000/v1⟧ has no model called “gpt-x”, or the key may not use it. "
            "Choose another.⟧",
        ),
        (str(refusal("Private video")), f"⟦⟦{PRIVATE}⟧ YouTube says: “Private video”⟧"),
        (
            _told_by(PoTokenRequired(), refusal("Private video")),
            f"⟦⟦{PoTokenRequired.sentence}⟧ Also tried yt-dlp: ⟦⟦{PRIVATE}⟧ YouTube says: “Private video”⟧⟧",
        ),
        (
            _told_by(PoTokenRequired(), PoTokenRequired()),
            f"⟦⟦{PoTokenRequired.sentence}⟧ yt-dlp was told the same.⟧",
        ),
        (NO_NAME, "⟦“” is not the name of a YouTube channel. Copy the link again.⟧"),
        ("What nobody has translated.", "What nobody has translated."),
        ("", ""),
    ],
)
@pytest.mark.usefixtures("made_up")
def test_a_stored_sentence_is_found_again_and_translated(sentence: str, shown: str) -> None:
    with translation.override("xx"):
        assert translated(sentence) == shown
    assert translated(sentence) == sentence


@pytest.mark.usefixtures("made_up")
def test_every_message_with_places_is_told_from_all_others() -> None:
    """Whatever the places hold, the longest message that fits is the right one."""
    single = {texts[0] for texts in _python_messages() if len(texts) == 1}
    with translation.override("xx"):
        for message in sorted(text for text in single if re.search(r"{\w+}", text)):
            filled = message.format_map(_Values())
            assert translated(filled) == f"⟦{filled}⟧", message


class _Values(dict[str, str]):
    def __missing__(self, place: str) -> str:
        return f"<{place}: 3 of 5>"


@pytest.mark.usefixtures("made_up")
def test_a_translation_with_other_places_is_not_used(settings: Any, tmp_path: Path) -> None:
    _catalogue(tmp_path / "odd", {"{number} were lost.": "⟦{nummer}⟧", "{number} were {found}.": "⟦{number}⟧"})
    settings.LOCALE_PATHS = [tmp_path / "odd"]
    with translation.override("xx"):
        assert translated("5 were lost.") == "5 were lost."
        assert translated("5 were there.") == "⟦5⟧"


def _stopped_batch(**fields: Any) -> Batch:
    """One video failed for a reason with a place, one for a reason without; the batch was stopped; a line rejected."""
    fields |= {"stop_code": "rate_limited", "stop_message": SLOW_DOWN}
    batch = make_batch(["failed", "failed"], rejected=[(3, "https://youtu.be/abc", NO_VIDEO_ID)], **fields)
    for item, sentence in zip(batch.items.order_by("position"), (NO_MODEL, PRIVATE), strict=True):
        batch.items.filter(pk=item.pk).update(error_message=sentence, error_code=f"code{item.position}")
    return batch


STORED_ON_IT = (PRIVATE, NO_MODEL, SLOW_DOWN, NO_VIDEO_ID)


def _in_xx(sentence: str) -> str:
    with translation.override("xx"):
        return translated(sentence)


@pytest.mark.django_db
@pytest.mark.usefixtures("made_up")
def test_the_page_of_a_batch_translates_what_is_stored(client: Client) -> None:
    batch = _stopped_batch()
    client.force_login(batch.user)
    english = unescape(client.get(batch.get_absolute_url()).content.decode())
    shown = unescape(client.get(batch.get_absolute_url(), headers=ASKING).content.decode())
    for sentence in STORED_ON_IT:
        assert sentence in english
        assert "⟦" not in english
        assert _in_xx(sentence) in shown
    assert f"/{_in_xx(SLOW_DOWN)}/" in shown, "the script compares it with what the socket says"
    assert 'data-socket="/ws/batch/' in shown
    assert "?language=xx&since=" in shown


@pytest.mark.django_db
@pytest.mark.usefixtures("made_up")
def test_the_api_translates_what_is_stored_and_the_export_does_not() -> None:
    batch = _stopped_batch()
    batch.items.filter(position=2).update(status="pending", error_code="", error_message="")
    api = APIClient()
    api.force_authenticate(batch.user)
    for headers, said in (({}, str), (ASKING, _in_xx)):
        shown = api.get(f"/api/batch/{batch.pk}", headers=headers).json()
        assert shown["items"][0]["error_message"] == said(NO_MODEL)
        assert shown["stop_message"] == said(SLOW_DOWN)
        assert shown["rejected"][0]["reason"] == said(NO_VIDEO_ID)
        rows = api.get(f"/api/batch/{batch.pk}/items", headers=headers).json()["results"]
        assert rows[0]["error_message"] == said(NO_MODEL)
    with translation.override("xx"):
        exported = b"".join(export(batch, "json")).decode()
    assert NO_MODEL in exported
    assert "⟦" not in exported


@pytest.mark.django_db
@pytest.mark.usefixtures("made_up")
def test_why_captions_were_had_elsewhere_is_translated_on_every_surface() -> None:
    tried = [{"source": "youtube", "code": "po_token_required", "reason": PoTokenRequired.sentence}]
    batch = make_batch(["completed"], summary_fields={"caption_source": "ytdlp", "caption_tried": tried})
    [item] = batch.items.all()
    client = Client()
    client.force_login(batch.user)
    for headers, said in (({}, str), (ASKING, _in_xx)):
        expected = [{**tried[0], "reason": said(PoTokenRequired.sentence)}]
        assert client.get(f"/api/batch/{batch.pk}", headers=headers).json()["items"][0]["caption_tried"] == expected
        assert client.get(f"/api/summaries/{item.summary_id}", headers=headers).json()["caption_tried"] == expected
        page = unescape(client.get(batch.get_absolute_url(), headers=headers).content.decode())
        assert said("YouTube asks for a proof of origin") in page


@pytest.mark.django_db
@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        ("post", "create", {"urls": ["dQw4w9WgXcQ"], "summary_length": "long"}, "There is no length called “long”."),
        ("post", "create", {"urls": ["https://youtu.be/abc"]}, "None of these lines is a link to a YouTube video."),
        ("post", "create", {"files": []}, "urls: ⟦Send a list of links, or files in a form."),
        ("post", "00000000-0000-4000-8000-000000000000/cancel", {}, "Active batch job not found"),
        ("get", "nothing/at/all", {}, "There is nothing at this address."),
    ],
)
def test_the_api_answers_errors_in_the_language_that_is_asked_for(
    method: str, path: str, body: dict[str, Any], detail: str
) -> None:
    api = APIClient()
    api.force_authenticate(make_user())
    call = getattr(api, method)
    english = call(f"/api/batch/{path}", body, format="json").json()
    shown = call(f"/api/batch/{path}", body, format="json", headers=ASKING).json()
    assert english["detail"].startswith(detail.replace("⟦", ""))
    assert shown["detail"].replace("⟦", "").replace("⟧", "") == english["detail"]
    assert detail in shown["detail"]
    assert "⟦" in shown["detail"]
    assert [line["reason"] for line in shown.get("rejected", ())] == [
        _in_xx(line["reason"]) for line in english.get("rejected", ())
    ]


@pytest.mark.django_db
@pytest.mark.usefixtures("made_up")
def test_a_refused_token_is_refused_in_the_language_that_is_asked_for() -> None:
    answer = APIClient().get("/api/batch", headers=ASKING | {"Authorization": "Bearer nonsense"})
    assert answer.json()["detail"].startswith("⟦This token is not known.")


@pytest.mark.django_db
@pytest.mark.usefixtures("made_up")
def test_a_form_says_what_is_wrong_in_another_language(client: Client) -> None:
    client.force_login(make_user())
    form = {"links": "https://youtu.be/abc", "summary_length": "standard"}
    shown = client.post("/", form, headers=ASKING).content.decode()
    assert "⟦None of these lines is a link to a YouTube video." in shown
    assert _in_xx(NO_VIDEO_ID) in shown


@pytest.mark.django_db
@pytest.mark.usefixtures("made_up")
def test_the_reason_of_a_gate_comes_in_another_language(client: Client) -> None:
    now = timezone.now()
    user = make_user(is_staff=True, is_superuser=True)
    batch = make_batch(["pending"], user=user, model="anthropic:a")
    Worker.objects.create(name="w", host="h", pid=1, slots=1)
    gates.pause_engine("anthropic", now + timedelta(minutes=5), SLOW_DOWN)
    client.force_login(user)
    for page in (batch.get_absolute_url(), f"/api/batch/{batch.pk}", "/operations"):
        assert SLOW_DOWN in client.get(page).content.decode(), page
        assert _in_xx(SLOW_DOWN) in client.get(page, headers=ASKING).content.decode(), page
    gates.pause_all(now)
    for page in (batch.get_absolute_url(), f"/api/batch/{batch.pk}"):
        assert "⟦Paused by the administrator.⟧" in client.get(page, headers=ASKING).content.decode(), page


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("made_up")
async def test_live_updates_come_in_the_language_of_each_who_watches() -> None:
    batch = await in_thread(_stopped_batch)()
    browser = await in_thread(page_of)(batch.user)
    program = await in_thread(bearer_of)(batch.user)
    for headers, query, said in (
        (browser, "?language=xx&since=0", _in_xx),
        (browser, "?language=en&since=0", str),
        (browser, "?since=0", str),
        (browser, "?language=%00%F0nonsense", str),
        (browser | {"accept-language": "xx"}, "?language=en", str),
        (program | {"accept-language": "xx;q=0.9, en;q=0.2"}, "", _in_xx),
        (program, "", str),
    ):
        async with listening(batch, headers, query) as socket:
            data = await heard(socket)
        assert [item["error_message"] for item in data["items"]] == [said(NO_MODEL), said(PRIVATE)], query
        assert data["stop_message"] == said(SLOW_DOWN), query


# -- none is forgotten

# What models read, or a database; what is said in the terminal; and what is data.
SAID_TO_OTHERS = {
    *("summarizer/engines/prompts.py", "summarizer/grounding.py"),
    *("summarizer/transcripts/cookies.py", "summarizer/engines/catalog.py"),
    *("batches/metrics.py", "batches/terminal.py", "batches/exports/snapshot.py", "batches/search.py"),
}
FOR_THE_SCHEMA = {"help_text", "description"}
# As sentences look: a capital, a quote or a place first, several words, a full stop.
SENTENCE = re.compile(r"\W*[A-Z“{].*\w+ .*\w[.!?”)]+", re.DOTALL)
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}


def _wording(node: ast.AST) -> str | None:
    """What a string, or one with values in it, says."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _unmarked(node: ast.AST) -> Iterator[ast.AST]:
    """Strings under `node` that no mark encloses; without docstrings, keys, and what describes the API."""
    if isinstance(node, ast.Call) and _is_mark(node):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.keyword) and node.arg in FOR_THE_SCHEMA:
        return
    if _wording(node) is not None:
        yield node
        return
    for child in node.values if isinstance(node, ast.Dict) else ast.iter_child_nodes(node):
        yield from _unmarked(child)


def _is_mark(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in MARKS


def _error_classes(kind: type[SummarizerError] = SummarizerError) -> set[str]:
    return {kind.__name__}.union(*(_error_classes(child) for child in kind.__subclasses__()))


def _messages_of_errors(tree: ast.Module) -> Iterator[ast.AST]:
    """What our errors are made of: the message where one is raised or answered, and what the class says by itself."""
    names = _error_classes()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in names:
                # The values that are filled in are not the sentence.
                yield from (a.func if isinstance(a, ast.Call) and _is_format(a) else a for a in node.args[-1:])
        elif isinstance(node, ast.ClassDef) and node.name in names:
            for line in node.body:
                if isinstance(line, ast.Assign | ast.AnnAssign) and line.value is not None:
                    target = line.targets[0] if isinstance(line, ast.Assign) else line.target
                    if isinstance(target, ast.Name) and target.id in ("sentence", "resting", "codes"):
                        yield line.value


def _is_format(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "format"


def forgotten(source: str) -> list[str]:
    """Sentences of ours that no catalogue would have: whatever looks like one, or an error says, and is not marked; and
    what is marked within an f-string, where xgettext does not look.
    """
    tree = ast.parse(source)
    found = [node for node in _unmarked(tree) if SENTENCE.fullmatch(_wording(node) or "")]
    found += [node for message in _messages_of_errors(tree) for node in _unmarked(message)]
    hidden = [node for string in ast.walk(tree) if isinstance(string, ast.JoinedStr) for node in ast.walk(string)]
    found += [node for node in hidden if isinstance(node, ast.Call) and _is_mark(node)]
    return sorted({ast.unparse(node) for node in found})


def _engine_half() -> list[Path]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    modules = next(each["source_modules"] for each in contracts if each["id"] == "engine-half")
    places = [ROOT.joinpath(*module.split(".")) for module in modules]
    return [
        path for place in places for path in (place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")])
    ]


def _speaking() -> list[Path]:
    """The modules of ours whose sentences people read on a page, live, or from the API."""
    others = [path for top in ("accounts", "batches") for path in (ROOT / top).rglob("*.py")]
    found = [*_engine_half(), ROOT / "summarizer" / "problems.py", *others]
    left_out = {"migrations", "management"}
    return [path for path in found if not left_out & set(path.parts) and _name(path) not in SAID_TO_OTHERS]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", sorted(_speaking()), ids=_name)
def test_no_sentence_is_forgotten(path: Path) -> None:
    assert forgotten(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('raise RateLimited(f"{name} asks us to slow down.")', ["f'{name} asks us to slow down.'"]),
        ('raise errors.InvalidInput("no stop at its end")', ["'no stop at its end'"]),
        ('return VideoRestricted("video_private", "is private")', ["'is private'"]),
        ('raise RateLimited("{name}, slowly".format(name=name))', ["'{name}, slowly'"]),
        ('class WorkerLost(SummarizerError):\n    resting = "It rests"', ["'It rests'"]),
        ('class VideoRestricted(TranscriptError):\n    codes = {"a": "One", "b": "Two"}', ["'One'", "'Two'"]),
        (
            'message = f"The answer was {size} bytes."\nraise ProviderFailed(message)',
            ["f'The answer was {size} bytes.'"],
        ),
        ('reason = "This is not a link."', ["'This is not a link.'"]),
        ('raise RateLimited(_("{name} asks us to slow down.").format(name=f"{name} here"))', []),
        ("told = f'{said} {_(\"(And more.)\")}'", ["_('(And more.)')"]),
        ('raise InvalidInput(_("A name is too long."))', []),
        ('def f():\n    """Says what it does."""\n    log("nothing to say")', []),
    ],
)
def test_a_forgotten_sentence_is_found(source: str, found: list[str]) -> None:
    assert forgotten(source) == found


@pytest.mark.parametrize("message", sorted({text for texts in _python_messages() for text in texts if "{" in text}))
def test_places_are_plain(message: str) -> None:
    """With a format they would need numbers, and a stored sentence has only words left."""
    for _text, name, spec, conversion in Formatter().parse(message):
        assert name is None or (name.isidentifier() and not spec and not conversion)
