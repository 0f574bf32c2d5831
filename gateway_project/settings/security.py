"""The console's safety as far as it is the same everywhere: what the settings take over by name."""

from datetime import timedelta

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Of a sign-in page that was opened by its own address.
LOGIN_REDIRECT_URL = "admin:index"
SESSION_ENGINE = "gateway_project.console.sessions"
# Names of our own: cookies of another service on the same host do not get in the way. Behind TLS they are for TLS
# only, which the Console middleware sees to, as one gateway may be reached with and without.
SESSION_COOKIE_NAME = "gateway_session"
CSRF_COOKIE_NAME = "gateway_csrf"
CSRF_COOKIE_HTTPONLY = True

PASSWORD_HASHERS = ["gateway_project.console.passwords.OneAtATime"]

# --- Sign-in: whoever guesses is locked out for a while, by name and address; the right password clears the count.

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# By both: an address alone would lock out everyone behind one proxy, a name alone whoever it belongs to.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# A wrong try while locked out does not lock out for longer: the operator may be among those who try.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_TEMPLATE = "console/locked_out.html"
AXES_HTTP_RESPONSE_CODE = 429
# What it writes down of a failed try.
AXES_SENSITIVE_PARAMETERS = ["username", "password", "otp_token", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

OTP_TOTP_ISSUER = "Gemini Gateway"
