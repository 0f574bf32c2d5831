"""The console's safety as far as it is the same everywhere: what settings.py takes over by name."""

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Names of our own: cookies of another service on the same host do not get in the way. Behind TLS they are for TLS
# only, which the Console middleware sees to, as one gateway may be reached with and without.
SESSION_COOKIE_NAME = "gateway_session"
CSRF_COOKIE_NAME = "gateway_csrf"
CSRF_COOKIE_HTTPONLY = True
