"""Where the time of a message goes, and what was tried: for the numbers not reached.

Written by hand, from profiles taken beside the bench; each figure is a share or a ratio
of two runs in turn on one machine, or a part of one traced message.
"""

from bench.tables import table

_PROFILE = """\
## Where the time goes, and what was tried

One message into a room of 200 at rest, traced through all processes on one core, in
shares of the time until the last of the 200 has it: 4 % to read and check the frame in
the web process, 10 % on the way to the room worker through Redis, 28 % in the
transaction (of which the `fsync` of SQLite's log is the larger half), 8 % to render the
fragment, 5 % to publish it, 26 % for 200 sends, 19 % in the load client. None of them
can go: the ack and the copies to the others leave after the commit on purpose.

A post in a batch of 64, as they come when all rooms together are busy, in shares of the
worker's own time: 25 % SQLite's one statement for all of them (three quarters of it for
the index of the search), 5 % the commit, 25 % what is published of it (half of that the
fragment), 13 % the rules, 10 % the text checked and rendered, 5 % a row made of it; the
rest are the other statements of a batch, which alone would take four times as long as
the post itself.

At half of our own load the core is at work for others when a message comes, and latency
is the time until its turn. That load is some hundred times the one at which stock is
measured; the table of equal rates says what a room sees that is as busy as a stock one
can be.

The ratio to stock belongs to the machine as well: stock spends its time in Python, ours
in the kernel's `send`, as the C loop does. Five runs of an earlier commit on another
machine, whose `send` is quicker and whose Python is slower, gave 265 times stock and
3.3 times the C loop.
"""

_TRIED = [
    [
        "statements of the worker written by hand (`chat/rows.py`)",
        "kept: a lone message's transaction takes 0.4 of the time",
    ],
    [
        "the fragment by Jinja in place of a Django template",
        "kept: rendering was 28 % of the worker",
    ],
    [
        "no thread between the worker's loop and its database",
        "kept: the way there and back was a quarter of a lone transaction",
    ],
    [
        "frames of a busy room written every 2 ms, not every 5",
        "kept: p50 at half load is 0.7 of what it was",
    ],
    [
        "merging the search's index and copying SQLite's log beside the commits, not "
        "within every so many-th",
        "kept: p99 of a room at rest is 0.3 of what it was",
    ],
    ["left entries asked for in one lean round trip to Redis", "kept"],
    [
        "what newcomers have to read asked by one prepared question for many of them",
        "kept: new sockets came 5 times as fast as with two questions for each",
    ],
    [
        "sentences put into the compiled fragment, and the fragment a macro "
        "whose names are Python's own",
        "kept: a message is rendered in 0.33 of the time",
    ],
    [
        "a new message made from its columns in order, its moment prepared once "
        "for a batch",
        "kept: 0.45 of the time of both",
    ],
    [
        "SQLite's statements, whose marks are looked for once (`livechat/sqlite/`)",
        "kept: 0.92 of the worker's time in batches of 64",
    ],
    [
        "these three and small ones together, in turns with what was before",
        "kept: a post takes the worker 0.65 of the processor's time in batches "
        "of 64, 0.7 of 16, 0.85 alone",
    ],
    [
        "merging the search's index without waiting for the disk",
        "kept: no merge holds up the next message for a disk's time; nine of "
        "ten end in 0.1 of it",
    ],
    [
        "merging the index every 16 batches, not every 4; every 32",
        "16 kept: 0.65 of the time for merges; with 32 its parts pile up to "
        "where a commit has to merge",
    ],
    [
        "a socket that keeps no number of rooms in which nothing is unread",
        "kept: 0.65 of the memory of an idle socket, whose person is in 66 rooms",
    ],
    [
        "the questions of a room's page prepared, its signs made by a tag, and the "
        "page by one thread",
        "kept: half of the processor's time, and 0.35 of it for the list of 500 rooms",
    ],
    [
        "threads and connections to SQLite that outlast a request",
        "0.88 of a page's time in two runs; not kept, as no fault of the database was "
        "tried with them",
    ],
    [
        "more of SQLite's pages and statements kept in memory by the worker",
        "no difference beyond the noise",
    ],
    [
        "waiting 3 or 8 ms, not 5, for a batch to gather",
        "no difference beyond the noise",
    ],
    [
        "other thresholds of the garbage collector, `gc.freeze`",
        "no difference beyond the noise",
    ],
    [
        "a lower priority for the worker than for the web process",
        "no difference: the kernel shares out by session, not by priority",
    ],
]

SECTION = f"{_PROFILE}\n{table(['tried', 'what became of it'], _TRIED)}"
