"""How long a password may be."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.models import User
from livechat.lib import limits


class MaximumLengthValidator:
    """Refuses passwords of more than PASSWORD_MAX_LENGTH characters."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Nothing, or a ValidationError with a sentence."""
        if len(password) > limits.PASSWORD_MAX_LENGTH:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        """The rule in one sentence."""
        sentence = gettext("A password has at most {most} characters.")
        return sentence.format(most=limits.PASSWORD_MAX_LENGTH)
