"""Static files: under hashed names, so that browsers may keep them forever, and served by the application itself."""

from __future__ import annotations

from contextlib import nullcontext

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise ships no types
    """Hashes imports between ES modules too."""

    support_js_module_import_aggregation = True
    manifest_strict = False


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # likewise
    """WhiteNoise, with whole answers: Django under ASGI can only buffer its file streams, and warns about each."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        answer = static_file.get_response(request.method, request.META)
        with answer.file or nullcontext() as file:
            response = HttpResponse(file.read() if file else b"", status=int(answer.status))
        del response["Content-Type"]
        for name, value in answer.headers:
            response[name] = value
        return response
