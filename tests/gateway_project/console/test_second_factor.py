"""How operators sign in: guessing is slowed down, and a second factor is asked for where it is turned on."""

import base64
import time

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

pytestmark = pytest.mark.django_db

LOGIN, CONSOLE, SECOND = "/admin/login/", "/admin/accounts_app/rest/", "/admin/two-factor/"
PASSWORD = "correct horse battery"


@pytest.fixture
def olga() -> User:
    return User.objects.create_superuser("olga", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, code: str = "", **headers: str):
    return client.post(LOGIN, {"username": "olga", "password": password, "otp_token": code}, **headers)


def code_of(device: TOTPDevice, steps: int = 0) -> str:
    """The code that the phone shows `steps` half minutes from now."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time() + steps * device.step
    return f"{totp.token():06d}"


def is_in(client: Client) -> bool:
    return client.get(CONSOLE).status_code == 200


@pytest.fixture
def phone(olga: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=olga, name="phone", confirmed=True)


class TestGuessing:
    def test_the_sixth_attempt_is_refused_unchecked(self, olga: User):
        client = Client()

        statuses = [sign_in(client, "wrong").status_code for _ in range(5)]
        locked = sign_in(client)

        assert statuses == [200] * 4 + [429]
        assert locked.status_code == 429
        assert "Too many failed sign-ins" in locked.content.decode()
        assert not is_in(client)

    def test_others_are_not_locked_out_with_the_guesser(self, olga: User):
        for _ in range(6):
            sign_in(Client(), "wrong", REMOTE_ADDR="192.0.2.1")
        at_home = Client()

        sign_in(at_home, REMOTE_ADDR="192.0.2.2")

        assert is_in(at_home)

    def test_the_right_password_clears_the_count(self, olga: User):
        for _ in range(4):
            sign_in(Client(), "wrong")
        sign_in(Client())

        assert sign_in(Client(), "wrong").status_code == 200

    def test_neither_password_nor_code_is_stored(self, olga: User):
        sign_in(Client(), "a wrong password", "123456")

        written = str(list(AccessAttempt.objects.values()))
        assert "a wrong password" not in written
        assert "123456" not in written


class TestSecondFactor:
    def test_a_password_is_enough_while_it_is_off(self, olga: User):
        client = Client()
        sign_in(client)

        assert is_in(client)

    def test_it_is_turned_on_with_the_first_code(self, olga: User):
        client = Client()
        sign_in(client)

        page = client.get(SECOND).content.decode()
        device = TOTPDevice.objects.get()
        turned = client.post(SECOND, {"otp_token": code_of(device)}, follow=True).content.decode()

        spelled = base64.b32encode(device.bin_key).decode()
        assert "<svg" in page
        assert spelled[:4] in page
        assert "http://" not in page.split("gw-qr")[1].split("</svg>")[0].replace("http://www.w3.org/2000/svg", "")
        assert "Two-factor sign-in turned on." in turned
        assert "<svg" not in turned.split("gw-page")[1]
        assert is_in(client)
        assert LogEntry.objects.get().change_message == "Two-factor sign-in turned on."

    def test_a_wrong_first_code_turns_nothing_on(self, olga: User):
        client = Client()
        sign_in(client)
        client.get(SECOND)

        answer = client.post(SECOND, {"otp_token": "000000"})

        assert answer.status_code == 400
        assert not TOTPDevice.objects.get().confirmed

    def test_the_page_shows_the_same_key_until_it_is_confirmed(self, olga: User):
        client = Client()
        sign_in(client)

        client.get(SECOND)
        client.get(SECOND)

        assert TOTPDevice.objects.count() == 1

    def test_the_password_alone_no_longer_opens_the_console(self, phone: TOTPDevice):
        client = Client()

        answer = sign_in(client)

        assert "Enter the current two-factor code." in answer.content.decode()
        assert not is_in(client)

    def test_password_and_code_do(self, phone: TOTPDevice):
        client = Client()
        code = code_of(phone)

        sign_in(client, code=f"{code[:3]} {code[3:]}")

        assert is_in(client)

    def test_a_code_opens_one_session_only(self, phone: TOTPDevice):
        code = code_of(phone)
        sign_in(Client(), code=code)
        second = Client()

        sign_in(second, code=code)

        assert not is_in(second)

    def test_wrong_codes_make_the_next_try_wait(self, phone: TOTPDevice):
        for _ in range(3):
            sign_in(Client(), code="000000")

        answer = sign_in(Client(), code=code_of(phone))

        assert "Too many wrong codes." in answer.content.decode()

    def test_a_code_without_the_password_is_nothing(self, phone: TOTPDevice):
        client = Client()

        sign_in(client, "wrong", code_of(phone))

        assert not is_in(client)

    def test_sessions_from_before_end_when_it_is_turned_on(self, olga: User):
        before = Client()
        sign_in(before)
        TOTPDevice.objects.create(user=olga, name="phone", confirmed=True)

        assert not is_in(before)

    def test_it_is_turned_off_with_a_code(self, phone: TOTPDevice):
        client = Client()
        sign_in(client, code=code_of(phone))

        client.post(SECOND, {"otp_token": "000000"})
        still = TOTPDevice.objects.filter(confirmed=True).exists()
        TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        client.post(SECOND, {"otp_token": code_of(phone, 1)})

        assert still
        assert not TOTPDevice.objects.filter(confirmed=True).exists()

    def test_a_lost_phone_is_forgotten_by_a_command(self, phone: TOTPDevice, capsys):
        call_command("reset_two_factor", "olga")

        assert capsys.readouterr().out == "Two-factor sign-in of olga is off now.\n"
        assert not TOTPDevice.objects.exists()
        with pytest.raises(CommandError):
            call_command("reset_two_factor", "nobody")

    def test_another_superuser_turns_it_off(self, phone: TOTPDevice):
        other = Client()
        other.force_login(User.objects.create_superuser("otto"))

        chosen = {"action": "turn_off_two_factor", "_selected_action": [phone.user_id]}
        other.post("/admin/auth/user/", chosen)

        assert not TOTPDevice.objects.exists()
        assert LogEntry.objects.get().object_repr == "olga"

    def test_no_page_shows_the_keys_of_phones(self, phone: TOTPDevice):
        client = Client()
        sign_in(client, code=code_of(phone))

        assert client.get(f"/admin/otp_totp/totpdevice/{phone.pk}/change/").status_code == 404
        assert phone.key not in client.get("/admin/auth/user/").content.decode()

    def test_a_stranger_has_no_second_factor_to_set(self):
        assert Client().get(SECOND).status_code == 302
