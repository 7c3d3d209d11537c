"""The admin site: people, rooms and invites; no message text of any room."""

from django.contrib import admin


class LivechatAdminSite(admin.AdminSite):
    """Owner and admins only; rooms and people, never what was said in private."""

    site_title = "livechat administration"
    site_header = "livechat administration"
    index_title = "People, rooms and invites"
