from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0028_draft_boxes")]

    operations = [
        migrations.AddField("erasure", "former", models.TextField(default="[]")),
    ]
