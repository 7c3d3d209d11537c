from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0007_streams'),
    ]

    operations = [
        migrations.AddField(
            model_name='room',
            name='kind',
            field=models.CharField(choices=[('room', 'Room'), ('direct', 'Direct'), ('group', 'Group')], default='room', editable=False, max_length=10),
        ),
        migrations.AddField(
            model_name='room',
            name='people_key',
            field=models.CharField(blank=True, editable=False, max_length=200, null=True, unique=True),
        ),
    ]
