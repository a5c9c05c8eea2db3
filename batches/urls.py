"""Addresses of the pages."""

from django.urls import path

from batches import operations_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.favicon),
    path("batches", views.batches, name="batches"),
    path("batches/preview", views.preview, name="preview"),
    path("batches/samples", views.sample_batch, name="sample_batch"),
    path("batches/<uuid:pk>", views.batch, name="batch"),
    path("batches/<uuid:pk>/rename", views.batch_rename, name="batch_rename"),
    path("batches/<uuid:pk>/cancel", views.batch_cancel, name="batch_cancel"),
    path("batches/<uuid:pk>/retry", views.batch_retry, name="batch_retry"),
    path("batches/<uuid:pk>/delete", views.batch_delete, name="batch_delete"),
    path("batches/<uuid:pk>/items/<uuid:item>/retry", views.item_retry, name="item_retry"),
    path("batches/<uuid:pk>/items/<uuid:item>/captions", views.item_captions, name="item_captions"),
    path("batches/<uuid:pk>/again", views.batch_again, name="batch_again"),
    path("library", views.library, name="library"),
    path("library/export", views.library_export, name="library_export"),
    path("summaries/<uuid:pk>", views.summary, name="summary"),
    path("operations", operations_views.page, name="operations"),
    path("operations/pause", operations_views.pause, name="operations_pause"),
    path("operations/resume", operations_views.resume, name="operations_resume"),
    path("operations/gates/<str:name>/open", operations_views.open_gate, name="operations_open"),
    path("summaries/<uuid:pk>.md", views.summary_markdown, name="summary_markdown"),
]
