"""Addresses of accounts, at the root of the site."""

from django.urls import path

from accounts import views, views_app, views_devices, views_end, views_profile

urlpatterns = [
    path("setup/", views.set_up, name="set_up"),
    path("invite/<str:code>", views.invite, name="invite"),
    path("invites/", views.invites, name="invites"),
    path("invites/<int:pk>/revoke/", views.revoke_invite, name="revoke_invite"),
    path("manifest.webmanifest", views_app.manifest, name="manifest"),
    path("offline", views_app.offline, name="offline"),
    path("profile/", views_profile.profile, name="profile"),
    path("profile/status/", views_profile.status, name="status"),
    path(
        "profile/availability/",
        views_profile.choose_availability,
        name="availability",
    ),
    path("profile/close/", views_end.close_account, name="close_account"),
    path("profile/erase/", views_end.erase_account, name="erase_account"),
    path("theme/", views_profile.theme, name="theme"),
    path("devices/", views_devices.devices, name="devices"),
    path("devices/others/end/", views_devices.end_others, name="end_others"),
    path("devices/all/end/", views_devices.end_everywhere, name="end_everywhere"),
    path("devices/<str:public_id>/end/", views_devices.end_device, name="end_device"),
    path("tokens/<int:pk>/end/", views_devices.end_token, name="end_token"),
]
