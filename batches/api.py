"""The REST API of batches and summaries. Each method reads: serializer, operation, response. No trailing slashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from batches import intake, money, operations, preflight, progress, serializers
from batches.downloads import export_response
from batches.errors import NotActive
from batches.exports import FORMATS
from batches.intake import CaptionFile
from batches.models import Batch, BatchQuerySet, Item, Summary, SummaryQuerySet
from batches.orders import take_wishes
from batches.sentences import translated
from summarizer.errors import InvalidInput
from summarizer.youtube_urls import Link, parse

_MOST_LINES = 100_000  # whatever they are: duplicates, too, are looked at one by one


class Pages(PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


def links_of(urls: list[str]) -> list[Link]:
    """One line per list entry. An entry without any link is rejected too: a program meant it to be one."""
    links: list[Link] = []
    for line, text in enumerate(urls, 1):
        found = parse(" ".join(text.split()))
        reason = _("This is not a link to a YouTube video.") if text.strip() else _("This entry is empty.")
        for link in found or [Link(1, text.strip()[:200], "rejected", "", reason)]:
            links.append(replace(link, line=line))
    return links


def _handed_in(request: Request, urls: list[str]) -> tuple[list[Link], list[CaptionFile]]:
    """The links and captions of the body: `urls`, then those of the `files` of a form."""
    links, captions = intake.read_uploads(request.FILES.getlist("files"))
    links = [*links_of(urls), *links]
    if len(links) > _MOST_LINES:
        sentence = _("These are {number} lines, more than a batch could be made of. Split them into several batches.")
        raise InvalidInput(sentence.format(number=f"{len(links):,}"))
    return links, captions


class AnyAccept(BaseContentNegotiation):
    """For answers that are what they are, whatever the client says it accepts: a file, and JSON for its errors."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return DefaultContentNegotiation().select_parser(request, parsers)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or ""


