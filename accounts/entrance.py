"""The addresses of allauth that we offer; its others do not exist here."""

from allauth.account import urls

OFFERED = frozenset(
    {
        "account_login",
        "account_logout",
        "account_inactive",
        "account_signup",
        "account_reauthenticate",
        "account_email",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_change_password",
        "account_set_password",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    }
)

urlpatterns = [pattern for pattern in urls.urlpatterns if pattern.name in OFFERED]
