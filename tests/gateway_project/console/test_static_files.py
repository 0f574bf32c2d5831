"""Every stylesheet, script and picture that a template names exists."""

import re

from django.contrib.staticfiles import finders

from tests.documents import ROOT

STATIC = re.compile(r'\{% static "([^"]+)" %\}')
APPS = ("accounts_app", "proxy_app", "gateway_project")


def test_every_static_file_that_a_template_names_exists():
    templates = [path for app in APPS for path in (ROOT / app).rglob("templates/**/*.html")]
    named = {name for path in templates for name in STATIC.findall(path.read_text())}

    assert named
    assert not [name for name in named if finders.find(name) is None]
