"""People: users, sessions, invites, tokens; sign-in through django-allauth."""
