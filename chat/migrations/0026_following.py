import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Who wrote in a thread, began it or is named there follows it, and has read it so far.
FOLLOW = """
INSERT INTO chat_following (room_id, thread, user_id, last_read_seq, newest_seq)
SELECT ends.room_id, ends.thread, people.user_id, ends.last_seq, ends.last_seq
FROM (
    SELECT room_id, thread, MAX(seq) AS last_seq FROM chat_message
    WHERE thread IS NOT NULL GROUP BY room_id, thread
) AS ends JOIN (
    SELECT room_id, thread, author_id AS user_id FROM chat_message
    WHERE thread IS NOT NULL
    UNION SELECT room_id, seq, author_id FROM chat_message WHERE reply_count > 0
    UNION SELECT said.room_id, said.thread, named.user_id
    FROM chat_message AS said JOIN chat_mention AS named
    ON named.room_id = said.room_id AND named.seq = said.seq
    WHERE said.thread IS NOT NULL AND named.user_id IS NOT NULL
    UNION SELECT room_id, seq, user_id FROM chat_mention WHERE user_id IS NOT NULL
) AS people ON people.room_id = ends.room_id AND people.thread = ends.thread
"""


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0025_words_of_the_admin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Following",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("thread", models.BigIntegerField()),
                ("last_read_seq", models.BigIntegerField()),
                ("newest_seq", models.BigIntegerField(default=0)),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="chat.room",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("room", "thread", "user"), name="followed_once"
                    )
                ],
                "indexes": [
                    models.Index(fields=["user"], name="threads_of_user"),
                    models.Index(
                        fields=["user", "room"],
                        condition=models.Q(newest_seq__gt=models.F("last_read_seq")),
                        name="unread_threads",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FOLLOW, migrations.RunSQL.noop),
    ]
