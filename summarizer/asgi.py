"""The ASGI application: HTTP through Django, WebSockets through Channels."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "summarizer.settings")
http = get_asgi_application()  # before anything that imports models

from batches.consumers import BatchConsumer  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AuthMiddlewareStack(URLRouter([path("ws/batch/<uuid:batch_id>", BatchConsumer.as_asgi())])),
    }
)
