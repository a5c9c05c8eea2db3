"""Limits per user: a clear refusal before anything is made, and none for administrators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from batches import gates, operations, tasks
from batches.models import Batch, DeletedBatch, Gate
from tests.batches.builders import make_batch, make_user

pytestmark = pytest.mark.django_db


def create(user: Any, *ids: str) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client.post("/api/batch/create", {"urls": list(ids)}, format="json")


def test_too_many_active_batches_are_refused_and_ended_ones_do_not_count(settings: Any) -> None:
    settings.USER_ACTIVE_BATCHES = 1
    user = make_user()
    make_batch(["completed"], user=user)
    make_batch(["pending"])
    assert create(user, "dQw4w9WgXcQ").status_code == 201

    refused = create(user, "9bZkp7q19f0")

    assert refused.status_code == 429
    assert "1 active batches" in refused.json()["detail"]
    assert Batch.objects.filter(user=user).count() == 2


def test_the_daily_number_of_videos_is_a_limit_that_says_what_is_left(settings: Any) -> None:
    settings.USER_DAILY_VIDEOS = 3
    user = make_user()
    assert create(user, "dQw4w9WgXcQ", "9bZkp7q19f0").status_code == 201

    refused = create(user, "kJQP7kiw5Fk", "jNQXAC9IVRw")

    assert refused.status_code == 429
    assert "1 are left" in refused.json()["detail"]
    assert create(user, "kJQP7kiw5Fk").status_code == 201


def test_deleting_a_batch_gives_no_new_videos_that_day(settings: Any) -> None:
    settings.USER_DAILY_VIDEOS = 3
    user = make_user()
    create(user, "dQw4w9WgXcQ", "9bZkp7q19f0")
    operations.delete_batch(Batch.objects.get())
    operations.delete_batch(Batch(pk=uuid4(), user=user))  # somebody else was faster

    assert create(user, "kJQP7kiw5Fk", "jNQXAC9IVRw").status_code == 429
    tasks.sweep()
    assert create(user, "kJQP7kiw5Fk", "jNQXAC9IVRw").status_code == 429
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        tasks.sweep()
        assert create(user, "kJQP7kiw5Fk", "jNQXAC9IVRw").status_code == 201
    assert not DeletedBatch.objects.exists()


def test_administrators_have_no_limits(settings: Any) -> None:
    settings.USER_ACTIVE_BATCHES = settings.USER_DAILY_VIDEOS = 1
    admin = make_user(is_superuser=True)
    for _ in range(2):
        assert create(admin, "dQw4w9WgXcQ", "9bZkp7q19f0").status_code == 201


def test_a_large_batch_says_how_long_fetching_takes(settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR, settings.YOUTUBE_BURST = 300, 10
    Gate.objects.create(name=gates.YOUTUBE, tokens=10, refilled_at=timezone.now())

    assert "about 38 minutes" in operations.pace_notice(make_batch(["pending"] * 200))
    assert operations.pace_notice(make_batch(["pending"] * 5)) == ""
    # What is being fetched was let in already.
    assert operations.pace_notice(make_batch(["processing"] * 200 + ["pending"] * 5)) == ""
    settings.YOUTUBE_PER_HOUR = 0
    assert operations.pace_notice(make_batch(["pending"] * 200)) == ""


def test_a_large_batch_says_so_when_it_is_made(settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR, settings.YOUTUBE_BURST = 300, 10
    made = create(make_user(), *(f"https://youtu.be/{number:011d}" for number in range(60)))
    assert "about 10 minutes at YouTube's pace" in made.json()["warnings"][0]


def test_trying_again_what_has_ended_is_an_active_batch_more(settings: Any) -> None:
    settings.USER_ACTIVE_BATCHES = 1
    user = make_user()
    ended = make_batch(["failed"], user=user)
    running = make_batch(["pending", "failed"], user=user)
    client = APIClient()
    client.force_authenticate(user)

    assert client.post(f"/api/batch/{ended.pk}/retry").status_code == 429
    assert client.post(f"/api/batch/{running.pk}/retry").status_code == 200
