"""All tables that stand in files of their own, so that Django knows them."""

from chat import (  # noqa: F401
    link_tables,
    mention_tables,
    moderation_tables,
    notice_tables,
    own_tables,
    reminder_tables,
    thread_tables,
    versions,
    worker_tables,
)
