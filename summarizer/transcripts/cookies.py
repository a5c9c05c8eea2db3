"""The cookies of a YouTube account, as browsers' extensions and yt-dlp write them (Netscape's format)."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from http.cookiejar import LoadError, MozillaCookieJar
from pathlib import Path

from summarizer.errors import InvalidInput

# YouTube sets one of these when somebody has logged in.
_OF_ACCOUNTS = {"SAPISID", "__Secure-3PAPISID", "LOGIN_INFO"}


@dataclass(frozen=True, slots=True)
class Cookies:
    """What a file holds for youtube.com. `signed_in`: an account's cookie is among those that have not expired."""

    total: int
    expired: int
    signed_in: bool


def read(path: Path, now: float | None = None) -> Cookies:
    """Raises `InvalidInput` with a sentence for a file that is missing, is none of cookies, or has none of YouTube."""
    jar = MozillaCookieJar(str(path))
    try:
        with warnings.catch_warnings(action="ignore"):  # of a line that is none of cookies it prints a traceback
            jar.load(ignore_discard=True, ignore_expires=True)
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {path}.") from None
    except LoadError as error:
        raise InvalidInput(
            f"{path} is not a file of cookies. Export them in Netscape's format, "
            "whose first line is “# Netscape HTTP Cookie File”."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}.") from error
    cookies = [cookie for cookie in jar if cookie.domain.lstrip(".").endswith("youtube.com")]
    if not cookies:
        raise InvalidInput(f"{path} has no cookies of youtube.com. Export them while you are logged in there.")
    at = int(now or time.time())
    alive = [cookie for cookie in cookies if not cookie.expires or not cookie.is_expired(at)]  # 0: a session's
    return Cookies(len(cookies), len(cookies) - len(alive), any(cookie.name in _OF_ACCOUNTS for cookie in alive))
