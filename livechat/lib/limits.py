"""Every limit that people or programs can meet, with its unit (docs/limits.md)."""

# Text
MESSAGE_MAX_LENGTH = 8_000  # code points of one message
NAME_MAX_LENGTH = 50  # code points of a room's or person's name
DESCRIPTION_MAX_LENGTH = 200  # code points of a room's description
TOPIC_MAX_LENGTH = 120  # code points of a room's topic
REPORT_NOTE_MAX_LENGTH = 300  # code points that a report of a message may add
FRAME_MAX_DEPTH = 16  # nested objects and arrays in one frame
FRAME_MAX_KEYS = 32  # keys of one object in a frame
REF_MAX_LENGTH = 64  # code points of a client's `ref`
RENDERED_MAX_LENGTH = (
    100_000  # characters of a message's HTML; longer is shown as typed
)

# Direct and group messages
DIRECT_MAX_PEOPLE = 10  # people of a group message, who begins it included
DIRECTS_PER_DAY = 50  # that one person may begin in 24 hours
PEOPLE_FOUND_MAX = 30  # people that a search shows at once

# Rooms
PAGE_SIZE = 50  # messages of one page of history
HISTORY_PAGE_MAX = 200  # messages of one page of the JSON API
REPLAY_MAX_CHANGES = 500  # missed changes that are replayed; more is a `reset`
REPLAY_MAX_BYTES = 256 * 1024  # of their texts and HTML, and of a `reset`'s page
CHUNK_SIZE = 50  # messages of one section of the page
FOLD_LENGTH = 2_000  # code points above which a message is shown folded
FOLD_LINES = 24  # line breaks from which it is
GROUP_WINDOW_S = 300  # messages of one author within this are drawn as one group
REACTION_EMOJI_MAX = 20  # different emoji under one message
REACTIONS_MAX = 1_000  # reactions to one message, all emoji together
EMOJI_SHOWN = 64  # emoji that the picker shows at once
DRAFT_MAX_LENGTH = 16_000  # code points of a draft; a message has fewer
DRAFT_EVERY_S = 0.2  # between two texts that one person has kept as drafts
DRAFTS_MAX = 200  # of one person; the oldest goes
THREADS_SHOWN = 50  # of those that somebody follows, on their list
PINS_MAX = 50  # pinned messages of one room
SAVED_MAX = 200  # messages that one person keeps for later
VERSIONS_SHOWN = 50  # earlier texts of an edited message that are shown
PEOPLE_PANE_MAX = 200  # people that the pane names; a larger room shows counts
LOBBY_PAGE_SIZE = 48  # rooms of one page of the lobby
DELETE_BATCH_MESSAGES = 500  # of a deleted room, in one transaction
ERASE_BATCH_MESSAGES = 100  # of an erased person's, in one transaction
ERASE_LOOK_MESSAGES = 5_000  # that one transaction looks through for them
DELETE_PAUSE_S = 0.1  # between two of them
DELETE_LOOK_S = 5  # a web process looks this often for what is left of deleted rooms
SLOW_MODE_MAX_S = 6 * 60 * 60  # seconds between two messages of a member
ROOM_INVITES_MAX = 50  # links into one room that let somebody in
PALETTE_EACH_MAX = 6  # of each kind that the command palette finds
PALETTE_LINE_LENGTH = 90  # characters of a message that it shows
QUERY_MAX_LENGTH = 100  # characters that are looked for
SUGGESTIONS_MAX = 8  # lines of the list under the caret
SUBSCRIPTIONS_MAX = 500  # rooms that one socket may follow at once

# The room worker
BATCH_MAX_INTENTS = 64  # intents of one commit
BATCH_MAX_S = 0.5  # of rendering before a commit; the rest waits for the next
BATCH_WAIT_S = 0.005  # a busy worker begins a batch this often at most
INBOX_MAX_INTENTS = 10_000  # intents that wait in one shard before `busy`
SHARDS = 16  # streams that the rooms hash to
ROOM_IDLE_STOP_S = 300  # an actor without work stops after this
ROOM_RECENT_MESSAGES = 20  # messages whose numbers and authors an actor remembers
ROOM_STATES_MAX = 500  # actors that one worker tells of at once
ROOM_STATES_TIMEOUT_S = 2  # `manage.py rooms` waits this long for the workers
STORAGE_RETRY_S = 5  # told over HTTP when the database could not store something
ANSWER_TIMEOUT_S = 4  # a plain POST waits this long for its answer

