"""What YouTube says of a video reaches the model, on every way to it; of an uploaded file nothing does."""

from __future__ import annotations

from typing import Any

import pytest

from batches import operations, work
from batches.models import Video
from tests.batches.builders import make_batch, make_transcript, make_user, make_video
from tests.batches.fetching import batch_of, reaching, work_on
from tests.batches.paid import PRICED, llm, paid_batch, run, server
from tests.fakes.llm import FakeLLM
from tests.fakes.youtube import FakeYouTube

__all__ = ["llm", "server"]
pytestmark = pytest.mark.django_db

CHAPTERS = [[0.0, "The sky"], [65.0, "The dark"]]
TOLD = "\nTitle: Bees\nChannel: Apiary\nChapter from segment 1 on: The sky\nChapter from segment 2 on: The dark\n"


def describe_all() -> None:
    Video.objects.update(title="Bees", channel="Apiary", chapters=CHAPTERS)


def test_of_a_fetched_video_the_first_try_is_told_already(llm: FakeLLM, settings: Any) -> None:
    with FakeYouTube() as fake, reaching(settings, fake.base_url, YOUTUBE_TIMEOUT=5):
        batch = batch_of(["vid00000001"])
        type(batch).objects.update(model=PRICED)
        work_on(batch)
    video = Video.objects.get()
    assert video.chapters
    prompt = llm.requests[0].prompt
    assert f"Title: {video.title}\nChannel: Fake Channel\nChapter from segment 1 on: Part 1\n" in prompt
    assert prompt.count("\nChapter from segment ") == len(video.chapters)


def test_saved_captions_and_running_again_are_told_and_begin_with_the_same_words(llm: FakeLLM) -> None:
    batch = paid_batch()
    describe_all()
    run(batch)
    run(operations.rerun_batch(batch, summary_length="detailed", options={"language": "de"}))
    first, second = (recorded.prompt for recorded in llm.requests)
    assert TOLD in first
    end = first.index("</transcript>\n")
    assert first[:end] == second[:end]


@pytest.mark.django_db(transaction=True)
def test_the_command_line_s_own_lanes_tell_it_too(llm: FakeLLM) -> None:
    batch = paid_batch()
    describe_all()
    work.run_here(batch.pk, lambda: None)
    assert TOLD in llm.requests[0].prompt


def test_captions_that_were_uploaded_for_a_video_are_read_with_its_page(llm: FakeLLM) -> None:
    user = make_user()
    video = make_video(title="Bees", channel="Apiary")
    upload = make_transcript(video, owner_id=user.pk, kind="uploaded", source="upload")
    run(make_batch(["pending"], user=user, videos=[video], model=PRICED, item_fields={"transcript": upload}))
    assert "\nTitle: Bees\nChannel: Apiary\n</particulars>\n" in llm.requests[0].prompt


def test_the_name_of_an_uploaded_file_is_no_title(llm: FakeLLM) -> None:
    user = make_user()
    video = make_video(owner=user, title="final_v3 (copy)", channel="")
    item = {"transcript": make_transcript(video)}
    assert run(make_batch(["pending"], user=user, videos=[video], model=PRICED, item_fields=item)).completed_videos == 1
    assert "final_v3" not in llm.requests[0].prompt
    assert "particulars" not in llm.requests[0].prompt
