"""From a video id to a summary: fetch, cut into segments, ask the engine, hold its answer against the transcript."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Protocol

from summarizer import records
from summarizer.draft import Draft
from summarizer.engines.base import Answer, Engine
from summarizer.errors import ContextOverflow, EmptyTranscript, EngineError, NotGrounded, RateLimited
from summarizer.grounding import Grounded, ground, left_out, within
from summarizer.records import (
    ANY_CAPTIONS,
    NO_PARTICULARS,
    NO_VIDEO,
    CaptionChoice,
    Fetched,
    Progress,
    Segment,
    SummaryRequest,
    Transcript,
    Usage,
    Video,
)
from summarizer.segments import coverage, particulars, segment, split
from summarizer.side_by_side import side_by_side
from summarizer.transcripts.base import TranscriptSource


class PartStore(Protocol):
    """Keeps the answers for the parts of a long video, their merges, and one that is being mended: no retry pays again.

    `key` is the SHA-256 of all that the answer depends on, but for the particulars of the video: a title that was
    changed between two tries is no reason to pay again. `index` is the place of its first segment, from 0.
    """

    def get(self, key: str) -> Answer | None: ...

    def put(self, key: str, index: int, answer: Answer) -> None: ...


class _NoStore:
    def get(self, key: str) -> Answer | None:
        return None

    def put(self, key: str, index: int, answer: Answer) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Result:
    """What `Pipeline.run` answers."""

    fetched: Fetched
    summary: records.Summary


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Turns one video into one summary. Whoever keeps the transcript in between calls the two steps of `run`.

    `concurrency` is how many parts of a long video are asked for at the same time. `parts` is called from the thread
    of the caller only.
    """

    source: TranscriptSource
    engine: Engine
    parts: PartStore | None = None
    concurrency: int = 1

    def run(
        self, video_id: str, request: SummaryRequest, progress: Progress, wanted: CaptionChoice = ANY_CAPTIONS
    ) -> Result:
        """Both steps. Raises `SummarizerError`."""
        fetched = self.fetch(video_id, wanted, progress)
        return Result(fetched, self.summarize(fetched.transcript, request, progress, fetched.video))

    def fetch(self, video_id: str, wanted: CaptionChoice, progress: Progress) -> Fetched:
        """The transcript of the video, and what its source says about it. Raises `TranscriptError`."""
        progress("transcript")
        return self.source.fetch(video_id, wanted, progress)

    def summarize(
        self, transcript: Transcript, request: SummaryRequest, progress: Progress, video: Video = NO_VIDEO
    ) -> records.Summary:
        """A summary whose every point, chapter and quote leads to a second of the video.

        The engine is told what the page of `video` says of it; what it cites is held against the transcript alone.
        Raises `EmptyTranscript`, `NotGrounded` when nothing of the answer can be found in the video, and whatever the
        engine raises. The usage is that of all calls, thrown away answers and saved parts included.
        """
        segments = segment(transcript.cues)
        if not any(each.text.strip() for each in segments):
            raise EmptyTranscript
        request = replace(request, particulars=particulars(video, segments))
        reading = _Reading(self.engine, self.parts or _NoStore(), self.concurrency, request, progress)
        drafted = reading.read(segments)
        progress("checking")
        checked = self._checked(drafted, segments, reading)
        if not checked.grounded.points:
            raise NotGrounded
        draft, grounded = checked.answer.draft, checked.grounded
        return records.Summary(
            headline=draft.headline,
            overview=draft.overview,
            points=grounded.points,
            chapters=grounded.chapters,
            quotes=grounded.quotes,
            topics=tuple(draft.topics),
            action_items=tuple(draft.action_items),
            mentions=tuple(draft.mentions),
            grounding=grounded.grounding,
            coverage=coverage(drafted.read, segments),
            language=(request.language if self.engine.follows_wishes else "") or transcript.language,
            engine=self.engine.name,
            model=self.engine.model,
            prompt_version=self.engine.prompt_version,
            usage=checked.answer.usage,
        )

    def _checked(self, drafted: _Drafted, segments: Sequence[Segment], reading: _Reading) -> _Checked:
        """The draft against the transcript; asks the engine once to mend what does not hold, and keeps the better."""
        first = drafted.checked(segments)
        problems = (*first.grounded.problems, *first.unheard)
        if not problems:
            return first
        reading.keep(segments, first.answer)  # so that a repair that is interrupted does not cost the rest again
        shown = self._to_show(drafted, segments, reading.request)
        try:
            again = self.engine.repair(shown, first.answer.draft, problems, reading.request, reading.progress)
        except EngineError as error:
            if isinstance(error, RateLimited) and self.parts is not None:
                raise  # everybody has to wait, and the repair can be made then: the draft is saved
            if first.grounded.points:
                return first  # what was paid for and holds is worth more than a retry of everything
            raise
        usage = first.answer.usage + again.usage
        second = replace(drafted, answer=Answer(again.draft, usage)).checked(segments)
        better = max(first, second, key=_Checked.worth)
        return replace(better, answer=Answer(better.answer.draft, usage))

    def _to_show(self, drafted: _Drafted, segments: Sequence[Segment], request: SummaryRequest) -> Sequence[Segment]:
        """The segments a repair needs to see: all if they fit, else those the draft cites and their neighbours.

        First of all, though, those that were cited from parts which the draft says nothing of.
        """
        budget = self.engine.segment_budget(request)
        count = self.engine.count_tokens
        if budget is None or sum(count(each.text) for each in segments) <= budget:
            return segments
        cited = _cited(drafted.answer.draft)
        missed = {id for part in drafted.unheard() for id in _cited(part.draft)}
        near = missed | cited | {id + 1 for id in cited} | {id - 1 for id in cited}
        shown: list[Segment] = []
        wanted = [each for each in segments if each.id in near]
        for each in sorted(wanted, key=lambda each: (each.id not in missed, each.id not in cited)):
            budget -= count(each.text)
            if budget < 0:
                break
            shown.append(each)
        return sorted(shown, key=lambda each: each.id)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some consecutive segments, and what of the draft made of them is really theirs."""

    segments: Sequence[Segment]
    draft: Draft


@dataclass(frozen=True, slots=True)
class _Drafted:
    """A draft of the whole video, and the parts that it was merged from, if it was."""

    answer: Answer
    read: Sequence[Segment]
    parts: Sequence[_Part] = ()

    def unheard(self) -> list[_Part]:
        """The parts of whose points nothing is left; none where there are fewer points than parts."""
        if len(self.parts) > len(self.answer.draft.key_points):
            return []
        cited = _cited(self.answer.draft)
        return [
            part for part in self.parts if part.draft.key_points and not any(each.id in cited for each in part.segments)
        ]

    def checked(self, segments: Sequence[Segment]) -> _Checked:
        unheard = tuple(left_out(part.segments) for part in self.unheard())
        return _Checked(self.answer, ground(self.answer.draft, segments), unheard)


@dataclass(frozen=True, slots=True)
class _Checked:
    """`unheard` has a sentence for each part of the video that a merge has left out."""

    answer: Answer
    grounded: Grounded
    unheard: tuple[str, ...]

    def worth(self) -> tuple[bool, int, int, int]:
        """Of the whole video is better, then more that holds; of the same, less that does not."""
        found = self.grounded.grounding
        dropped = found.points_dropped + found.quotes_dropped + found.chapters_dropped
        held = found.points + found.quotes + len(self.grounded.chapters)
        return (bool(found.points), -len(self.unheard), held, -dropped)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The engine reads all segments of one video: at once if they fit, else in parts whose drafts it then merges."""

    engine: Engine
    store: PartStore
    concurrency: int
    request: SummaryRequest
    progress: Progress

    def read(self, segments: Sequence[Segment]) -> _Drafted:
        budget = self.engine.segment_budget(self.request)
        self.progress("summarizing")
        if budget is None:
            return _Drafted(self.engine.summarize(segments, self.request, self.progress), segments)
        kept = self.store.get(self._key(segments))
        if kept is not None:
            return _Drafted(kept, segments)
        parts: Sequence[Sequence[Segment]] = split(segments, budget, self.engine.count_tokens)
        if len(parts) == 1:
            try:
                return _Drafted(self.engine.summarize(segments, self.request, self.progress), segments)
            except ContextOverflow:
                parts = _halves(segments)
        answers = self._answers(parts)
        ends = [*sorted(answers), segments[-1].id + 1]
        own = [
            _Part(part, within(answers[first].draft, part))
            for first, following in pairwise(ends)
            if (part := segments[first - 1 : following - 1])
        ]
        merged = self._merged([part.draft for part in own], budget)
        usage = sum((answer.usage for answer in answers.values()), merged.usage)
        return _Drafted(Answer(merged.draft, usage), [each for part in parts for each in part], own)

    def keep(self, segments: Sequence[Segment], answer: Answer) -> None:
        """Saves the answer for the whole video, if it was paid for."""
        if answer.usage.calls:
            self.store.put(self._key(segments), 0, answer)

    def _answers(self, parts: Sequence[Sequence[Segment]]) -> dict[int, Answer]:
        """The answer for each part, by its first segment's id: the saved one, else the engine's, saved at once.

        A part that the provider finds too long, counting more tokens than we do, is asked for in halves.
        """
        answers: dict[int, Answer] = {}
        waiting = list(parts)
        while waiting:
            self._ask_for(waiting, answers)
            waiting = [half for part in waiting if part[0].id not in answers for half in _halves(part)]
        return answers

    def _ask_for(self, parts: Sequence[Sequence[Segment]], answers: dict[int, Answer]) -> None:
        """Puts into `answers`, by the id of the first segment, what there is to have for `parts`."""
        expected = len(answers) + len(parts)
        keys = [self._key(part) for part in parts]
        saved = {index: answer for index, key in enumerate(keys) if (answer := self.store.get(key)) is not None}
        answers |= {parts[index][0].id: answer for index, answer in saved.items()}

        def ask(index: int, progress: Progress) -> Answer | None:
            try:
                return self.engine.summarize(parts[index], self.request, progress)
            except ContextOverflow:
                if len(parts[index]) == 1:
                    raise
                return None

        def keep(index: int, answer: Answer | None) -> None:
            if answer is not None:
                self.store.put(keys[index], parts[index][0].id - 1, answer)
                answers[parts[index][0].id] = answer
                self.progress("summarizing", len(answers), expected)

        def tick(stage: records.Stage, done: int = 0, total: int = 0) -> None:
            self.progress(stage, len(answers), expected)

        tick("summarizing")
        side_by_side([index for index in range(len(parts)) if index not in saved], ask, keep, tick, self.concurrency)

    def _key(self, part: Sequence[Segment]) -> str:
        return self._digest([[each.id, each.text] for each in part])

    def _digest(self, content: object) -> str:
        wishes = asdict(replace(self.request, particulars=NO_PARTICULARS))
        what = [self.engine.name, self.engine.model, self.engine.prompt_version, wishes]
        text = json.dumps([*what, content], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def _merged(self, drafts: Sequence[Draft], budget: int) -> Answer:
        """One draft of all, in rounds of as many as fit into a call; at least two, so that it comes to an end."""
        usage = Usage()
        while len(drafts) > 1:
            merged: list[Draft] = []
            for group in self._groups(drafts, budget):
                try:
                    answer = self._merge(group)
                except ContextOverflow:
                    budget //= 2
                    merged += group
                else:
                    merged.append(answer.draft)
                    usage += answer.usage
            drafts = merged
        return Answer(drafts[0], usage)

    def _merge(self, group: Sequence[Draft]) -> Answer:
        if len(group) == 1:
            return Answer(group[0], Usage())
        key = self._digest([draft.model_dump() for draft in group])
        if (kept := self.store.get(key)) is not None:
            return kept
        try:
            answer = self.engine.merge(group, self.request, self.progress)
        except ContextOverflow:
            if len(group) > 2:
                raise
            return Answer(_joined(*group), Usage())  # all of it, if not in fewer words, is better than nothing
        self.store.put(key, 0, answer)
        return answer

    def _groups(self, drafts: Sequence[Draft], budget: int) -> list[list[Draft]]:
        groups: list[list[Draft]] = []
        left = 0
        for draft in drafts:
            size = self.engine.count_tokens(draft.model_dump_json())
            if groups and (size <= left or len(groups[-1]) < 2):
                groups[-1].append(draft)
            else:
                groups.append([draft])
                left = budget
            left -= size
        return groups


def _cited(draft: Draft) -> set[int]:
    cited = {id for point in draft.key_points for id in point.segments}
    return cited | {chapter.segment for chapter in draft.chapters} | {quote.segment for quote in draft.quotes}


def _halves(part: Sequence[Segment]) -> list[Sequence[Segment]]:
    if len(part) < 2:
        raise ContextOverflow
    return [part[: len(part) // 2], part[len(part) // 2 :]]


def _joined(first: Draft, second: Draft) -> Draft:
    """Both drafts in one, one after the other, for a model whose window does not hold them to merge them."""
    lists = ("key_points", "chapters", "quotes", "topics", "action_items", "mentions")
    together = {name: [*getattr(first, name), *getattr(second, name)] for name in lists}
    return first.model_copy(update={"overview": f"{first.overview} {second.overview}".strip(), **together})
