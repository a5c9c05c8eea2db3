"""Static files come whole and with caching headers, and without Django's warning about streams."""

from __future__ import annotations

import warnings

import pytest
from django.test import Client


def test_a_static_file_is_served_once_and_not_again(client: Client) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = client.get("/static/app.css")
        again = client.get("/static/app.css", headers={"If-None-Match": first.headers.get("ETag", "")})

    assert first.status_code == 200
    assert first.headers["Content-Type"].startswith("text/css")
    assert not first.streaming
    assert b"--" in first.content
    assert again.status_code in (200, 304)


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_404(client: Client) -> None:
    assert client.get("/static/nothing.css").status_code == 404
