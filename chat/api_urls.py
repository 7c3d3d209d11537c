"""The addresses of the JSON API."""

from django.urls import path

from chat import api

urlpatterns = [
    path("api/rooms", api.rooms, name="api_rooms"),
    path("api/rooms/<str:public_id>", api.room, name="api_room"),
    path("api/rooms/<str:public_id>/messages", api.messages, name="api_messages"),
    path("api/openapi.json", api.openapi_view, name="openapi"),
    path("health", api.health_view, name="health"),
]
