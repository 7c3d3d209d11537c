"""The Django admin under its own name."""

from django.contrib.admin.apps import AdminConfig


class LivechatAdminConfig(AdminConfig):
    """Django's admin with our site class."""

    default_site = "livechat.admin.LivechatAdminSite"
