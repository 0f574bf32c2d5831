import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts_app.models.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("accounts_app", "0003_routes_pin_and_keys_capture"),
        ("proxy_app", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CapturedCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="time")),
                ("request_id", models.CharField(db_index=True, max_length=32, verbose_name="request")),
                (
                    "api_key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts_app.apikey",
                        verbose_name="API key",
                    ),
                ),
                ("model", models.CharField(blank=True, max_length=128, verbose_name="model")),
                ("method", models.CharField(blank=True, max_length=64, verbose_name="method")),
                ("outcome", models.CharField(blank=True, max_length=32, verbose_name="outcome")),
                ("request", accounts_app.models.encryption.EncryptedTextField(blank=True, verbose_name="prompt")),
                ("request_bytes", models.PositiveBigIntegerField(default=0, verbose_name="bytes of the prompt")),
                ("answer", accounts_app.models.encryption.EncryptedTextField(blank=True, verbose_name="answer")),
                ("answer_bytes", models.PositiveBigIntegerField(default=0, verbose_name="bytes of the answer")),
            ],
            options={
                "verbose_name": "prompt and answer",
                "verbose_name_plural": "prompts and answers",
                "default_permissions": ("view", "delete"),
            },
        ),
        migrations.AlterModelOptions(
            name="usagerecord",
            options={
                "permissions": [("use_playground", "Can call models from the console")],
                "verbose_name": "usage record",
                "verbose_name_plural": "usage records",
            },
        ),
        migrations.AddIndex(
            model_name="usagerecord", index=models.Index(fields=["model", "at"], name="usage_by_model")
        ),
        migrations.AddIndex(
            model_name="usagerecord", index=models.Index(fields=["outcome", "at"], name="usage_by_outcome")
        ),
        migrations.AddIndex(
            model_name="usagerecord", index=models.Index(fields=["status", "at"], name="usage_by_status")
        ),
    ]
