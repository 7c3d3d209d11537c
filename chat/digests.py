"""Mails of what somebody has not read for a while, where the site sends mail.

The rule it guards: each thing is mailed once at most, with the access of the moment at
which the mail is written, and a link in it ends the mails without a log-in.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.core.signing import BadSignature, Signer
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from accounts.addresses import with_own_address
from accounts.devices import language_of
from accounts.models import Community, Device, User
from chat.notice_list import Entry, unread
from chat.notice_tables import Notice
from chat.unread import unread_notices
from livechat.lib import limits
from livechat.push.models import Preferences

logger = logging.getLogger(__name__)

PERMANENT = 500  # codes of SMTP from here on: the same will never be taken
KINDS = (Notice.Kind.MENTION, Notice.Kind.REPLY, Notice.Kind.DIRECT)
EVERY = {
    Preferences.Digest.DAILY.value: timedelta(days=1),
    Preferences.Digest.WEEKLY.value: timedelta(days=7),
}
_signer = Signer(salt="digest")


@dataclass(frozen=True, slots=True)
class Digest:
    """A mail that is ready; `before`: when the last one was, if this one fails."""

    user: int
    before: datetime | None
    letter: EmailMessage


def written(now: datetime) -> list[Digest]:
    """The mails that are due, each claimed: nobody else writes the same one."""
    digests = []
    for user in _waiting(now):
        try:
            digests.append(_written(user, now))
        except Exception:  # the others get theirs
            logger.exception("a digest could not be written")
    return [one for one in digests if one is not None]


def send(digests: Sequence[Digest]) -> list[Digest]:
    """Send them; those to be tried again. May wait for seconds."""
    failed = []
    connection = mail.get_connection()
    for one in digests:
        one.letter.connection = connection
        try:
            one.letter.send()
        except OSError as error:  # smtplib's own errors are OSErrors too
            logger.warning("a digest was not sent: %s", error)
            if not _is_final(error):
                failed.append(one)
        except Exception:  # the others get theirs
            logger.exception("a digest cannot be sent")
    return failed


def _is_final(error: OSError) -> bool:
    """Whether the same mail will never be taken; the next one may be."""
    if isinstance(error, SMTPResponseException):
        return error.smtp_code >= PERMANENT
    return isinstance(error, SMTPRecipientsRefused)


def give_back(digests: Sequence[Digest]) -> None:
    """Let those that were not sent be written again."""
    for one in digests:
        kept = Preferences.objects.filter(user=one.user)
        kept.update(digested_at=one.before)


def end_link(user: User) -> str:
    """The address at which anybody who has it ends the mails to the user."""
    return _address("digest_end", _signer.sign(user.public_id))


def user_of(code: str) -> User | None:
    """Whose mails the code of such an address ends; None for one that is none."""
    try:
        public_id = _signer.unsign(code)
    except BadSignature:
        return None
    return User.objects.filter(public_id=public_id, is_active=True).first()


def end(user: User) -> None:
    """Send the user no more of them."""
    off = {"digest": Preferences.Digest.OFF}
    Preferences.objects.update_or_create(user=user, defaults=off)


def _waiting(now: datetime) -> list[User]:
    """People with something unread, who were not here since, and may get a mail."""
    since = now - timedelta(seconds=limits.DIGEST_AFTER_S)
    unread_of = unread_notices(Notice.objects.heard()).filter(
        user=OuterRef("pk"), kind__in=KINDS, at__lt=since
    )
    newer = unread_of.filter(
        Q(user__push_preferences__digested_at=None)
        | Q(at__gt=F("user__push_preferences__digested_at"))
    )
    here = Device.objects.filter(user=OuterRef("pk"), seen_at__gt=since)
    is_due = Q(push_preferences=None)
    for often, pause in EVERY.items():
        never = Q(push_preferences__digested_at=None)
        past = Q(push_preferences__digested_at__lte=now - pause)
        is_due |= Q(never | past, push_preferences__digest=often)
    found = User.objects.filter(
        is_due, Exists(newer), ~Exists(here), is_active=True, is_bot=False
    )
    return list(with_own_address(found).order_by("pk")[: limits.DIGESTS_AT_ONCE])


def _written(user: User, now: datetime) -> Digest | None:
    kept, _ = Preferences.objects.get_or_create(user=user)
    before = kept.digested_at
    mine = Preferences.objects.filter(user=user, digested_at=before)
    if kept.digest == Preferences.Digest.OFF or not mine.update(digested_at=now):
        return None
    entries = [
        one
        for one in unread(user)
        if one.kind in KINDS and (before is None or one.at > before)
    ]
    if not entries:
        return None
    return Digest(user.pk, before, _letter(user, entries, shows_text=kept.shows_text))


def _letter(user: User, entries: Sequence[Entry], *, shows_text: bool) -> EmailMessage:
    """In the language of who gets it."""
    community = " ".join(Community.current().name.split())  # a header's line
    link = end_link(user)
    count = sum(one.unread for one in entries)
    with translation.override(language_of(user)):
        subject = gettext("{count} unread for you in {community}")
        body = _body(user, community, entries, link, shows_text=shows_text)
    return EmailMessage(
        subject=subject.format(count=count, community=community),
        body=body,
        to=[user.email],
        headers={
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )


def _body(
    user: User,
    community: str,
    entries: Sequence[Entry],
    link: str,
    *,
    shows_text: bool,
) -> str:
    """Plain text, so that nothing in it can be more than words."""
    most = limits.DIGEST_ENTRIES_MAX
    begin = gettext("Hello {name},\n\nthis waits for you in {community}:")
    lines = [begin.format(name=user.display_name, community=community)]
    for one in entries[:most]:
        said = f": {one.text}" if shows_text and one.text else ""
        lines += ["", f"- {_what(one)}{said}", f"  {_address('notice', one.id)}"]
    if len(entries) > most:
        more = gettext("… and {count} more: {address}")
        address = _address("notices")
        lines += ["", more.format(count=len(entries) - most, address=address)]
    end = gettext(
        "You get this mail since you have not been here for a while. How often it\n"
        "comes is in your settings: {settings}\n"
        "To get no more of them, open: {link}"
    )
    end = end.format(settings=_address("push_settings"), link=link)
    return "\n".join([*lines, "", end, ""])


def _what(one: Entry) -> str:
    where = "" if one.room is None or one.room.is_direct else one.room.name
    if one.kind == Notice.Kind.DIRECT:
        sentence = gettext("{who} wrote to you ({count} unread)")
    elif one.kind == Notice.Kind.MENTION:
        sentence = gettext("{who} mentioned you in {where}")
    elif where:
        sentence = gettext("{who} answered you in {where}")
    else:
        sentence = gettext("{who} answered you")
    who = one.actor.display_name if one.actor else gettext("Somebody")
    return sentence.format(who=who, where=where, count=one.unread)


def _address(name: str, *args: str) -> str:
    return f"{settings.SITE_URL}{reverse(name, args=args)}"