# SQLite's write-ahead log
CHECKPOINT_EVERY_S = 0.25  # a room worker looks at its size this often
CHECKPOINT_BYTES = 4 * 1024 * 1024  # a larger one is copied into the database
WAL_MAX_BYTES = 64 * 1024 * 1024  # a larger one is emptied too
WAL_WAIT_MS = 200  # that it waits for readers to finish, each time that it tries

# Rate: the token bucket of a person's messages
MESSAGE_BURST = 10  # messages at once
MESSAGE_RATE_PER_S = 1.0  # tokens that come back each second

# Messages that grow piece by piece
STREAMS_PER_ROOM = 8  # that grow at once, of one author each
STREAMS_PER_PERSON = 4  # of one person, over all rooms
STREAMS_PER_BOT = 32  # of one bot
PIECE_BURST = 5  # pieces of one message at once
PIECE_RATE_PER_S = 5.0  # tokens that come back each second
STREAM_SILENT_S = 8  # without a piece; then it is final, as interrupted
STREAM_LOOK_S = 2.0  # a room worker looks this often for those

# Rate: the token bucket of a person's changes to rooms and to who is in them
CHANGE_BURST = 30  # changes at once
CHANGE_RATE_PER_S = 0.5  # tokens that come back each second

# Presence and typing
HEARTBEAT_S = 2.0  # a web process renews its lease this often
LEASE_S = 6.0  # and is dead when it did not for this long
LEAVE_GRACE_S = 5.0  # a lost connection may come back in this time unseen
LEAVE_GRACE_CLEAN_S = 0.7  # a closed page may come back (next page) in this time
PRESENCE_INTERVAL_S = 0.15  # at most one presence frame a room in this time
PRESENCE_LIST_MAX = 500  # people of a room that are named; the others are counted
PANE_INTERVAL_S = 1.0  # at most one people pane a room in this time
TYPING_TTL_S = 5.5  # of a word: who saw it sees it end in 6 s, whatever dies

# The fan-out
SPEECH_INTERVAL_S = 4.0  # screen readers are told of a room this often at most
FLUSH_INTERVAL_S = 0.002  # a busy room writes this often; a quiet one at once
CROWD_SLICE_SOCKETS = 500  # written to before other rooms get their turn
QUESTION_TIMEOUT_S = 4.0  # a socket waits this long for the database; below 5 s
PAGE_FRAME_BYTES = 64 * 1024  # of fragments in one frame; then another one begins
HEAL_PART_BYTES = 256 * 1024  # of missed changes, before sockets have to take them
HEAL_WAIT_S = 0.5  # and the others wait for them this long at most
HEAD_POLL_S = 1.0  # the database's heads are compared this often
FRAMES_BURST = 600  # frames of one socket at once, no messages; 500 rooms and more
FRAMES_RATE_PER_S = 20.0  # and steadily
ERRORS_PER_WINDOW = 20  # error answers within ERROR_WINDOW_S close with 4029
ERROR_WINDOW_S = 10.0
SOCKET_HEARTBEAT_S = 20  # told to clients in `hello`
RECHECK_S = 60  # a socket's session is looked at again this often

# Mentions
MENTIONS_MAX = 50  # names of one message that become chips; more stay text
FOLLOWERS_TOLD = 500  # of those who follow a thread, each time that it goes on
EVERYBODY_MAX = 25  # members of a room in which any of them may tell all by @room

# What is unread
BADGE_INTERVAL_S = 0.25  # badges that change within this are told together
BADGE_PATIENCE_S = 0.75  # what a page that shows the room has not seen gets its badge
BADGE_REFRESH_S = 30.0  # numbers are read again this often, for what Redis lost
BADGE_PEOPLE_AT_ONCE = 200  # people whose numbers one question reads
READ_MARKS_AT_ONCE = 200  # marks of how far people have read, in one transaction
READ_MARKS_PAUSE_S = 0.05  # between two of them

