"""The site's addresses of accounts, with a home page and an API view to call."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from accounts.api import api
from accounts.http import UserRequest


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("home")


@api
def who(request: UserRequest) -> HttpResponse:
    return JsonResponse({"name": request.user.display_name})


urlpatterns = [
    path("", home),
    path("api/who", who),
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.entrance")),
    path("", include("accounts.urls")),
]

handler400 = "livechat.lib.http.bad_request"
handler403 = "livechat.lib.http.forbidden"
handler404 = "livechat.lib.http.not_found"
handler500 = "livechat.lib.http.server_error"
