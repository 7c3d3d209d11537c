"""The admin's page of people.

The rule it guards: an admin cannot become an owner, nor touch one, and the site
never loses its last owner.
"""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.erasure import erase
from accounts.forms import NameField, free_name
from accounts.links import password_path
from accounts.models import User
from accounts.sessions import end_all_sessions


def actor_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets in nobody else
    return request.user


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """Whether this one may be changed by the person who asks."""
    if user is None or user.role != User.Role.OWNER:
        return True
    return actor_of(request).role == User.Role.OWNER


class UserForm(forms.ModelForm):  # type: ignore[type-arg] # no generic at run time
    """A person's name, address, role, and whether they may come in."""

    display_name = NameField()
    actor: User  # set on the subclass that the admin makes for each request

    class Meta:
        model = User
        fields = ("display_name", "email", "role", "is_active")

    def clean_display_name(self) -> str:
        """The name, if it is free."""
        return free_name(self.cleaned_data["display_name"], but=self.instance)

    def clean_email(self) -> str:
        """The address in lower case, as it is stored; the model says if it is taken."""
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_role(self) -> str:
        """The role; only owners make owners."""
        role = str(self.cleaned_data["role"])
        if role == User.Role.OWNER and self.actor.role != User.Role.OWNER:
            raise ValidationError(_("Only an owner can make somebody an owner."))
        return role

    def clean(self) -> dict[str, Any]:
        """Keep the last owner: the site would be nobody's."""
        data = super().clean() or self.cleaned_data
        stays = data.get("role") == User.Role.OWNER and data.get("is_active")
        if self.initial.get("role") == User.Role.OWNER and not stays:
            self._need_another_owner()
        return data

    def _need_another_owner(self) -> None:
        # Locked, and within the admin's transaction: two owners who demote each
        # other at the same moment do so one after the other.
        owners = User.objects.select_for_update().filter(
            role=User.Role.OWNER, is_active=True
        )
        if not list(owners.exclude(pk=self.instance.pk).values_list("pk")):
            raise ValidationError(_("Make somebody else an owner first."))


class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generic at run time
    """People. They come by sign-up or invite, and go by being made inactive."""

    form = UserForm
    of_bots = False  # whom the list names; a bot has a page that suits it
    list_display = ("display_name", "email", "role", "is_active")
    list_filter: ClassVar[tuple[str, ...]] = ("role", "is_active")
    search_fields: ClassVar[tuple[str, ...]] = ("display_name", "email")
    ordering = ("display_name",)
    actions = ("make_password_link", "erase_people")

    def get_form(
        self,
        request: HttpRequest,
        obj: User | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The form, which knows who fills it in."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("UserForm", (form,), {"actor": actor_of(request)})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: an invite lets people choose their own password."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Nobody: what they wrote is the others' conversation too."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Owners change everyone, admins everyone but owners."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        """Store, with what a new address or the end of an account brings along."""
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            actions.change_address(obj, obj.email)
        if "is_active" in form.changed_data and not obj.is_active:
            actions.deactivate(obj)
        elif "role" in form.changed_data and obj.role == User.Role.GUEST:
            # What they followed as anybody does may be open somewhere.
            end_all_sessions(obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Those who are somebody: what is left of an erased person is nobody."""
        people: QuerySet[User] = super().get_queryset(request)
        return people.filter(erased_at=None, is_bot=self.of_bots)

    @admin.action(description=_("Erase, for good; their messages stay without a name"))
    def erase_people(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponse | None:
        """Ask, then erase each person whose account is closed already."""
        closed = [user for user in queryset[:20] if self._may_erase(request, user)]
        if closed and request.POST.get("sure") != "yes":
            context = {
                **self.admin_site.each_context(request),
                "title": gettext("Are you sure?"),
                "opts": self.opts,
                "people": closed,
            }
            return render(request, "accounts/admin_erase.html", context)
        for user in closed:
            erase(user, messages=False)
            self.log_change(request, user, gettext("Erased."))  # of nobody by now
            self.message_user(request, gettext("Erased."))
        return None

    def _may_erase(self, request: HttpRequest, user: User) -> bool:
        """Whether they may; if not, a sentence says why."""
        if not _may_touch(request, user):
            sentence = gettext("Only an owner can do this for an owner.")
        elif user.is_active:
            sentence = gettext(
                "{name}: close the account first (not active), then erase."
            ).format(name=user)
        else:
            return True
        self.message_user(request, sentence, messages.ERROR)
        return False

    @admin.action(description=_("Make a one-time password link"))
    def make_password_link(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> None:
        """Show a link for each person, this once; it works within an hour."""
        for user in queryset.filter(is_active=True)[:20]:
            if not _may_touch(request, user):
                sentence = gettext("Only an owner can do this for an owner.")
                self.message_user(request, sentence, messages.ERROR)
                continue
            link = request.build_absolute_uri(password_path(user))
            sentence = gettext("For {email}, once: {link}")
            self.message_user(request, sentence.format(email=user.email, link=link))