# Notifications
NOTICES_PAGE_SIZE = 30  # of one page of the list
NOTICES_MAX = 500  # of one person; the oldest go
NOTICE_MAX_DAYS = 60  # then they go in any case
NOTICE_EVERYBODY_MAX = 500  # members that `@room` notifies; the others have its badge
NOTICE_SWEEP_EVERY_S = 600.0  # seconds between two looks for those that go
NOTICE_TEXT_LENGTH = 160  # characters of a message that the list shows
NOTICE_INTERVAL_S = 0.25  # notifications that come within this are told together
NOTICE_PATIENCE_S = 0.75  # and that much later, where a page shows the room
DIGEST_AFTER_S = 7_200  # unread for this long, by somebody who is not here: a mail
DIGEST_ENTRIES_MAX = 20  # lines of one mail
DIGEST_LOOK_EVERY_S = 60.0  # between two looks for who is to get one
DIGESTS_AT_ONCE = 20  # mails of one look

# Reminders
REMINDER_MAX_LENGTH = 300  # code points
REMINDERS_MAX = 100  # of one person that are still to come
REMINDER_MAX_DAYS = 366  # that one lies ahead at most
REMINDER_POLL_S = 1.0  # the pusher looks this often for those whose time has come

# Notifications on devices (web push)
PUSH_SUBSCRIPTIONS_MAX = 20  # browsers of one person
PUSH_ENDPOINT_MAX_LENGTH = 1_000  # characters of a browser's address
PUSH_TAG_MAX_LENGTH = 64  # characters
PUSH_TITLE_MAX_LENGTH = 80  # code points; longer is cut
PUSH_BODY_MAX_LENGTH = 300  # code points; longer is cut
PUSH_URL_MAX_LENGTH = 200  # characters
PUSH_WAIT_S = 2.0  # before the first try, in which the page may mark it read
PUSH_IN_VIEW_S = 60  # it waits this long at most while the room is open somewhere
PUSH_TIMEOUT_S = 10.0  # of one request to a push service
PUSH_ATTEMPTS = 7  # 1, 2, 4 … s apart; then it is given up
PUSH_RETRY_AFTER_MAX_S = 3_600  # a push service may ask for this much at most
PUSH_TTL_S = 86_400  # a browser that is off gets it within this time
PUSH_AT_ONCE = 64  # requests under way
PUSH_AT_ONCE_PER_PERSON = 4  # of them for one person
PUSH_FAILURES_MAX = 10  # in a row; then the subscription is removed
PUSH_TEST_EVERY_S = 5  # between two tests of one person
PUSH_LOG_MAX = 20  # deliveries that the page names
PUSH_POLL_S = 0.5  # the sender looks this often for what is due

# Links of messages that are looked behind
LINKS_PER_MESSAGE = 3  # the first ones; the others get no card
LINK_MAX_LENGTH = 2_000  # characters of an address that gets one
LINK_TIMEOUT_S = 10.0  # for a page with all its redirects
LINK_BODY_MAX_BYTES = 512 * 1024  # of a page that are read
LINKS_AT_ONCE = 8  # pages that are fetched at once, one of each host
LINK_CLAIM_S = 60  # a fetcher that has died by then has lost its links
LINK_KEPT_S = 24 * 3_600  # what was found; only then it is fetched again
LINK_NOTHING_KEPT_S = 3_600  # that nothing was found
LINK_TOLD_AT_ONCE = 100  # cards handed to the room worker in one look
LINK_TOLD_EVERY_S = 30  # it is told again of a card that it has not stored
LINK_TOLD_MAX = 5  # and so often
LINK_POLL_S = 0.5  # the fetcher looks this often for what is due

# Redis
REDIS_CONNECT_TIMEOUT_S = 0.5
REDIS_COMMAND_TIMEOUT_S = 1.0

