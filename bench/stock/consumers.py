"""One consumer a socket and one dispatch a delivery: what stock Channels does."""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """A signed-in member of one room; hears all that is said there."""

    async def connect(self) -> None:
        if not self.scope["user"].is_authenticated:
            await self.close()
            return
        self.group_name = "chat_" + self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "group_name"):
            await self.channel_layer.group_discard(self.group_name, self.channel_name)

    async def receive_json(self, content: dict[str, Any]) -> None:
        await self.channel_layer.group_send(
            self.group_name,
            {
                "type": "chat.message",
                "author": self.scope["user"].username,
                "body": content["body"],
            },
        )

    async def chat_message(self, event: dict[str, Any]) -> None:
        """Send one member the message of `event`: this runs once a delivery."""
        await self.send_json(
            {"type": "message", "author": event["author"], "body": event["body"]}
        )


class HelloConsumer(AsyncJsonWebsocketConsumer):
    """A signed-in socket that is greeted and joins nothing."""

    async def connect(self) -> None:
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close()
            return
        await self.accept()
        who = {"id": user.pk, "name": user.username}
        await self.send_json({"type": "hello", "user": who})
