"""What providers answer when they fail -> our errors, with a sentence that says what to do. Knows no SDK."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2

from summarizer.errors import (
    ContextOverflow,
    EngineError,
    KeyRefused,
    NotPermitted,
    ProviderFailed,
    ProviderUnreachable,
    QuotaUsedUp,
    RateLimited,
    Refused,
    SummarizerError,
    UnknownModel,
)
from summarizer.marks import gettext_noop as _

# Providers of the same API word this differently; status and code alone do not tell.
_TOO_LONG = re.compile(
    r"prompt is too long|context[ _](length|window|size)|maximum context|too many (input )?tokens|input is too long"
    r"|n_ctx|request too large|string too long|maximum number of (input )?tokens",
    re.IGNORECASE,
)
_NO_MONEY = re.compile(
    r"credit balance|billing|insufficient[ _](quota|credit|balance|funds)|spend(ing)?[ _]limit", re.I
)
# What only has to wait, though it advertises more: “… or add a payment method to your account at …/billing”.
_TOO_FAST = re.compile(r"(try again|retry|wait) (in|for) |per[ -]min", re.I)
_WAIT = re.compile(r"(?:try again|retry|wait) (?:in|for) ((?:[\d.]+ ?(?:ms|[hms])[a-z]* ?)+)", re.I)
_DURATION = re.compile(r"([\d.]+) ?(ms|[hms])", re.I)
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NO_MODEL = re.compile(
    r"model.*(not (found|exist|supported|valid)|unknown|doesn.t exist)|not a valid model|^model: "
    r"|(access to|permi\w+ to use|allowed to use)( the| this)? model",
    re.I,
)
_BAD_KEY = re.compile(
    r"(api|x-api|access)[ _-]?key.{0,40}(not valid|invalid|incorrect|expired|revoked|missing)"
    r"|(invalid|incorrect|expired|revoked|missing|no) (api|x-api|access)[ _-]?key",
    re.I,
)
_NO_RIGHT = re.compile(
    r"permission|not (permitted|authorized)|(missing|insufficient) scope|(country|region|territory|location).{0,40}"
    r"not (supported|available)|not (supported|available) in your (country|region)",
    re.I,
)
_POLICY = re.compile(r"flagged|moderation|content[ _](policy|filter)|usage polic|safety system", re.I)
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_MONEY_CODES = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
    "linked_organization_billing_unavailable",
    "user_profile_billing_not_authorized",
}
_KEY_CODES = {"authentication_error", "invalid_api_key", "invalid_authentication", "account_deactivated"}
_RIGHT_CODES = {
    "permission_error",
    "permission_denied",
    "forbidden",
    "unsupported_country_region_territory",
    "missing_scope",
}
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Provider:
    """Whom we speak to, in words for the user. `base_url` is empty for the provider's own address."""

    name: str
    key_variable: str
    address_variable: str
    base_url: str = ""

    @classmethod
    def compatible(cls, key_variable: str, address_variable: str, base_url: str) -> Provider:
        """Another server that speaks a provider's API: named by its address."""
        return cls(_server_at(base_url), key_variable, address_variable, base_url)

    @property
    def place(self) -> str:
        return _server_at(self.base_url) if self.base_url else self.name


@dataclass(frozen=True, slots=True)
class Rejection:
    """An answer that is an error. `codes` are its machine-readable words, `message` is the provider's own sentence."""

    status: int
    codes: frozenset[str]
    message: str
    headers: Mapping[str, str]

    @property
    def too_long(self) -> bool:
        return self.status == 413 or "context_length_exceeded" in self.codes or bool(_TOO_LONG.search(self.message))

    @property
    def out_of_money(self) -> bool:
        if self.status == 402 or self.codes & _MONEY_CODES:
            return True
        return bool(_NO_MONEY.search(self.message)) and not self.too_fast

    @property
    def too_fast(self) -> bool:
        """Whether it is said that waiting a little is enough. Providers mention billing there, too."""
        return self.status == 429 and ("rate_limit_exceeded" in self.codes or bool(_TOO_FAST.search(self.message)))

    @property
    def unknown_model(self) -> bool:
        return "model_not_found" in self.codes or bool(_NO_MODEL.search(self.message))

    @property
    def bad_key(self) -> bool:
        return self.status == 401 or bool(self.codes & _KEY_CODES) or bool(_BAD_KEY.search(self.message))

    @property
    def no_right(self) -> bool:
        return bool(self.codes & _RIGHT_CODES) or bool(_NO_RIGHT.search(self.message))

    @property
    def against_policy(self) -> bool:
        return bool(_POLICY.search(self.message))

    @property
    def quote(self) -> str:
        """What the provider says, on one line; of a page of HTML its words."""
        line = " ".join(_MARKUP.sub(" ", self.message).split()) or _("no reason given")
        return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"

    @property
    def retry_after(self) -> float | None:
        """Seconds the provider asks us to wait.

        From `retry-after-ms` or `retry-after` (seconds, or a date), else from its sentence (“try again in 1m3.5s”).
        """
        milliseconds = _number(self.headers.get("retry-after-ms", ""))
        if milliseconds is not None:
            return milliseconds / 1000
        raw = self.headers.get("retry-after", "")
        seconds = _number(raw)
        if seconds is not None:
            return seconds
        if not raw:
            return _told_to_wait(self.message)
        try:
            return max(parsedate_to_datetime(raw).timestamp() - time.time(), 0.0)
        except ValueError:
            return None


