"""How good are extractive summaries? One table over real transcripts, beside sumy, the first n sentences, and chance.

    python -m benchmarks.quality [--transcripts DIR] [--only TEXT] [--without-peers] [--write]

DIR holds one JSON file per transcript with `video_id`, `language` and `cues` ({start, duration, text}).
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import log, sqrt
from pathlib import Path
from statistics import fmean
from typing import TypeVar

from benchmarks.extractors import by_chance, lead, lex_rank, text_rank
from benchmarks.measures import Edges, Measures, coverage, is_punctuated, largest_gap, redundancy, words
from summarizer.draft import DraftPoint
from summarizer.engines.extraction.reading import read
from summarizer.engines.extraction.sentences import Sentence
from summarizer.engines.extraction.terms import folded, tokens
from summarizer.engines.extraction.words import language_of
from summarizer.engines.extractive import ExtractiveEngine
from summarizer.records import Cue, Segment, SummaryRequest, no_progress
from summarizer.segments import segment
from summarizer.text import join, tidy
from summarizer.transcripts.cleaning import clean

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT.parent / "shared" / "replay" / "transcripts" / "norm"
RESULTS = ROOT / "benchmarks" / "results" / "quality.json"
PEERS: Mapping[str, Callable[[Sequence[Sentence], int, str], list[Sentence]]] = {
    "sumy LexRank": lex_rank,
    "sumy TextRank": text_rank,
    "first n": lead,
    "random per stretch": by_chance,
}
SLOW = ("sumy LexRank", "sumy TextRank")
HOURS = (1, 2, 4, 8)
LONGEST_FOR_PEERS = 2
_PUNCTUATION = re.compile(r"[.,!?;:…。！？、，；：।؟\"“”«»]+(?=\s|$)|[。！？、，；：।]|(?:^|\s)[-–—]+(?=\s)|>>")


@dataclass(frozen=True, slots=True)
class Sample:
    """One real transcript, cleaned and cut as in production."""

    name: str
    language: str
    cues: tuple[Cue, ...]

    @property
    def duration(self) -> float:
        return max(cue.start + cue.duration for cue in self.cues)

    @property
    def text(self) -> str:
        return join(cue.text for cue in self.cues)


@dataclass(frozen=True, slots=True)
class Quality(Measures):
    """With how much of what the whole text speaks of is in the extracts, 0 to 1."""

    content: float


def load(folder: Path, only: str) -> list[Sample]:
    samples = []
    for path in sorted(path for path in folder.glob("*.json") if only in path.name):
        data = json.loads(path.read_text(encoding="utf-8"))
        cues = clean(Cue(cue["start"], cue["duration"], cue["text"]) for cue in data["cues"])
        samples.append(Sample(path.stem, data["language"], cues))
    return samples


def without_punctuation(sample: Sample) -> Sample:
    """The same captions as an automatic track writes them: small letters, no full stops."""
    cues = tuple(replace(cue, text=tidy(_PUNCTUATION.sub(" ", cue.text)).lower()) for cue in sample.cues)
    return replace(sample, name=f"{sample.name}.bare", cues=tuple(cue for cue in cues if cue.text))


def measure(sample: Sample, extracts: Sequence[Sentence], everything: Sequence[Sentence], seconds: float) -> Quality:
    spoken = sample.text
    return Quality(
        extracts=len(extracts),
        coverage=coverage(extracts, sample.duration),
        largest_gap=largest_gap(extracts, sample.duration),
        redundancy=redundancy(extracts, everything),
        broken=edges(spoken).broken([each.text for each in extracts]) if is_punctuated(spoken) else None,
        compression=sum(len(each.text) for each in extracts) / len(spoken),
        seconds_per_hour=seconds / sample.duration * 3600,
        content=content(extracts, everything),
    )


def content(extracts: Sequence[Sentence], everything: Sequence[Sentence]) -> float:
    """Cosine of all extracts together to the whole text, as tf·idf vectors over all their words."""
    said = [Counter(words(each.text)) for each in everything]
    frequency = Counter(word for counts in said for word in counts)
    idf = {word: log(1 + len(everything) / count) for word, count in frequency.items()}
    whole: Counter[str] = sum(said, Counter())
    part = Counter(word for each in extracts for word in words(each.text))
    product = sum(count * whole[word] * idf[word] ** 2 for word, count in part.items())
    return product / (_norm(whole, idf) * _norm(part, idf) or 1.0)


def _norm(counts: Mapping[str, int], idf: Mapping[str, float]) -> float:
    return sqrt(sum((count * idf[word]) ** 2 for word, count in counts.items()))


def edges(spoken: str) -> Edges:
    return Edges(spoken, language_of(folded(token) for token in tokens(spoken)))


def compare(sample: Sample, with_peers: bool) -> dict[str, Quality]:
    """Every method's measures, each with as many extracts as our summary of standard length has points."""
    segments = segment(sample.cues)
    points, seconds = _timed(lambda: our_points(segments))
    reading = read(segments, no_progress)
    everything = reading.sentences if reading else []
    ours = [_sentence_of(point, everything) for point in points]
    measured = {"ours": measure(sample, ours, everything, seconds)}
    for name, choose in PEERS.items():
        if not with_peers and name in SLOW:
            continue
        chosen, seconds = _timed(partial(choose, everything, len(ours), sample.language))
        measured[name] = measure(sample, chosen, everything, seconds)
    return measured


def our_points(segments: Sequence[Segment]) -> list[DraftPoint]:
    return ExtractiveEngine().summarize(segments, SummaryRequest(length="standard"), no_progress).draft.key_points


