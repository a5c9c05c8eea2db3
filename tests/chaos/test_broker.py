"""The broker is emptied, killed, away, and full. Its messages are doorbells: nothing of this costs a call."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from typing import cast

import pytest
import redis

from tests.chaos.arena import Arena, Battle
from tests.chaos.conftest import Build
from tests.installation import eventually

log = logging.getLogger("chaos")


@pytest.fixture(scope="module")
def own_broker(request: pytest.FixtureRequest, build: Build) -> Arena:
    """An installation whose broker is nobody else's: it may be killed, and told how much memory it has."""
    if os.environ.get("REDIS_URL"):
        return build(REDIS_URL="")
    arena: Arena = request.getfixturevalue("arena")
    return arena


@pytest.fixture
def limited_memory(own_broker: Arena) -> Iterator[redis.Redis]:
    own_broker.make_whole()
    client = own_broker.app.redis()
    client.config_set("maxmemory-policy", "noeviction")
    yield client
    client.config_set("maxmemory", "0")
    client.close()


def others(client: redis.Redis) -> list[str]:
    """The ids of the connections to this database that are not the client's own."""
    mine = int(client.connection_pool.connection_kwargs.get("db", 0))
    own, all_of_them = client.client_id(), cast("list[dict[str, str]]", client.client_list())
    return [other["id"] for other in all_of_them if int(other["db"]) == mine and int(other["id"]) != own]


def recovered(battle: Battle, since: float, done: int) -> None:
    battle.until(lambda: battle.done() > done, what="the work goes on")
    log.info("work completed again %.1f s after the broker was whole", time.monotonic() - since)


def test_an_emptied_broker_loses_nothing(arena: Arena) -> None:
    battle = arena.begin(40)
    with arena.app.redis() as client:
        for done in (0, 8, 16):
            battle.until(lambda done=done: battle.done() > done, what="the work goes on")  # type: ignore[misc]
            client.flushdb()  # FLUSHALL of an embedded broker, which has one database; a server has other people's
            battle.note("the broker is emptied")
    battle.settle()


@pytest.mark.chaos
def test_cut_connections_to_the_broker_lose_nothing(arena: Arena) -> None:
    battle = arena.begin(80)
    with arena.app.redis() as client:
        for _ in range(5):
            done = battle.done()
            battle.until(lambda done=done: battle.done() > done, what="the work goes on")  # type: ignore[misc]
            # Work at hand may end before anybody is connected again.
            cut = battle.until(lambda: others(client), what="somebody is connected")
            for number in cut:
                client.client_kill_filter(_id=number)
            battle.note(f"{len(cut)} connections to the broker are cut")
    battle.settle()


@pytest.mark.chaos
def test_a_killed_and_restarted_broker_loses_nothing(own_broker: Arena) -> None:
    battle = own_broker.begin(60)
    for _ in range(3):
        battle.until_in_flight(least=1)
        battle.strike("broker")
        done = battle.done()
        own_broker.start("broker")
        recovered(battle, time.monotonic(), done)
    battle.settle()


@pytest.mark.chaos
def test_a_broker_that_is_away_for_five_seconds_loses_nothing(own_broker: Arena) -> None:
    battle = own_broker.begin(60)
    battle.until_in_flight(least=4)
    battle.strike("broker")
    other = own_broker.api.create(["https://youtu.be/awaybroker1"], model="extractive")
    assert other["status"] == "pending"  # creating does not fail, and waits for nobody
    time.sleep(5)  # the length of the absence
    done = battle.done()
    own_broker.start("broker")
    recovered(battle, time.monotonic(), done)
    battle.settle()
    assert own_broker.api.wait(other["id"])["completed_videos"] == 1


@pytest.mark.chaos
def test_a_broker_without_memory_loses_nothing(own_broker: Arena, limited_memory: redis.Redis) -> None:
    battle = own_broker.begin(60)
    battle.until_in_flight(least=4)
    limited_memory.config_set("maxmemory", "1")
    battle.note("the broker has no memory left")
    other = own_broker.api.create(["https://youtu.be/fullbroker1"], model="extractive")
    assert other["status"] == "pending"
    with pytest.raises(redis.ResponseError):
        limited_memory.set("anything", "x")
    time.sleep(5)  # the length of the shortage
    limited_memory.config_set("maxmemory", "0")
    if own_broker.app.processes["worker"].poll() is not None:
        log.info("Celery ended the worker; its supervisor starts another")
        own_broker.app.kill("worker")
        own_broker.start("worker")
    if (done := battle.done()) < len(battle.ids):
        recovered(battle, time.monotonic(), done)
    battle.settle()
    assert own_broker.api.wait(other["id"])["completed_videos"] == 1


@pytest.mark.chaos
def test_pages_live_without_a_broker(own_broker: Arena) -> None:
    battle = own_broker.begin(16)
    battle.until_in_flight(least=4)
    battle.strike("broker")
    answer = own_broker.api.batch(str(battle.id))
    assert answer["status"] == "processing"
    own_broker.start("broker")
    eventually(own_broker.app.is_up, 10)
    battle.settle()
