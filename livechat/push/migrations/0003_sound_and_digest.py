from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('push', '0002_push_seq'),
    ]

    operations = [
        migrations.AddField(
            model_name='preferences',
            name='plays_sound',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='preferences',
            name='digest',
            field=models.CharField(choices=[('off', 'Never'), ('daily', 'Once a day at most'), ('weekly', 'Once a week at most')], default='daily', max_length=10),
        ),
        migrations.AddField(
            model_name='preferences',
            name='digested_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
