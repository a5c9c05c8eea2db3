"""Takes away what captions show besides speech, for every source: sounds, repeats, marks. Never a word of speech.

Captions scroll: automatic ones, saved as a file, show each line twice or three times (“rolling”). They are unrolled
only when the file as a whole scrolls, because people do say “no, no” in two captions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from summarizer.errors import InvalidCaptionFile
from summarizer.marks import gettext_noop as _
from summarizer.records import Cue
from summarizer.text import join, sentences, tidy

MOST_CUES = 200_000  # eight hours, word by word, are 72,000
LONGEST_CUE = 600  # characters; a longer one is cut into sentences, so that a segment can never outgrow a model
_PIECE = 300
_SAMPLE = 2000  # pairs of cues that are looked at to see whether a file rolls
_MOST_UNITS = 100  # lines or words of one cue that are compared with the next
_BLINK = 0.1  # seconds

_NOTES = re.compile("[♩♪♫♬🎵🎶🎼]+")
_SPEAKER_MARK = re.compile(r"^(?:(?:>{2,}|»)\s*|[-–—•]\s+(?!\d))+")
_INNER_MARK = re.compile(r"(?:^|(?<=\s))>{2,}\s*")
_ONLY_BRACKETS = re.compile(r"[\s.,!?–—-]*(?:\[[^\[\]]{0,80}\][\s.,!?–—-]*)+")
_BRACKETED = re.compile(r"[\[【［]([^\[\]【】［］]{1,60})[\]】］]|[(（]([^()（）]{1,60})[)）]")
_ONLY_NAME = re.compile(r"[^\s:：][^:：]{0,40}[:：]")
_STRAY_MARK = re.compile(r"(?<=[:：]) ?[.,;]| (?=[.,!?;:])")  # left behind by a sound

# What captions call the sounds of a room, in the languages YouTube writes them. Stems, at the start of a word.
_SOUND_STEMS = (
    "music applau laugh chuckl giggl snicker cheer clap sigh cough sneez gasp groan grunt growl scream whoosh whistl "
    "beep buzz rustl thud footstep inaudible indistinct unintelligible crosstalk silence singing humming "
    "musik applaus gelächter lachen lacht beifall jubel música aplauso risa riso musique rire musica applaus risat "
    "музык аплод аппл смех смеё смее oklaski śmiech muzyk muziek gelach müzik alkış gülü музика оплеск сміх "
    "applåd skratt hudba potlesk smích μουσικ χειροκρ γέλι tertawa موسيقى تصفيق ضحك موسیقی تشویق خنده "
    "מוזיקה כפיים צחוק संगीत ताली हंसी हँसी 음악 박수 웃음"
)
_SOUND = re.compile(
    f"(?:{'|'.join(_SOUND_STEMS.split())})|.*(?:音楽|拍手|歓声|笑|音乐|音樂|掌[声聲]|鼓掌|ดนตรี|เพลง|ปรบมือ|หัวเราะ)", re.I
)


def clean(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """`cues` (text possibly of several lines) sorted by start, without noise and repeats; each text one tidy line.

    A cue that shows no time at all but has words of its own is kept: there are such captions, and they are speech.
    Raises `InvalidCaptionFile` for more than `MOST_CUES`, which long ones may become when they are cut.
    """
    ordered = sorted(cues, key=lambda cue: cue.start)
    spoken = (_without_noise(cue) for cue in _unrolled(ordered))
    cleaned = tuple(islice(_cut_long(_without_duplicates(cue for cue in spoken if cue.text)), MOST_CUES + 1))
    if len(cleaned) > MOST_CUES:
        sentence = _("There are more than {number} captions. Split them into several files.")
        raise InvalidCaptionFile(sentence.format(number=f"{MOST_CUES:,}"))
    return cleaned


def _lines(cue: Cue) -> list[str]:
    return [line for raw in cue.text.splitlines() if (line := _SPEAKER_MARK.sub("", tidy(raw)))]


def _saying(cue: Cue, text: str) -> Cue:
    return cue if text == cue.text else replace(cue, text=text)


# -- rolling captions


def _unrolled(cues: Sequence[Cue]) -> Iterator[Cue]:
    shown = [_lines(cue) for cue in cues]
    if _rolls(cues, shown, least=1):
        yield from _without_rolled(cues, shown, "\n".join)
    elif _rolls(cues, map(_words, shown), least=3):
        yield from _without_rolled(cues, map(_words, shown), " ".join)
    else:
        for cue, lines in zip(cues, shown, strict=True):
            yield _saying(cue, "\n".join(lines))


def _words(lines: Iterable[str]) -> list[str]:
    return join(lines).split()


def _shared(before: Sequence[str], after: Sequence[str]) -> int:
    """How many units at the end of `before` are those that `after` begins with."""
    for count in range(min(len(before), len(after), _MOST_UNITS), 0, -1):
        if before[-count] == after[0] and list(before[-count:]) == list(after[:count]):
            return count
    return 0


def _follows(before: Cue, after: Cue) -> bool:
    return after.start <= before.start + before.duration + 1.0


def _rolls(cues: Sequence[Cue], units: Iterable[list[str]], least: int) -> bool:
    """Whether scrolling is how this file was made: many cues begin with what the last one ended with, and go on."""
    sample = cues[: _SAMPLE + 1]
    shown = list(islice(units, len(sample)))
    repeats = grows = 0
    for before, after, old, new in zip(sample, sample[1:], shown, shown[1:], strict=False):
        shared = _shared(old, new) if _follows(before, after) else 0
        if shared and (shared >= least or shared == len(old)):
            repeats += 1
            grows += shared < len(new)
    pairs = len(sample) - 1
    return grows >= 2 and repeats >= 0.5 * pairs and grows >= 0.2 * pairs


def _without_rolled(
    cues: Iterable[Cue], units: Iterable[list[str]], joined: Callable[[list[str]], str]
) -> Iterator[Cue]:
    before: Cue | None = None
    shown: list[str] = []
    for cue, now in zip(cues, units, strict=True):
        if not now:
            continue
        shared = _shared(shown, now) if before is not None and _follows(before, cue) else 0
        if fresh := now[shared:]:
            yield replace(cue, text=joined(fresh))
        before, shown = cue, now


# -- noise


def _without_noise(cue: Cue) -> Cue:
    text = join(cue.text.splitlines())
    if not text.isascii():
        text = tidy(_NOTES.sub(" ", text))
    if ">>" in text:
        text = tidy(_INNER_MARK.sub("", text))
    if "[" in text or "(" in text or "（" in text or "【" in text or "［" in text:
        text = _without_sounds(text)
    return _saying(cue, text)


def _without_sounds(text: str) -> str:
    """Sounds in brackets go. Square brackets around everything are sounds by convention, whatever they name."""
    if _ONLY_BRACKETS.fullmatch(text):
        return ""
    alone = bool(_BRACKETED.fullmatch(text))
    without = _BRACKETED.sub(lambda found: " " if _is_sound(found, alone) else found[0], text)
    if without == text:
        return text
    without = _STRAY_MARK.sub("", tidy(without)).strip()
    return "" if _ONLY_NAME.fullmatch(without) or not any(map(str.isalnum, without)) else without


def _is_sound(found: re.Match[str], alone: bool) -> bool:
    """Round brackets hold asides too (“the charts (folk music)”): only a sound of one word, or a cue of its own."""
    words = (found[1] or found[2]).split()
    if not words:
        return False
    if found[1]:
        return len(words) <= 4 and any(map(_SOUND.match, words))
    return len(words) <= (4 if alone else 1) and any(map(_SOUND.match, (words[0], words[-1])))


# -- duplicates and giants


def _without_duplicates(cues: Iterable[Cue]) -> Iterator[Cue]:
    """The same words shown again within the time of the first showing were said once."""
    before: Cue | None = None
    for cue in cues:
        if before is not None and cue.text == before.text:
            inside = cue.start + cue.duration <= before.start + before.duration + _BLINK
            if cue.start - before.start < _BLINK or inside:
                continue
        yield cue
        before = cue


def _cut_long(cues: Iterable[Cue]) -> Iterator[Cue]:
    for cue in cues:
        if len(cue.text) <= LONGEST_CUE:
            yield cue
            continue
        per_character = cue.duration / sum(map(len, sentences(cue.text, _PIECE)))
        start = cue.start
        for piece in sentences(cue.text, _PIECE):
            yield Cue(start, len(piece) * per_character, piece)
            start += len(piece) * per_character
