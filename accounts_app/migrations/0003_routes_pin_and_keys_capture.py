import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts_app", "0002_exporting_is_a_right_of_its_own")]

    operations = [
        migrations.AddField(
            model_name="modelroute",
            name="generation_config",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="As JSON. Each field counts where a client leaves it out.",
                verbose_name="pinned generationConfig",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="capture",
            field=models.BooleanField(
                default=False,
                help_text="Encrypted, for as many days as the settings say, for operators with the right to read them.",
                verbose_name="keep prompts and answers",
            ),
        ),
        migrations.AddField(
            model_name="gatewaysettings",
            name="capture_days",
            field=models.PositiveSmallIntegerField(
                default=7,
                help_text="Only of API keys that have this turned on; the usage records themselves never hold any.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(365),
                ],
                verbose_name="days to keep prompts and answers",
            ),
        ),
    ]
