"""Addresses of the API, below /api/. No trailing slashes."""

from django.urls import path

from batches.api import AnyAccept, BatchViewSet, SummaryViewSet, UsageView

_batches = BatchViewSet.as_view({"get": "list", "post": "create"})
_batch = BatchViewSet.as_view({"get": "retrieve", "delete": "destroy"})
_export = BatchViewSet.as_view({"get": "export"}, content_negotiation_class=AnyAccept)

urlpatterns = [
    path("batch", _batches, name="api_batches"),
    path("batch/create", BatchViewSet.as_view({"post": "create"}), name="api_batch_create"),
    path("batch/preview", BatchViewSet.as_view({"post": "preview"}), name="api_batch_preview"),
    path("batch/estimate", BatchViewSet.as_view({"post": "estimate"}), name="api_batch_estimate"),
    path("batch/<uuid:batch_id>", _batch, name="api_batch"),
    path("batch/<uuid:batch_id>/cancel", BatchViewSet.as_view({"post": "cancel"}), name="api_batch_cancel"),
    path("batch/<uuid:batch_id>/retry", BatchViewSet.as_view({"post": "retry"}), name="api_batch_retry"),
    path("batch/<uuid:batch_id>/rerun", BatchViewSet.as_view({"post": "rerun"}), name="api_batch_rerun"),
    path("batch/<uuid:batch_id>/items", BatchViewSet.as_view({"get": "items"}), name="api_batch_items"),
    path(
        "batch/<uuid:batch_id>/items/<uuid:item_id>/captions",
        BatchViewSet.as_view({"post": "captions"}),
        name="api_item_captions",
    ),
    path("batch/<uuid:batch_id>/export", _export, name="api_batch_export"),
    path("usage", UsageView.as_view(), name="api_usage"),
    path("summaries/<uuid:summary_id>", SummaryViewSet.as_view({"get": "retrieve"}), name="api_summary"),
]
