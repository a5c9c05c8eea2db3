"""Redis as the channel layer of groups, which may be away: sockets are accepted all the same."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from channels_redis.pubsub import RedisPubSubChannelLayer


class GroupLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # channels_redis ships no types
    """The pub/sub layer, except that a new channel asks nothing of Redis: it hears its groups, and no `send`.

    The layer's own subscribes each new channel before its consumer is called. With Redis away, or once after each
    break, no WebSocket could be opened then, although sockets do without bells. docs/adr/0004.
    """

    async def new_channel(self, prefix: str = "specific.") -> str:
        layer = self._get_layer()
        channel = f"{layer.prefix}{prefix}{uuid4().hex}"
        layer.channels[channel] = asyncio.Queue()
        return channel
