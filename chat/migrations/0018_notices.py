import django.db.models.deletion
import django.utils.timezone
import livechat.lib.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0017_erasure'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=livechat.lib.ids.public_id, editable=False, max_length=16, unique=True)),
                ('key', models.CharField(max_length=64)),
                ('kind', models.CharField(choices=[('mention', 'Mention'), ('reply', 'Reply'), ('direct', 'Direct'), ('reaction', 'Reaction'), ('invitation', 'Invitation'), ('report', 'Report'), ('reminder', 'Reminder')], max_length=10)),
                ('seq', models.BigIntegerField(default=0)),
                ('text', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('room', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.room')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['user', '-at'], name='notices_of_user'), models.Index(fields=['room', 'seq'], name='notices_of_message')],
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='one_notice')],
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=livechat.lib.ids.public_id, editable=False, max_length=16, unique=True)),
                ('client_id', models.UUIDField()),
                ('text', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField(db_index=True)),
                ('room', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='chat.room')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reminders', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'client_id'), name='one_reminder')],
            },
        ),
    ]
