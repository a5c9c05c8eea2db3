"""A whole batch again, differently: the same videos, from saved captions, without asking YouTube."""

from __future__ import annotations

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from batches import operations
from batches.errors import LimitReached
from batches.models import Batch, Summary, Transcript
from summarizer.errors import InvalidInput
from tests.batches.builders import make_batch, make_transcript, make_user, make_video
from tests.batches.paid import PRICED, llm, paid_batch, run, server
from tests.fakes.llm import FakeLLM

__all__ = ["llm", "server"]
pytestmark = pytest.mark.django_db


def videos_of(batch: Batch) -> list[tuple[int, object, object]]:
    return list(batch.items.order_by("position").values_list("position", "video", "transcript"))


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_the_same_videos_in_their_places_with_their_captions_and_other_wishes() -> None:
    batch = run(paid_batch(3, model="extractive"))

    again = operations.rerun_batch(batch, summary_length="brief", options={"instructions": "for a child"})

    assert again.pk != batch.pk
    assert videos_of(again) == videos_of(batch)
    assert (again.name, again.model, again.summary_length) == ("Bread (again)", "extractive", "brief")
    assert (again.total_videos, again.status) == (3, "pending")
    assert again.request.instructions == "for a child"
    assert run(again).completed_videos == 3
    assert Summary.objects.count() == 6
    assert {summary.length for summary in Summary.objects.filter(item__batch=again)} == {"brief"}
    batch.refresh_from_db()
    assert batch.completed_videos == 3


def test_what_is_not_said_stays_as_it_was() -> None:
    options = {"language": "de", "caption_languages": ["en"]}
    batch = run(paid_batch(model="extractive", summary_length="detailed", options=options))
    same = operations.rerun_batch(batch, name="Once more")
    assert (same.name, same.model, same.summary_length, same.options) == (
        "Once more", "extractive", "detailed", options,
    )  # fmt: skip
    other = operations.rerun_batch(batch, options={"language": "ar"})
    assert other.options == {"language": "ar", "caption_languages": ["en"]}
    assert other.items.get().transcript is not None


def test_another_language_and_instructions_reach_the_model(llm: FakeLLM) -> None:
    batch = run(paid_batch(model="extractive"))
    again = run(
        operations.rerun_batch(
            batch,
            model=PRICED,
            summary_length="brief",
            options={"language": "ar", "instructions": "for a biologist; list every drug named"},
        )
    )
    assert again.completed_videos == 1
    prompt = llm.requests[-1].prompt
    assert "Write in this language: ar." in prompt
    assert "for a biologist; list every drug named" in prompt
    assert "Be brief" in prompt
    assert Summary.objects.get(item__batch=again).language == "ar"


def test_a_second_style_begins_with_the_same_words_so_that_the_provider_s_cache_serves_it(llm: FakeLLM) -> None:
    batch = run(paid_batch())
    run(operations.rerun_batch(batch, summary_length="detailed"))
    first, second = (recorded.prompt for recorded in llm.requests)
    end = first.index("</transcript>")
    assert first[:end] == second[:end]


def test_what_had_no_captions_yet_is_fetched_as_usual_or_found_meanwhile() -> None:
    found, missing = make_video(), make_video()
    batch = make_batch(["failed", "failed"], videos=[found, missing])
    transcript = make_transcript(found)
    again = operations.rerun_batch(batch)
    assert [item.transcript for item in again.items.order_by("position")] == [transcript, None]
    assert {item.status for item in again.items.all()} == {"pending"}


def test_captions_in_a_language_that_is_not_asked_for_are_not_taken() -> None:
    batch = paid_batch(model="extractive")
    again = operations.rerun_batch(batch, options={"caption_languages": ["fr"]})
    assert again.items.get().transcript is None


def test_captions_that_were_the_best_to_be_had_are_not_fetched_again() -> None:
    batch = run(paid_batch(model="extractive"))
    wished = {"caption_languages": ["fr"]}  # which the video does not have
    Batch.objects.filter(pk=batch.pk).update(options=wished)
    batch.refresh_from_db()

    again = operations.rerun_batch(batch, summary_length="brief")

    assert again.options == wished
    assert videos_of(again) == videos_of(batch)
    assert again.items.get().transcript is not None


def test_uploads_come_along() -> None:
    user = make_user()
    video = make_video(owner=user)
    upload = make_transcript(video)
    batch = make_batch(["completed"], user=user, videos=[video], item_fields={"transcript": upload})
    again = operations.rerun_batch(batch)
    assert run(again).completed_videos == 1
    operations.delete_batch(batch)
    assert Transcript.objects.filter(pk=upload.pk).exists(), "the second batch still needs it"


