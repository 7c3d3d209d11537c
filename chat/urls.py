"""Addresses of rooms and their messages."""

from django.urls import path

from chat import (
    views,
    views_data,
    views_diagrams,
    views_digests,
    views_directs,
    views_drafts,
    views_invites,
    views_lobby,
    views_members,
    views_messages,
    views_notices,
    views_people,
    views_pins,
    views_reach,
    views_read,
    views_reminders,
    views_reports,
    views_saved,
    views_settings,
    views_suggest,
    views_threads,
)

urlpatterns = [
    path("", views_lobby.lobby, name="lobby"),
    path("join/<str:code>", views_invites.join, name="join"),
    path("reports", views_reports.site_reports, name="site_reports"),
    path("reports/own", views_reports.own_reports, name="own_reports"),
    path("reports/<int:pk>", views_reports.site_report, name="site_report"),
    path("emoji", views_reach.emoji_pane, name="emoji"),
    path("shortcuts", views_reach.shortcuts, name="shortcuts"),
    path("unread/next", views_reach.next_unread, name="next_unread"),
    path("directs/new", views_directs.direct_new, name="direct_new"),
    path("profile/data/", views_data.own_data, name="own_data"),
    path("people/blocked", views_people.blocks, name="blocks"),
    path("people/<str:public_id>", views_people.person, name="person"),
    path(
        "people/<str:public_id>/block", views_people.person_block, name="person_block"
    ),
    path("saved", views_saved.saved, name="saved"),
    path("threads", views_threads.threads, name="threads"),
    path(
        "rooms/<str:public_id>/<int:seq>/saved",
        views_saved.message_saved,
        name="message_saved",
    ),
    path("rooms/new", views.room_new, name="room_new"),
    path("rooms/<str:public_id>/", views.room, name="room"),
    path("rooms/<str:public_id>/edit", views_settings.room_edit, name="room_edit"),
    path(
        "rooms/<str:public_id>/archive",
        views_settings.room_archive,
        name="room_archive",
    ),
    path(
        "rooms/<str:public_id>/delete", views_settings.room_delete, name="room_delete"
    ),
    path("rooms/<str:public_id>/audit", views_settings.room_audit, name="room_audit"),
    path("rooms/<str:public_id>/join", views.room_join, name="room_join"),
    path("rooms/<str:public_id>/leave", views.room_leave, name="room_leave"),
    path("rooms/<str:public_id>/messages", views.room_messages, name="room_messages"),
    path(
        "rooms/<str:public_id>/messages/<int:seq>/report",
        views_reports.message_report,
        name="message_report",
    ),
    path(
        "rooms/<str:public_id>/reports/new",
        views_reports.room_report_new,
        name="room_report_new",
    ),
    path(
        "rooms/<str:public_id>/reports", views_reports.room_reports, name="room_reports"
    ),
    path(
        "rooms/<str:public_id>/reports/<int:pk>",
        views_reports.room_report,
        name="room_report",
    ),
    path(
        "rooms/<str:public_id>/invites", views_invites.room_invites, name="room_invites"
    ),
    path(
        "rooms/<str:public_id>/invites/<int:pk>/end",
        views_invites.room_invite_end,
        name="room_invite_end",
    ),
    path("rooms/<str:public_id>/draft", views_drafts.room_draft, name="room_draft"),
    path("rooms/<str:public_id>/history", views.room_history, name="room_history"),
    path("rooms/<str:public_id>/read", views_read.room_read, name="room_read"),
    path("rooms/<str:public_id>/unread", views_read.room_unread, name="room_unread"),
    path("rooms/<str:public_id>/own", views_read.room_own, name="room_own"),
    path("side/<str:section>", views_read.section_fold, name="section_fold"),
    path("read", views_read.read_all, name="read_all"),
    path("digest/<str:code>/end", views_digests.digest_end, name="digest_end"),
    path("reminders", views_reminders.reminders_page, name="reminders"),
    path(
        "reminders/<str:public_id>/cancel",
        views_reminders.reminder_cancel,
        name="reminder_cancel",
    ),
    path("notifications", views_notices.notices_page, name="notices"),
    path("notifications/list", views_notices.notices_list, name="notices_list"),
    path("notifications/<str:public_id>", views_notices.notice, name="notice"),
    path(
        "rooms/<str:public_id>/suggest",
        views_suggest.room_suggest,
        name="room_suggest",
    ),
    path(
        "rooms/<str:public_id>/edit-last",
        views_messages.message_edit_last,
        name="message_edit_last",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>",
        views_messages.message_link,
        name="message_link",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/reply",
        views_messages.message_reply,
        name="message_reply",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/thread",
        views_threads.message_thread,
        name="message_thread",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/menu",
        views_messages.message_menu,
        name="message_menu",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/reactions",
        views_messages.message_reactions,
        name="message_reactions",
    ),
    path("rooms/<str:public_id>/pins", views_pins.room_pins, name="room_pins"),
    path(
        "rooms/<str:public_id>/<int:seq>/pin",
        views_pins.message_pin,
        name="message_pin",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/versions",
        views_messages.message_versions,
        name="message_versions",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/edit",
        views_messages.message_edit,
        name="message_edit",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/diagrams/<int:number>",
        views_diagrams.message_diagram,
        name="message_diagram",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/diagrams/<int:number>/frame",
        views_diagrams.message_diagram_frame,
        name="message_diagram_frame",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/cards/end",
        views_messages.message_cards_end,
        name="message_cards_end",
    ),
    path(
        "rooms/<str:public_id>/<int:seq>/delete",
        views_messages.message_delete,
        name="message_delete",
    ),
    path(
        "rooms/<str:public_id>/members",
        views_members.room_members,
        name="room_members",
    ),
    path(
        "rooms/<str:public_id>/members/<str:user>/role",
        views_members.room_role,
        name="room_role",
    ),
    path(
        "rooms/<str:public_id>/members/<str:user>/mute",
        views_members.room_mute,
        name="room_mute",
    ),
    path(
        "rooms/<str:public_id>/members/<str:user>/removal",
        views_members.room_removal,
        name="room_removal",
    ),
    path(
        "rooms/<str:public_id>/bans/<str:user>",
        views_members.room_ban,
        name="room_ban",
    ),
    path(
        "rooms/<str:public_id>/bans/<str:user>/end",
        views_members.room_ban_end,
        name="room_ban_end",
    ),
    path("me/<str:public_id>.css", views.me_css, name="me_css"),
]
