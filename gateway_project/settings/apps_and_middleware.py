"""Installed apps and middleware, which depend on no variable. Imported by the settings."""

INSTALLED_APPS = [
    "gateway_project.server.apps.Daphne",  # first, so that runserver speaks ASGI
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin.apps.SimpleAdminConfig",  # its pages are imported by the URLs, not by each command
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "accounts_app",
    "proxy_app",
    "gateway_project",
]

# The console's. API calls never pass through these.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "gateway_project.console.middleware.Console",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "gateway_project.console.second_factor.Required",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it puts its answer in the place of a login's
]
