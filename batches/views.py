"""The pages. Each reads: form, operation, redirect."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.operations import signup_is_open
from batches import operations, preflight
from batches.batch_page import BatchPage
from batches.downloads import attachment, selection_response
from batches.exports import Selection
from batches.exports.base import utf8
from batches.exports.markdown import summary_document
from batches.exports.names import safe_name
from batches.forms import AgainForm, CaptionsForm, NewBatchForm, WishesForm
from batches.library_page import LibraryPage
from batches.models import Batch, Item, Summary
from batches.sentences import translated
from batches.summary_page import SummaryPage
from summarizer.engines import select
from summarizer.errors import InvalidInput, UnknownName
from summarizer.youtube_urls import parse

RECENT = 5
PER_PAGE = 25
PLAYER = "https://www.youtube-nocookie.com"  # asked only after a click


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """The new batch; for strangers, what this is."""
    if not isinstance(request.user, User):
        return _logged_out(request) if request.method == "POST" else _welcome(request)
    form = (
        NewBatchForm(request.user, request.POST, request.FILES)
        if request.method == "POST"
        else NewBatchForm(request.user)
    )
    if form.is_bound and (made := form.create_batch()):
        if form.taken_as:
            messages.success(request, form.taken_as)
        return _made(request, made)
    recent = Batch.objects.visible_to(request.user)[:RECENT]
    return render(request, "batches/home.html", {"form": form, "recent": recent}, status=400 if form.is_bound else 200)


def _made(request: HttpRequest, batch: Batch) -> HttpResponse:
    """To the new batch. A script gets the address, for following a redirect would eat the messages."""
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"url": batch.get_absolute_url()}, status=201)
    return redirect(batch)


def _welcome(request: HttpRequest) -> HttpResponse:
    context = {"signup_is_open": signup_is_open(), "first_visit": not User.objects.people().exists()}
    return render(request, "batches/welcome.html", context)


def _logged_out(request: HttpRequest) -> HttpResponse:
    """Of a new batch that a stranger sends: what was typed goes back to them."""
    return render(request, "batches/logged_out.html", {"links": request.POST.get("links", "")}, status=403)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For whoever asks at the usual address and not at the page's."""
    return redirect(static("favicon.svg"))


@login_required
@require_POST
def preview(request: HttpRequest) -> JsonResponse:
    """What a text holds, while it is typed. Wishes that cannot be had are told when it is sent."""
    text = request.POST.get("links", "")
    if not text.strip():
        return JsonResponse({"sentence": "", "rejected": []})
    person, links, form = _person(request), parse(text), WishesForm(request.POST)
    form.is_valid()
    model, length = form.cleaned_data.get("model", ""), form.cleaned_data.get("summary_length") or "standard"
    try:
        seen = preflight.preview(person, links, model=model, summary_length=length, options=form.options)
    except InvalidInput:
        seen = preflight.preview(person, links, model=select.EXTRACTIVE)
    sentence = seen.sentence or _("No link to a video in this yet.")
    return JsonResponse({"sentence": sentence, "rejected": seen.reasons})


@login_required
@require_POST
def sample_batch(request: HttpRequest) -> HttpResponse:
    return redirect(operations.create_sample_batch(_person(request)))


@login_required
@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    page = Paginator(Batch.objects.visible_to(_person(request)), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "batches/batches.html", {"page": page})


@login_required
@require_safe
def batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    page = BatchPage(_own_batch(request, pk), request.GET.dict())
    return render(request, "batches/batch.html", {"page": page, "batch": page.batch})


@login_required
@require_POST
def batch_rename(request: HttpRequest, pk: UUID) -> HttpResponse:
    batch = _own_batch(request, pk)
    return _after(request, batch, lambda: operations.rename_batch(batch, request.POST.get("name", "")))


@login_required
@require_POST
def batch_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    batch = _own_batch(request, pk)
    return _after(request, batch, lambda: operations.cancel_batch(batch), _("Cancelled. What is done is kept."))


