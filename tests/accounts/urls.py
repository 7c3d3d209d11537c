"""The site's own addresses, with one more: an API view to call."""

from django.http import HttpResponse, JsonResponse
from django.urls import path

from accounts.api import api
from accounts.http import UserRequest
from livechat import urls as site


@api
def who(request: UserRequest) -> HttpResponse:
    return JsonResponse({"name": request.user.display_name})


urlpatterns = [path("api/who", who), *site.urlpatterns]

handler400 = site.handler400
handler403 = site.handler403
handler404 = site.handler404
handler500 = site.handler500
