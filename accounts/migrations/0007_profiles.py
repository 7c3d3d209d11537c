import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_remembered")]

    operations = [
        migrations.AddField(
            "user",
            "availability",
            models.CharField(default="online", editable=False, max_length=10),
        ),
        migrations.AddField(
            "user",
            "available_until_s",
            models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            "user", "choices", models.PositiveIntegerField(default=0, editable=False)
        ),
        migrations.AddField(
            "user",
            "shown_at",
            models.DateTimeField(
                db_index=True, default=django.utils.timezone.now, editable=False
            ),
        ),
        migrations.AddField(
            "user", "erased_at", models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddField(
            "community",
            "may_erase",
            models.BooleanField(
                default=True, verbose_name="people may erase themselves"
            ),
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="profile",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("about", models.CharField(blank=True, max_length=300)),
                ("pronouns", models.CharField(blank=True, max_length=30)),
                ("zone", models.CharField(blank=True, max_length=64)),
                ("status_emoji", models.CharField(blank=True, max_length=50)),
                ("status_text", models.CharField(blank=True, max_length=80)),
                ("status_until", models.DateTimeField(db_index=True, null=True)),
            ],
        ),
    ]
