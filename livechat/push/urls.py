"""Addresses of notifications; the script has to lie at the root to see all pages."""

from django.urls import path

from livechat.push import views

urlpatterns = [
    path("profile/notifications/", views.push_settings, name="push_settings"),
    path("profile/notifications/on/", views.push_subscribe, name="push_subscribe"),
    path("profile/notifications/test/", views.push_test, name="push_test"),
    path("profile/notifications/pause/", views.push_pause, name="push_pause"),
    path(
        "profile/notifications/<str:public_id>/remove/",
        views.push_remove,
        name="push_remove",
    ),
    path("sw.js", views.service_worker, name="service_worker"),
]
