from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('push', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='push',
            name='seq',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name='push',
            index=models.Index(fields=['room', 'seq'], name='pushes_of_message'),
        ),
    ]
