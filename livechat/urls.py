"""Every address of the site; each app keeps its own list."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.entrance")),
    path("accounts/2fa/", include("accounts.mfa")),
    path("", include("accounts.urls")),
    path("", include("livechat.push.urls")),
    path("", include("chat.api_urls")),
    path("", include("chat.urls")),
    path("", include("search.urls")),
]

handler400 = "livechat.lib.http.bad_request"
handler403 = "livechat.lib.http.forbidden"
handler429 = "livechat.lib.http.too_many"
handler404 = "livechat.lib.http.not_found"
handler500 = "livechat.lib.http.server_error"