@login_required
@require_POST
def batch_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All that failed; with `code`, what failed for that cause."""
    batch = _own_batch(request, pk)
    items = _failed(batch).filter(error_code=request.POST["code"]) if request.POST.get("code") else None
    chosen = None if items is None else list(items.values_list("pk", flat=True))
    return _after(request, batch, lambda: operations.retry_batch(batch, chosen))


@login_required
@require_POST
def item_retry(request: HttpRequest, pk: UUID, item: UUID) -> HttpResponse:
    batch = _own_batch(request, pk)
    chosen = get_object_or_404(batch.items, pk=item)
    return _after(request, batch, lambda: operations.retry_batch(batch, [chosen.pk]), place=f"item-{item}")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def item_captions(request: HttpRequest, pk: UUID, item: UUID) -> HttpResponse:
    """The user's own captions for a video that failed."""
    batch = _own_batch(request, pk)
    failed = get_object_or_404(_failed(batch).select_related("video"), pk=item)
    form = CaptionsForm(request.POST, request.FILES) if request.method == "POST" else CaptionsForm()
    if form.is_bound and form.add_to(batch, failed):
        messages.success(
            request, _("Took the captions of “{title}”. It is summarized now.").format(title=failed.video.label)
        )
        return redirect(batch)
    context = {"batch": batch, "item": failed, "form": form}
    return render(request, "batches/captions.html", context, status=400 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def batch_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    batch = _own_batch(request, pk)
    if request.method != "POST":
        return render(request, "batches/delete.html", {"batch": batch})
    operations.delete_batch(batch)
    messages.success(request, _("Deleted “{name}”.").format(name=batch.name))
    return redirect("batches")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def batch_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same videos with other settings, as a new batch."""
    batch = _own_batch(request, pk)
    form = AgainForm(batch, request.POST) if request.method == "POST" else AgainForm(batch)
    if form.is_bound and (made := form.create_batch()):
        return redirect(made)
    return render(request, "batches/again.html", {"form": form, "batch": batch}, status=400 if form.is_bound else 200)


@login_required
@require_safe
@csp_update({"frame-src": [PLAYER]})  # type: ignore[arg-type]  # its types know views without arguments only
def summary(request: HttpRequest, pk: UUID) -> HttpResponse:
    page = SummaryPage(_own_summary(request, pk), request.GET.dict())
    return render(request, "batches/summary.html", {"page": page, "summary": page.summary, "player": PLAYER})


@login_required
@require_safe
def summary_markdown(request: HttpRequest, pk: UUID) -> HttpResponse:
    summary = _own_summary(request, pk)
    name = attachment(f"{safe_name(summary.video.label, 'Summary')}.md")
    return HttpResponse(
        utf8(summary_document(summary)),
        content_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": name, "Cache-Control": "private, no-store"},
    )


@login_required
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    return render(request, "batches/library.html", {"page": LibraryPage(_person(request), request.GET.dict())})


@login_required
@require_safe
def library_export(request: HttpRequest) -> HttpResponseBase:
    """The summaries named by `summary`, or `all` that match the filter; without any, all as well."""
    person, page = _person(request), LibraryPage(_person(request), request.GET.dict())
    chosen = [key for key in map(_uuid, request.GET.getlist("summary")) if key]
    if request.GET.get("which") == "chosen" and not chosen:
        messages.warning(request, _("Choose summaries first: tick the boxes before their headlines."))
        return redirect(f"{reverse('library')}?{page.filter_query}")
    keys = page.every_id() if request.GET.get("which") == "all" or not chosen else chosen
    try:
        return selection_response(request, Selection.of_user(person, keys, "Library"), request.GET.get("as", "zip"))
    except UnknownName as error:
        raise Http404 from error


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _own_summary(request: HttpRequest, pk: UUID) -> Summary:
    summaries = Summary.objects.visible_to(_person(request)).select_related("video", "transcript")
    return get_object_or_404(summaries, pk=pk)


def _person(request: HttpRequest) -> User:
    """The user of a view that demands one."""
    assert isinstance(request.user, User)  # noqa: S101  # login_required has seen to it
    return request.user


def _own_batch(request: HttpRequest, pk: UUID) -> Batch:
    return get_object_or_404(Batch.objects.visible_to(_person(request)), pk=pk)


def _failed(batch: Batch) -> QuerySet[Item]:
    return batch.items.filter(status=Item.Status.FAILED)


def _after(
    request: HttpRequest, batch: Batch, change: Callable[[], object], done: str = "", place: str = "list"
) -> HttpResponse:
    """Back to the batch with a word on how the change went: to the `place` on the page that `next` names, if any."""
    try:
        change()
    except InvalidInput as error:
        messages.warning(request, translated(str(error)))
    else:
        if done:
            messages.success(request, done)
    address, asked = batch.get_absolute_url(), request.POST.get("next", "")
    path, mark, query = asked.partition("?")
    return redirect(f"{address}{mark}{query}#{place}" if path == address else address)
