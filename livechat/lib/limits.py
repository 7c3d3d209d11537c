"""Every limit that people or programs can meet, with its unit (docs/limits.md)."""

# Text
MESSAGE_MAX_LENGTH = 8_000  # code points of one message
NAME_MAX_LENGTH = 50  # code points of a room's or person's name
DESCRIPTION_MAX_LENGTH = 200  # code points of a room's description
FRAME_MAX_DEPTH = 16  # nested objects and arrays in one frame
FRAME_MAX_KEYS = 32  # keys of one object in a frame
REF_MAX_LENGTH = 64  # code points of a client's `ref`
RENDERED_MAX_LENGTH = (
    100_000  # characters of a message's HTML; longer is shown as typed
)

# Rooms
PAGE_SIZE = 50  # messages of one page of history
HISTORY_PAGE_MAX = 200  # messages of one page of the JSON API
REPLAY_MAX_CHANGES = 500  # missed changes that are replayed; more is a `reset`
CHUNK_SIZE = 50  # messages of one section of the page
GROUP_WINDOW_S = 300  # messages of one author within this are drawn as one group
PEOPLE_PANE_MAX = 200  # people that the pane names; a larger room shows counts
SUBSCRIPTIONS_MAX = 500  # rooms that one socket may follow at once

# The room worker
BATCH_MAX_INTENTS = 64  # intents of one commit
INBOX_MAX_INTENTS = 10_000  # intents that wait in one shard before `busy`
SHARDS = 16  # streams that the rooms hash to
ROOM_IDLE_STOP_S = 300  # an actor without work stops after this
ANSWER_TIMEOUT_S = 5  # a plain POST waits this long for its answer

# Rate: the token bucket of a person's messages
MESSAGE_BURST = 10  # messages at once
MESSAGE_RATE_PER_S = 1.0  # tokens that come back each second

# Presence and typing
HEARTBEAT_S = 2.0  # a web process renews its lease this often
LEASE_S = 6.0  # and is dead when it did not for this long
LEAVE_GRACE_S = 5.0  # a lost connection may come back in this time unseen
LEAVE_GRACE_CLEAN_S = 0.8  # a closed page may come back (next page) in this time
PRESENCE_INTERVAL_S = 0.25  # at most one presence frame a room in this time
TYPING_TTL_S = 6.0  # typing ends at the latest after this, whatever dies

# The fan-out
FLUSH_INTERVAL_S = 0.005  # a busy room writes this often; a quiet one at once
HEAD_POLL_S = 1.0  # the database's heads are compared this often
ERRORS_PER_WINDOW = 20  # error answers within ERROR_WINDOW_S close with 4029
ERROR_WINDOW_S = 10.0
SOCKET_HEARTBEAT_S = 20  # told to clients in `hello`
RECHECK_S = 60  # a socket's session is looked at again this often

# Redis
REDIS_CONNECT_TIMEOUT_S = 0.5
REDIS_COMMAND_TIMEOUT_S = 1.0

# Accounts
PASSWORD_MIN_LENGTH = 12  # characters
PASSWORD_MAX_LENGTH = 256
INVITE_MAX_DAYS = 30  # days that an invite may live
