from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_language")]

    operations = [
        migrations.CreateModel(
            "Bot",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("accounts.user",),
        ),
    ]
