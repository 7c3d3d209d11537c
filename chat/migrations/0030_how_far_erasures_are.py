from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0029_former_names")]

    operations = [
        migrations.AddField("erasure", "lines_upto", models.BigIntegerField(default=0)),
        migrations.AddField("erasure", "texts_upto", models.BigIntegerField(default=0)),
    ]
