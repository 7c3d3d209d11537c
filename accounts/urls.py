"""Addresses of accounts, at the root of the site."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("setup/", views.set_up, name="set_up"),
    path("invite/<str:code>", views.invite, name="invite"),
    path("invites/", views.invites, name="invites"),
    path("invites/<int:pk>/revoke/", views.revoke_invite, name="revoke_invite"),
    path("profile/", views.profile, name="profile"),
    path("theme/", views.theme, name="theme"),
]
