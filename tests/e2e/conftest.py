"""The browser, and the installation of the pictures: every page, with something on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.installation import Installation
from tools.demo import demo, error_pages

QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]  # calls nobody at home
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", *QUIET]


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Of one module: Playwright's event loop runs as long as it does, and other modules have tests with their own."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with demo(tmp_path_factory.mktemp("site")) as installation:
        yield installation


@pytest.fixture(scope="module")
def broken(site: Installation) -> dict[str, str]:
    return error_pages(site)