def rejected(who: Provider, model: str, answer: Rejection) -> SummarizerError:
    """The error for an HTTP status of 300 or more, or for an error in the middle of a stream."""
    status = answer.status
    if answer.out_of_money and status in (400, 402, 403, 429):
        sentence = _("{provider_words} says that the budget of the key is used up. Add credit or raise its limit.")
        return QuotaUsedUp(sentence.format(provider_words=who.name))
    if answer.too_long and status in (400, 413, 422, 429, 500):
        return ContextOverflow()
    if status == 429:
        sentence = _("{provider_words} asks us to slow down.")
        return RateLimited(sentence.format(provider_words=who.name), retry_after=answer.retry_after)
    if answer.unknown_model and status in (400, 403, 404, 422):
        sentence = _("{provider_words} has no model called “{model}”, or the key may not use it. Choose another.")
        return UnknownModel(sentence.format(provider_words=who.name, model=model))
    if answer.bad_key and status in (400, 401, 403):
        sentence = _("{provider_words} refused the key in {variable}. Check the key, or choose another engine.")
        return KeyRefused(sentence.format(provider_words=who.name, variable=who.key_variable))
    if status == 403:
        return _forbidden(who, answer)
    if status in (404, 405) or status < 400:
        return _unreachable(who, _("{provider_words} does not offer this API there. Check {variable}."))
    if status >= 500 or status in (408, 409):
        sentence = _("{provider_words} is overloaded or has a fault (status {status}). Try again.")
        return ProviderFailed(sentence.format(provider_words=who.name, status=status), retry_after=answer.retry_after)
    sentence = _("{provider_words} did not accept the request: {said_words}")
    return EngineError(sentence.format(provider_words=who.name, said_words=answer.quote))


def _forbidden(who: Provider, answer: Rejection) -> SummarizerError:
    """For a 403 that is not about the key itself: whom it concerns is in the provider's words only."""
    if answer.against_policy:
        sentence = _("{provider_words} declined this video: “{said_words}” Another model may do it.")
        return Refused(sentence.format(provider_words=who.name, said_words=answer.quote))
    if answer.no_right:
        sentence = _(
            "{provider_words} knows the key in {variable} and does not let it do this: “{said_words}” "
            "Mend that there, or choose another engine."
        )
        return NotPermitted(
            sentence.format(provider_words=who.name, variable=who.key_variable, said_words=answer.quote)
        )
    sentence = _(
        "{provider_words}, or what stands before it, turned the request away (status 403): “{said_words}” If all "
        "videos fail so, ask the host about the rights of the key, and about a proxy or firewall in between."
    )
    return EngineError(sentence.format(provider_words=who.name, said_words=answer.quote))


def broken(who: Provider, error: BaseException, timeout: float) -> SummarizerError:
    """The error for a call that did not come to an answer: no connection, a broken one, no end, not the protocol.

    What one of our own callbacks raised inside the SDK comes out as it was.
    """
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, SummarizerError):
            return cause
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _unreachable(who, _("The certificate of {provider_words} is not trusted. Check {variable}."))
        if isinstance(cause, socket.gaierror) and not _passing(who, cause):
            return _unreachable(who, _("{provider_words} is an address that does not exist. Check {variable}."))
        if isinstance(cause, ConnectionRefusedError | httpx2.UnsupportedProtocol | httpx2.InvalidURL):
            return _unreachable(who, _("{provider_words} does not answer. Start it, or check {variable}."))
    if any(isinstance(cause, httpx2.TimeoutException) for cause in chain):
        sentence = _("{provider_words} did not finish its answer within {seconds} seconds. Try again.")
        return ProviderFailed(sentence.format(provider_words=who.name, seconds=f"{timeout:g}"))
    sentence = _("{provider_words} broke off its answer, or sent one that cannot be read. Try again.")
    return ProviderFailed(sentence.format(provider_words=who.name))


def _unreachable(who: Provider, sentence: str) -> ProviderUnreachable:
    return ProviderUnreachable(sentence.format(provider_words=who.place, variable=who.address_variable))


def _server_at(url: str) -> str:
    """Without the user name and password that an address may have."""
    return _("The server at {address}").format(address=re.sub(r"//[^/@]*@", "//", url))


def _passing(who: Provider, error: socket.gaierror) -> bool:
    """A name server that is away for a moment, for an address that nobody here has written."""
    return error.errno == socket.EAI_AGAIN and not who.base_url


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _told_to_wait(sentence: str) -> float | None:
    found = _WAIT.search(sentence)
    parts = _DURATION.findall(found[1]) if found else []
    amounts = [(_number(amount), unit.lower()) for amount, unit in parts]
    return sum((amount or 0.0) * _SECONDS[unit] for amount, unit in amounts) if amounts else None


def _number(text: str) -> float | None:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return None
