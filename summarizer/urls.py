"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

urlpatterns = [
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("", include("batches.urls")),
    path("api/", include("batches.api_urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    # The split view keeps its script in a file of its own: the CSP allows no inline script.
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api_docs"),
]

handler400 = "summarizer.problems.bad_request"
handler404 = "summarizer.problems.not_found"
handler500 = "summarizer.problems.server_error"