def test_an_unknown_model_and_a_missing_key_are_told_before_anything_is_made() -> None:
    batch = paid_batch(model="extractive")
    for wrong in ({"model": "nobody"}, {"model": "anthropic"}, {"summary_length": "tiny"}, {"options": {"x": 1}}):
        with pytest.raises(InvalidInput):
            operations.rerun_batch(batch, **wrong)
    assert Batch.objects.count() == 1


def test_a_batch_without_videos_has_nothing_to_run_again() -> None:
    with pytest.raises(InvalidInput, match="no videos"):
        operations.rerun_batch(make_batch([]))
    assert Batch.objects.count() == 1


def test_a_long_name_leaves_room_for_what_is_added() -> None:
    again = operations.rerun_batch(make_batch(name="x" * 255))
    assert len(again.name) == 255
    assert again.name.endswith("x (again)")


def test_limits_hold_for_it_too(settings: Settings) -> None:
    settings.USER_ACTIVE_BATCHES = 1
    with pytest.raises(LimitReached):
        operations.rerun_batch(make_batch())


def test_many_videos_take_no_more_queries_than_few(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    batch = make_batch(["pending"] * 400)
    with django_assert_max_num_queries(40):
        assert operations.rerun_batch(batch).items.count() == 400


def test_the_api_answers_with_the_new_batch(llm: FakeLLM) -> None:
    batch = run(paid_batch(2, model="extractive"))
    api = client_of(batch.user)

    answer = api.post(f"/api/batch/{batch.pk}/rerun", {"model": PRICED, "options": {"language": "he"}}, format="json")

    assert answer.status_code == 201
    body = answer.json()
    assert (body["model"], body["total_videos"], body["options"]) == (PRICED, 2, {"language": "he"})
    assert body["usage"] == {"input_tokens": 0, "output_tokens": 0, "cached_tokens": 0, "cost": "0.000000"}
    run(Batch.objects.get(pk=body["id"]))
    assert api.get(f"/api/batch/{body['id']}").json()["completed_videos"] == 2
    assert api.post(f"/api/batch/{batch.pk}/rerun", {"model": "nobody"}, format="json").status_code == 400
    assert api.post(f"/api/batch/{batch.pk}/rerun").status_code == 201


def test_strangers_cannot_run_it_again() -> None:
    batch = make_batch()
    assert client_of(make_user()).post(f"/api/batch/{batch.pk}/rerun").status_code == 404
    assert APIClient().post(f"/api/batch/{batch.pk}/rerun").status_code == 401
    assert Batch.objects.count() == 1


# -- what was made before


def ordered(user: User, video_id: str, **changes: object) -> dict[str, Summary]:
    order: dict[str, object] = {"model": "extractive", "summary_length": "standard", "options": {}} | changes
    return operations.reusable_summaries(user, [video_id], **order)  # type: ignore[arg-type]


def test_the_same_order_finds_the_summary_that_was_made_and_another_does_not() -> None:
    options = {"language": "de", "caption_languages": ["en"]}
    batch = run(paid_batch(model="extractive", options=options))
    item = batch.items.select_related("video", "summary").get()
    video_id = item.video.youtube_id or ""

    assert ordered(batch.user, video_id, options=options) == {video_id: item.summary}
    assert ordered(batch.user, video_id) == {}
    assert ordered(batch.user, video_id, options=options, summary_length="brief") == {}
    assert ordered(batch.user, video_id, options=options, model=PRICED) == {}
    assert ordered(make_user(), video_id, options=options) == {}
    Summary.objects.update(prompt_version="0")
    assert ordered(batch.user, video_id, options=options) == {}


def test_better_captions_make_a_summary_worth_making_again() -> None:
    batch = run(paid_batch(model="extractive"))
    item = batch.items.select_related("video").get()
    video_id = item.video.youtube_id or ""
    assert ordered(batch.user, video_id).keys() == {video_id}
    make_transcript(item.video, owner_id=batch.user.pk, kind=Transcript.Kind.UPLOADED, source="upload")
    assert ordered(batch.user, video_id) == {}


# -- warnings


@time_machine.travel("2026-12-24", tick=True)
def test_a_batch_warns_of_a_model_that_retires_and_of_wishes_that_nobody_follows() -> None:
    user = make_user()
    old = make_batch(user=user, model="openai:gpt-4o")
    deaf = make_batch(user=user, options={"language": "ar", "instructions": "be kind"})
    plain = make_batch(user=user)
    api = client_of(user)

    def warnings(batch: Batch) -> list[str]:
        found: list[str] = api.get(f"/api/batch/{batch.pk}").json()["warnings"]
        return found

    assert warnings(old) == ["GPT-4o retires on 14 January 2027. Choose another model, such as GPT-6 Luna."]
    assert warnings(deaf) == [
        "The extractive engine copies the video's own sentences, so another language and instructions change nothing."
    ]
    assert warnings(plain) == []