class BatchViewSet(viewsets.GenericViewSet[Batch]):
    """Batches of the one who asks. What is not theirs is not there (404)."""

    pagination_class = Pages
    lookup_url_kwarg = "batch_id"
    serializer_class = serializers.BatchShape
    queryset = Batch.objects.none()

    def get_queryset(self) -> BatchQuerySet:
        return Batch.objects.visible_to(cast(User, self.request.user)).prefetch_related("rejected_lines")

    @extend_schema(
        request={"application/json": serializers.NewBatch, "multipart/form-data": serializers.NewBatchWithFiles},
        responses={201: serializers.BatchShape, 400: OpenApiTypes.OBJECT},
        parameters=[
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="Same key, same batch.")
        ],
    )
    def create(self, request: Request) -> Response:
        """Makes a batch, which starts at once. A repeated Idempotency-Key gives the batch that it made, as it is."""
        body = serializers.NewBatch(data=request.data)
        body.is_valid(raise_exception=True)
        links, captions = _handed_in(request, body.validated_data["urls"])
        batch = operations.create_batch(
            cast(User, request.user),
            links,
            captions,
            name=body.validated_data["name"],
            model=body.validated_data["model"],
            summary_length=body.validated_data["summary_length"],
            options=body.validated_data["options"],
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        shown = dict(serializers.BatchShape(batch).data)
        if pace := operations.pace_notice(batch):
            shown["warnings"] = [*shown["warnings"], pace]
        return Response(shown, status.HTTP_201_CREATED)

    @extend_schema(request=serializers.NewBatch, responses={200: serializers.PreviewShape, 400: OpenApiTypes.OBJECT})
    def preview(self, request: Request) -> Response:
        """What a batch of the same body would be: nothing is made, and YouTube is not asked."""
        body = serializers.NewBatch(data=request.data)
        body.is_valid(raise_exception=True)
        links, captions = _handed_in(request, body.validated_data["urls"])
        seen = preflight.preview(
            cast(User, request.user),
            links,
            captions,
            model=body.validated_data["model"],
            summary_length=body.validated_data["summary_length"],
            options=body.validated_data["options"],
        )
        return Response(serializers.PreviewShape(seen).data)

    @extend_schema(responses=serializers.BatchShape(many=True))
    def list(self, request: Request) -> Response:
        """All batches, newest first, without their items."""
        page = self.paginate_queryset(self.get_queryset()) or []
        usages = money.batches_usage([batch.pk for batch in page])
        return self.get_paginated_response(serializers.BatchShape(page, many=True, context={"usages": usages}).data)

    @extend_schema(
        responses=serializers.BatchDetailShape,
        parameters=[
            OpenApiParameter("items", str, enum=serializers.ITEMS, description="Which items; all by default."),
            OpenApiParameter("since", int, description="Only items changed after this revision."),
        ],
    )
    def retrieve(self, request: Request, batch_id: UUID) -> Response:
        """The batch now. Poll it every two seconds, with `since` set to the last `rev` to get only what changed."""
        batch = self.get_object()
        query = serializers.BatchQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        which, since = query.validated_data["items"], query.validated_data["since"]
        only = Item.Status.FAILED if which == "failed" else None
        changes = progress.changes_of(batch, since, limit=0 if which == "none" else None, only=only)
        shown = dict(serializers.BatchShape(batch).data)
        live = ("status", "progress", "current_item", "current_items", "waiting", "slowed", "rev", "export_url")
        shown.update({key: changes[key] for key in live})
        shown["expansions"] = progress.expansions(batch)
        if which != "none":
            shown["items"] = changes["items"]
        return Response(shown)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, batch_id: UUID) -> Response:
        """Deletes the batch and its summaries; cancels it first if it is running."""
        operations.delete_batch(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={200: OpenApiTypes.OBJECT, 404: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, batch_id: UUID) -> Response:
        """Cancels what is unfinished; what is done stays. 404 if the batch is not active."""
        batch = self.get_queryset().filter(pk=batch_id).first()
        if batch is None:
            raise NotFound(translated(NotActive.sentence))
        operations.cancel_batch(batch)
        return Response({"message": gettext("Batch job cancelled")})

    @extend_schema(request=serializers.RetryBatch, responses={200: serializers.BatchShape})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, batch_id: UUID) -> Response:
        """Tries again what failed or was cancelled, or only the items named."""
        batch = self.get_object()
        body = serializers.RetryBatch(data=request.data)
        body.is_valid(raise_exception=True)
        operations.retry_batch(batch, body.validated_data["items"])
        batch.refresh_from_db()
        return Response(serializers.BatchShape(batch).data)

    @extend_schema(request=serializers.RerunBatch, responses={201: serializers.BatchShape})
    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, batch_id: UUID) -> Response:
        """A new batch of the same videos with another model, length, language or instructions, from saved captions."""
        batch = self.get_object()
        body = serializers.RerunBatch(data=request.data)
        body.is_valid(raise_exception=True)
        again = operations.rerun_batch(batch, **body.validated_data)
        return Response(serializers.BatchShape(again).data, status.HTTP_201_CREATED)

    @extend_schema(request=serializers.NewBatch, responses={200: serializers.EstimateShape})
    @action(detail=False, methods=["post"])
    def estimate(self, request: Request) -> Response:
        """What the batch that this body would create is expected to cost. Makes nothing."""
        body = serializers.NewBatch(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = body.validated_data
        wishes = take_wishes("", wanted["model"], wanted["summary_length"], wanted["options"])
        links, _captions = _handed_in(request, wanted["urls"])
        videos = list(dict.fromkeys(link.id for link in links if link.kind == "video"))
        found = money.estimate_videos(cast(User, request.user), videos, wishes.model, wishes.length)
        return Response(serializers.EstimateShape(found).data)

    @extend_schema(
        responses=serializers.ItemWithSummaryShape(many=True),
        parameters=[
            OpenApiParameter("include", str, enum=["summary"], description="With the summaries."),
            OpenApiParameter("status", str, enum=Item.Status.values, description="Only items in this state."),
        ],
    )
    @action(detail=True, pagination_class=Pages)
    def items(self, request: Request, batch_id: UUID) -> Response:
        """The items in order of position, paged; with `include=summary` also what was made of them."""
        found = Item.objects.filter(batch=self.get_object()).order_by("position")
        query = serializers.ItemsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        if wanted := query.validated_data["status"]:
            found = found.filter(status=wanted)
        with_summaries = query.validated_data["include"] == "summary"
        rows = self.paginate_queryset(found.values(*progress.ITEM_FIELDS))
        shown = [progress.item_row(cast("dict[str, Any]", row)) for row in rows or []]
        usages = money.items_usage([UUID(row["id"]) for row in shown])
        shown = [row | {"usage": usages.get(UUID(row["id"]), money.Spending()).as_json()} for row in shown]
        if with_summaries:
            ids = [row["summary_id"] for row in shown if row["summary_id"]]
            summaries = Summary.objects.filter(pk__in=ids).select_related("video")
            by_id = {str(summary.pk): serializers.SummaryShape(summary).data for summary in summaries}
            shown = [row | {"summary": by_id.get(row["summary_id"])} for row in shown]
        return self.get_paginated_response(shown)

    @extend_schema(
        request={"multipart/form-data": serializers.CaptionsForItem},
        responses={200: OpenApiTypes.OBJECT, 400: OpenApiTypes.OBJECT},
    )
    @action(detail=True, methods=["post"])
    def captions(self, request: Request, batch_id: UUID, item_id: UUID) -> Response:
        """Takes captions for a video that failed, and tries it again with them."""
        batch = self.get_object()
        item = batch.items.select_related("video").filter(pk=item_id).first()
        if item is None:
            raise NotFound
        body = serializers.CaptionsForItem(data=request.data)
        body.is_valid(raise_exception=True)
        operations.add_captions(batch, item, intake.read_caption_upload(body.validated_data["file"]))
        return Response({"message": gettext("Captions taken. The video is tried again.")})

    @extend_schema(
        responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY)},
        parameters=[OpenApiParameter("as", str, enum=[*FORMATS], description="The format; zip by default.")],
    )
    @action(detail=True)
    def export(self, request: Request, batch_id: UUID) -> StreamingHttpResponse:
        """A file of everything that is done, also in the middle of a batch. 404 until something is."""
        batch = self.get_object()
        if progress.export_url(batch) is None:
            raise NotFound(gettext("Nothing in this batch is done yet, so there is nothing to export."))
        return export_response(request._request, batch, request.query_params.get("as", "zip"))


class SummaryViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet[Summary]):
    """Summaries of the one who asks."""

    lookup_url_kwarg = "summary_id"
    serializer_class = serializers.SummaryShape
    queryset = Summary.objects.none()

    def get_queryset(self) -> SummaryQuerySet:
        return Summary.objects.visible_to(cast(User, self.request.user)).select_related("video")


class UsageView(APIView):
    """What the one who asks has spent."""

    @extend_schema(
        operation_id="usage",
        responses=serializers.MonthShape,
        parameters=[OpenApiParameter("month", str, description="YYYY-MM, in UTC; by default this month.")],
    )
    def get(self, request: Request) -> Response:
        """Tokens and cost of one calendar month, also of batches that are deleted; and the monthly budget."""
        query = serializers.MonthQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        month = query.validated_data["month"] or money.month_of()
        usage = money.spent(cast(User, request.user), month)
        shown = {"month": f"{month:%Y-%m}", "calls": usage.calls, "usage": usage.as_json()}
        return Response(shown | {"budget": serializers.dollars_or_null(settings.MONTHLY_BUDGET_USER)})
