"""Addresses of rooms and their messages."""

from django.urls import path

from chat import views

urlpatterns = [
    path("", views.lobby, name="lobby"),
    path("rooms/new", views.room_new, name="room_new"),
    path("rooms/<str:public_id>/", views.room, name="room"),
    path("rooms/<str:public_id>/edit", views.room_edit, name="room_edit"),
    path("rooms/<str:public_id>/delete", views.room_delete, name="room_delete"),
    path("rooms/<str:public_id>/join", views.room_join, name="room_join"),
    path("rooms/<str:public_id>/leave", views.room_leave, name="room_leave"),
    path("rooms/<str:public_id>/messages", views.room_messages, name="room_messages"),
    path("rooms/<str:public_id>/history", views.room_history, name="room_history"),
    path("me/<str:public_id>.css", views.me_css, name="me_css"),
]
