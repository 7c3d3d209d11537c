"""Addresses of accounts, at the root of the site."""

from django.urls import path

from accounts import views, views_app

urlpatterns = [
    path("setup/", views.set_up, name="set_up"),
    path("invite/<str:code>", views.invite, name="invite"),
    path("invites/", views.invites, name="invites"),
    path("invites/<int:pk>/revoke/", views.revoke_invite, name="revoke_invite"),
    path("manifest.webmanifest", views_app.manifest, name="manifest"),
    path("offline", views_app.offline, name="offline"),
    path("profile/", views.profile, name="profile"),
    path("theme/", views.theme, name="theme"),
]
