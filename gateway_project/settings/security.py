"""The console's security settings that depend on no variable. Imported by the settings."""

from datetime import timedelta

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Where a sign-in leads that was opened by its own address.
LOGIN_REDIRECT_URL = "admin:index"
SESSION_ENGINE = "gateway_project.console.sessions"
# Distinct names, so that cookies of another service on the same host do not collide. The Console middleware marks them
# secure on TLS only, as one gateway may be reached with and without it.
SESSION_COOKIE_NAME = "gateway_session"
CSRF_COOKIE_NAME = "gateway_csrf"
CSRF_COOKIE_HTTPONLY = True

PASSWORD_HASHERS = ["gateway_project.console.passwords.OneAtATime"]

# --- Lock-out after failed sign-ins, by name and address; a successful sign-in clears the count.

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# By both: an address alone would lock out everyone behind one proxy, a name alone its owner.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# A failed sign-in while locked out does not extend the lock-out: it may be the operator's own.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_TEMPLATE = "console/locked_out.html"
AXES_HTTP_RESPONSE_CODE = 429
# Parameters of a failed sign-in that are masked in its row.
AXES_SENSITIVE_PARAMETERS = ["username", "password", "otp_token", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

OTP_TOTP_ISSUER = "Gemini Gateway"
