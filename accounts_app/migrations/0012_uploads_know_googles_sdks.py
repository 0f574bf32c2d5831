from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('accounts_app', '0011_demo_accounts_of_both_kinds'),
    ]

    operations = [
        migrations.AddField(
            model_name='uploadsession',
            name='by_google_sdk',
            field=models.BooleanField(default=False),
        ),
    ]