def _sentence_of(point: DraftPoint, everything: Sequence[Sentence]) -> Sentence:
    return next(each for each in everything if each.segment == point.segments[0] and each.text[1:] == point.text[1:])


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    before = time.process_time()
    return work(), time.process_time() - before


def table(rows: Mapping[str, Sequence[Quality]]) -> str:
    """Means over the transcripts, as Markdown."""
    lines = [
        "| method | coverage over time | largest gap | redundancy | content | mid-sentence | of the text "
        "| CPU s per hour |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, measures in rows.items():
        known = [each.broken for each in measures if each.broken is not None]
        cells = [
            f"{fmean(each.coverage for each in measures):.1%}",
            f"{fmean(each.largest_gap for each in measures):.1%}",
            f"{fmean(each.redundancy for each in measures):.4f}",
            f"{fmean(each.content for each in measures):.3f}",
            f"{fmean(known):.1%}" if known else "–",
            f"{fmean(each.compression for each in measures):.1%}",
            f"{fmean(each.seconds_per_hour for each in measures):.2f}",
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def by_method(results: Iterable[Mapping[str, Quality]]) -> dict[str, list[Quality]]:
    rows: dict[str, list[Quality]] = {}
    for result in results:
        for name, measures in result.items():
            rows.setdefault(name, []).append(measures)
    return rows


def without_full_stops(samples: Sequence[Sample]) -> dict[str, float]:
    """The share of extracts that start or end in mid-sentence when full stops and capitals are taken away first.

    The original's full stops are the judge. "each caption" is what a summarizer gets that takes captions as sentences.
    """
    judged = [(sample, edges(sample.text)) for sample in samples if is_punctuated(sample.text)]
    ours = [
        judge.broken([point.text for point in our_points(segment(without_punctuation(sample).cues))])
        for sample, judge in judged
    ]
    captions = [judge.broken([cue.text for cue in sample.cues]) for sample, judge in judged]
    return {"ours": fmean(ours), "each caption": fmean(captions)}


def end_to_end(samples: Sequence[Sample], hours: float) -> tuple[Cue, ...]:
    """English captions put one behind the other, again from the first if they are not enough, up to so many hours."""
    cues: list[Cue] = []
    begin = 0.0
    while begin < hours * 3600:
        for sample in samples:
            cues.extend(replace(cue, start=begin + cue.start) for cue in sample.cues)
            begin += sample.duration
    return tuple(cue for cue in cues if cue.start < hours * 3600)


def by_length(samples: Sequence[Sample], with_peers: bool) -> dict[str, dict[int, float]]:
    """CPU seconds by method and hours of video. sumy is not asked beyond the hours that it does in minutes."""
    english = [sample for sample in samples if sample.language.startswith("en")] or samples
    methods: dict[str, dict[int, float]] = {"ours": {}}
    for hours in HOURS:
        segments = segment(end_to_end(english, hours))
        points, methods["ours"][hours] = _timed(partial(our_points, segments))
        reading = read(segments, no_progress)
        if not with_peers or reading is None or hours > LONGEST_FOR_PEERS:
            continue
        for name in SLOW:
            choose = partial(PEERS[name], reading.sentences, len(points), "en")
            methods.setdefault(name, {})[hours] = _timed(choose)[1]
    return methods


def table_by_length(methods: Mapping[str, Mapping[int, float]]) -> str:
    """CPU seconds, and seconds per hour of video, as Markdown."""
    lines = [f"| CPU s (per hour) | {' | '.join(f'{hours} h' for hours in HOURS)} |", "|---" * (len(HOURS) + 1) + "|"]
    for name, seconds in methods.items():
        cells = [f"{seconds[hours]:.1f} ({seconds[hours] / hours:.2f})" if hours in seconds else "–" for hours in HOURS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def report(samples: Sequence[Sample], with_peers: bool) -> tuple[str, dict[str, object]]:
    """The text to print, and the same as data."""
    results = {}
    for sample in samples:
        results[sample.name] = compare(sample, with_peers)
        print(".", end="", flush=True)
    print()
    rows = by_method(results.values())
    cut = without_full_stops(samples)
    lengths = by_length(samples, with_peers)
    bare = "\n".join(f"| {name} | {share:.1%} |" for name, share in cut.items())
    text = (
        f"{len(samples)} transcripts, {sum(sample.duration for sample in samples) / 3600:.1f} hours, "
        f"{sum(each.extracts for each in rows['ours'])} extracts per method\n\n{table(rows)}\n\n"
        f"| full stops taken away | mid-sentence |\n|---|---|\n{bare}\n\n{table_by_length(lengths)}\n"
    )
    data: dict[str, object] = {
        "python": platform.python_version(),
        "without_full_stops": cut,
        "cpu_seconds_by_hours": lengths,
        "transcripts": {
            name: {method: asdict(measures) for method, measures in methods.items()}
            for name, methods in results.items()
        },
    }
    return text, data


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--transcripts", type=Path, default=DEFAULT, help="folder of transcripts, one JSON file each")
    parser.add_argument("--only", default="", help="only files whose names contain this")
    parser.add_argument("--without-peers", action="store_true", help="leave sumy out, which takes minutes")
    parser.add_argument("--write", action="store_true", help=f"keep the numbers in {RESULTS.relative_to(ROOT)}")
    options = parser.parse_args(arguments)
    if not options.transcripts.is_dir():
        print(f"There is no folder {options.transcripts}. Name one with --transcripts.")
        return 2
    text, data = report(load(options.transcripts, options.only), not options.without_peers)
    print(text)
    if options.write:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
