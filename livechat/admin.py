"""The admin site: people, rooms and invites; no message text of any room."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class LivechatAdminSite(admin.AdminSite):
    """Owner and admins only; rooms and people, never what was said in private."""

    site_title = _("livechat administration")
    site_header = _("livechat administration")
    index_title = _("People, rooms and invites")
