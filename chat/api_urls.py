"""The addresses of the JSON API."""

from django.urls import path

from chat import (
    api,
    api_directs,
    api_drafts,
    api_invites,
    api_members,
    api_notices,
    api_people,
    api_pins,
    api_push,
    api_reactions,
    api_reminders,
    api_reports,
    api_rooms,
    api_saved,
    api_threads,
)

urlpatterns = [
    path("api/me", api_people.me, name="api_me"),
    path("api/people/<str:user>", api_people.person, name="api_person"),
    path("api/directs", api_directs.directs, name="api_directs"),
    path("api/rooms", api_rooms.rooms, name="api_rooms"),
    path("api/rooms/<str:public_id>", api_rooms.room, name="api_room"),
    path(
        "api/rooms/<str:public_id>/membership",
        api_rooms.membership,
        name="api_membership",
    ),
    path("api/rooms/<str:public_id>/members", api_members.members, name="api_members"),
    path(
        "api/rooms/<str:public_id>/members/<str:user>",
        api_members.member,
        name="api_member",
    ),
    path("api/rooms/<str:public_id>/bans", api_members.bans, name="api_bans"),
    path("api/rooms/<str:public_id>/bans/<str:user>", api_members.ban, name="api_ban"),
    path("api/join", api_invites.join, name="api_join"),
    path("api/rooms/<str:public_id>/invites", api_invites.invites, name="api_invites"),
    path(
        "api/rooms/<str:public_id>/invites/<int:pk>",
        api_invites.invite,
        name="api_invite",
    ),
    path("api/rooms/<str:public_id>/messages", api.messages, name="api_messages"),
    path(
        "api/rooms/<str:public_id>/messages/<int:seq>", api.message, name="api_message"
    ),
    path(
        "api/rooms/<str:public_id>/messages/<int:seq>/thread",
        api_threads.thread,
        name="api_thread",
    ),
    path(
        "api/rooms/<str:public_id>/messages/<int:seq>/thread/read",
        api_threads.thread_read,
        name="api_thread_read",
    ),
    path(
        "api/rooms/<str:public_id>/messages/<int:seq>/links",
        api.message_links,
        name="api_message_links",
    ),
    path("api/rooms/<str:public_id>/draft", api_drafts.draft, name="api_draft"),
    path("api/threads", api_threads.threads, name="api_threads"),
    path("api/saved", api_saved.saved, name="api_saved"),
    path(
        "api/rooms/<str:public_id>/messages/<int:seq>/saved",
        api_saved.message_saved,
        name="api_message_saved",
    ),
    path("api/rooms/<str:public_id>/pins", api_pins.pins, name="api_pins"),
    path(
        "api/rooms/<str:public_id>/messages/<int:seq>/pin",
        api_pins.pin,
        name="api_pin",
    ),
    path(
        "api/rooms/<str:public_id>/messages/<int:seq>/reactions",
        api_reactions.reactions,
        name="api_reactions",
    ),
    path(
        "api/rooms/<str:public_id>/messages/<int:seq>/reactions/<str:emoji>",
        api_reactions.reaction,
        name="api_reaction",
    ),
    path(
        "api/rooms/<str:public_id>/messages/<int:seq>/reports",
        api_reports.message_reports,
        name="api_message_reports",
    ),
    path(
        "api/rooms/<str:public_id>/reports",
        api_reports.room_reports,
        name="api_room_reports",
    ),
    path(
        "api/rooms/<str:public_id>/reports/<int:pk>",
        api_reports.room_report,
        name="api_room_report",
    ),
    path("api/reports", api_reports.site_reports, name="api_site_reports"),
    path("api/reports/own", api_reports.own_reports, name="api_own_reports"),
    path("api/reports/<int:pk>", api_reports.site_report, name="api_site_report"),
    path(
        "api/push/subscriptions",
        api_push.subscriptions,
        name="api_push_subscriptions",
    ),
    path(
        "api/push/subscriptions/<str:subscription>",
        api_push.subscription,
        name="api_push_subscription",
    ),
    path("api/reminders", api_reminders.listed, name="api_reminders"),
    path("api/reminders/<str:reminder>", api_reminders.reminder, name="api_reminder"),
    path("api/notifications", api_notices.listed, name="api_notices"),
    path("api/notifications/read", api_notices.read, name="api_notices_read"),
    path("api/push/preferences", api_push.preferences, name="api_push_preferences"),
    path("api/push/pause", api_push.pause, name="api_push_pause"),
    path("api/push/tests", api_push.tests, name="api_push_tests"),
    path("api/push/deliveries", api_push.deliveries, name="api_push_deliveries"),
    path("api/openapi.json", api.openapi_view, name="openapi"),
    path("health", api.health_view, name="health"),
]