# Accounts
PASSWORD_MIN_LENGTH = 12  # characters
PASSWORD_MAX_LENGTH = 256
REMEMBERED_MAX = 100_000  # rows of tries and used codes; above it some are forgotten
DEVICE_SEEN_S = 300  # a device's last visit is noted this often at most
DEVICES_MAX = 100  # devices and tokens that the page of devices names
BLOCKS_MAX = 500  # people that one person may block
INVITE_MAX_DAYS = 30  # days that an invite may live
INVITE_MAX_USES = 1_000  # people that one invite may let in

# What people tell of themselves
ABOUT_MAX_LENGTH = 300  # code points about oneself
PRONOUNS_MAX_LENGTH = 30  # code points
STATUS_MAX_LENGTH = 80  # code points of a status
PROFILE_BURST = 20  # changes at once of what others see of one
PROFILE_RATE_PER_S = 0.2  # tokens that come back each second
EXPORT_EVERY_S = 900  # between two downloads of one's own data

# Gateway: HTTP
GATEWAY_BODY_MAX_BYTES = 64 * 1024  # of a request's body; more needs a ticket
GATEWAY_TARGET_MAX_BYTES = 8 * 1024  # of a path, and of a query string
GATEWAY_QUERY_MAX_PARAMETERS = 200  # of one query string
GATEWAY_HEADERS_MAX_BYTES = 16 * 1024  # request line and headers together
GATEWAY_HEADERS_MAX = 100  # header lines of one request
GATEWAY_HEADER_DEADLINE_S = 15.0  # from the first moment to the last header line
GATEWAY_BODY_DEADLINE_S = 60.0  # for a body, and one second more for each MiB
GATEWAY_BODY_STALL_S = 15.0  # without one byte of the body
GATEWAY_ANSWER_DEADLINE_S = 60.0  # for the application to begin its answer
GATEWAY_IDLE_TIMEOUT_S = 60.0  # between two requests of one connection
GATEWAY_LINGER_S = 1.0  # a refused client's bytes are read and thrown away this long
GATEWAY_LINGER_MAX_BYTES = 1024 * 1024  # and at most so many of them
GATEWAY_MAX_PER_ADDRESS = 100  # connections of one IPv4 address or IPv6 /64
GATEWAY_MAX_CONNECTIONS = 20_000  # connections of one process

# Gateway: WebSocket
GATEWAY_MESSAGE_MAX_BYTES = 64 * 1024  # of one message and of one frame
GATEWAY_HANDSHAKE_DEADLINE_S = 5.0  # for the handshake, the application's yes included
GATEWAY_FRAGMENT_DEADLINE_S = 15.0  # for a message that has begun
GATEWAY_PING_INTERVAL_S = 10.0  # of silence before a ping
GATEWAY_PING_TIMEOUT_S = 8.0  # for its pong; both and LEAVE_GRACE_S: under 25 s
GATEWAY_CLOSE_DEADLINE_S = 1.5  # from our close frame to the end of the connection
GATEWAY_INBOUND_MAX_FRAMES = 64  # messages that wait for the application
GATEWAY_INBOUND_MAX_BYTES = 256 * 1024  # of them; then the client is not read

# Gateway: what a client has not taken yet
GATEWAY_SEND_WAIT_BYTES = 256 * 1024  # above it the application's send() waits
GATEWAY_STALL_S = 15.0  # a wait in which less than GATEWAY_STALL_BYTES left
GATEWAY_STALL_BYTES = 16 * 1024  # ends the connection
GATEWAY_SLOW_BYTES = 1024 * 1024  # of a socket for GATEWAY_SLOW_S: close 4008
GATEWAY_SLOW_S = 5.0
GATEWAY_UNSENT_MAX_BYTES = 4 * 1024 * 1024  # of a socket at once: close 4008
GATEWAY_SOCKET_SEND_BUFFER_BYTES = 256 * 1024  # that the kernel may hold of a socket

# Gateway: the end
GATEWAY_SHUTDOWN_S = 10.0  # from SIGTERM to the end of the process
GATEWAY_SHUTDOWN_HOOK_S = 3.0  # of it for the application's on_shutdown
GATEWAY_APPLICATION_CLOSE_S = 10.0  # for an application whose client has left
