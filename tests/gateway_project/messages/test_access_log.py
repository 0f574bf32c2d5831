"""The access log: one line a request, in which nothing can reach the operator's terminal."""

import logging

from gateway_project.messages import access_log


def test_a_line_has_client_method_path_status_and_size(caplog):
    caplog.set_level(logging.INFO, access_log.__name__)

    access_log.write("10.0.0.1", b"GET", b"/v1beta/models", 200, 42, " 3ms")

    assert caplog.messages == ['10.0.0.1 "GET /v1beta/models" 200 42B 3ms']


def test_control_characters_are_escaped(caplog):
    caplog.set_level(logging.INFO, access_log.__name__)

    access_log.write("10.0.0.1", b"GET", b"/\x1b[2J\r\n\xff", 404)

    assert caplog.messages == ['10.0.0.1 "GET /\\x1b[2J\\r\\n\\xff" 404 0B']


def test_where_nobody_reads_it_nothing_is_made(caplog):
    caplog.set_level(logging.WARNING, access_log.__name__)

    access_log.write("10.0.0.1", b"GET", b"/", 200)

    assert caplog.messages == []
