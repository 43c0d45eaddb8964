"""The environment is read once, forgivingly in form and strictly in meaning, and no secret is ever shown."""

import re
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load, names

GOOD = {
    "DATABASE_URL": "sqlite:///parley.db",
    "SECRET_KEY": "k" * 32,
    "BASE_URL": "https://sms.example.org",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "canary-token",
}


@pytest.fixture
def environ(monkeypatch, tmp_path):
    """Sets the environment to GOOD with changes; None takes a variable away. The working folder is empty."""
    monkeypatch.chdir(tmp_path)
    for key, field in Settings.model_fields.items():
        for name in names(key, field):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(f"{name}_FILE", raising=False)

    def change(**changes):
        for name, value in {**GOOD, **changes}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return change


def complaint(environ, **changes):
    environ(**changes)
    with pytest.raises(SettingsError) as caught:
        load()
    return str(caught.value)


def test_the_five_that_have_no_default_are_enough(environ):
    environ()
    settings = load()
    assert (settings.port, settings.carrier, settings.web_threads) == (8000, "twilio", 8)
    assert (settings.redis_url, settings.twilio_api_base, settings.log_level) == (None, None, "INFO")


def test_everything_that_is_missing_is_said_at_once(environ):
    lines = complaint(environ, **dict.fromkeys(GOOD)).splitlines()
    assert [line.partition(":")[0] for line in lines] == list(GOOD)
    assert all(": missing. " in line for line in lines)


@pytest.mark.parametrize("name", GOOD)
def test_an_empty_variable_is_a_missing_one(environ, name):
    assert complaint(environ, **{name: ""}).startswith(f"{name}: missing")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "parley.db"),
        ("REDIS_URL", "http://h"),
        ("SECRET_KEY", "k" * 31),
        ("BASE_URL", "sms.example.org"),
        ("BASE_URL", "ftp://sms.example.org"),
        ("BASE_URL", "http://sms.example.org"),
        ("BASE_URL", "https://sms_bot.example.org"),
        ("BASE_URL", "https://sms.example.org?x=1"),
        ("BASE_URL", "https://sms.example.org/?"),
        ("BASE_URL", "https://sms.example.org#rc=2"),
        ("BASE_URL", "https://user:canary@sms.example.org"),
        ("BASE_URL", "https://sms.example.org:99999"),
        ("BASE_URL", "https://"),
        ("PORT", "0"),
        ("PORT", "many"),
        ("WEB_CONCURRENCY", "0"),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TWILIO_ACCOUNT_SID", "SK" + "0" * 32),
        ("TWILIO_ACCOUNT_SID", "AC" + "0" * 32 + "0"),
        ("TWILIO_MESSAGING_SERVICE_SID", "MG1"),
        ("TWILIO_PHONE_NUMBER", "ACME"),
        ("TWILIO_API_BASE", "127.0.0.1:9000"),
        ("TWILIO_API_BASE", "http://127.0.0.1:9000/v1"),
        ("LOG_LEVEL", "LOUD"),
        ("PARLEY_CARRIER", "pigeon"),
        ("PARLEY_WEB_THREADS", "x"),
        ("PARLEY_SMTP_URL", "mail.example"),
        ("PARLEY_SMTP_URL", "http://mail.example"),
        ("PARLEY_SMTP_URL", "smtp://"),
        ("PARLEY_SMTP_URL", "smtp://me@shop.example:canary@mail.example"),
        ("PARLEY_SMTP_URL", "smtp://me:can/ary@mail.example"),
        ("PARLEY_SMTP_URL", "smtp://mail.example?tls=1"),
        ("PARLEY_MAIL_FROM", "Parley"),
        ("PARLEY_MAIL_FROM", "a@b\nBcc: c@d"),
    ],
)
def test_a_wrong_value_is_named_and_never_shown(environ, name, value):
    said = complaint(environ, **{name: value})
    assert re.match(rf"{name}( \(or .*\))?: .", said)
    assert len(said.splitlines()) == 1
    assert "canary" not in said and "kkk" not in said


def test_a_secret_read_from_a_file_has_no_line_end(environ, tmp_path):
    (tmp_path / "token").write_text("from file\n")
    environ(TWILIO_AUTH_TOKEN=None, TWILIO_AUTH_TOKEN_FILE=str(tmp_path / "token"))
    assert load().twilio_auth_token.get_secret_value() == "from file"


def test_an_alias_and_a_name_of_ours_can_be_files_too(environ, tmp_path):
    (tmp_path / "number").write_text("+33937000001")
    (tmp_path / "threads").write_text("3\n")
    environ(TWILIO_FROM_FILE=str(tmp_path / "number"), PARLEY_WEB_THREADS_FILE=str(tmp_path / "threads"))
    assert (load().twilio_phone_number, load().web_threads) == ("+33937000001", 3)


def test_a_file_that_is_empty_or_cannot_be_read_is_said(environ, tmp_path):
    (tmp_path / "empty").write_text("\n")
    said = complaint(environ, SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "empty"))
    assert said.startswith("SECRET_KEY: missing")
    said = complaint(environ, SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "nowhere"))
    assert said.startswith("SECRET_KEY_FILE: ")


def test_a_dotenv_file_is_read_and_the_environment_wins(environ, tmp_path):
    environ(SECRET_KEY=None)
    (tmp_path / "key").write_text("f" * 40)
    (tmp_path / ".env").write_text(
        f"SECRET_KEY_FILE={tmp_path / 'key'}\nPORT=1234\nBASE_URL=https://b.example\nOTHER=1\n"
    )
    settings = load()
    assert (settings.secret_key.get_secret_value(), settings.port) == ("f" * 40, 1234)
    assert settings.base_url == GOOD["BASE_URL"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_spelling_of_postgresql_means_psycopg(environ, scheme):
    environ(DATABASE_URL=f"{scheme}://u:p@h/d?sslmode=require")
    assert load().database_url == "postgresql+psycopg://u:p@h/d?sslmode=require"


@pytest.mark.parametrize("name", ["TWILIO_PHONE_NUMBER", "TWILIO_NUMBER", "TWILIO_FROM"])
def test_the_number_has_three_names(environ, name):
    environ(**{name: "+33937000001"})
    assert load().twilio_phone_number == "+33937000001"


def test_addresses_lose_their_last_slash(environ):
    environ(BASE_URL="http://127.0.0.1:8000/", TWILIO_API_BASE="http://localhost:9000/")
    assert (load().base_url, load().twilio_api_base) == ("http://127.0.0.1:8000", "http://localhost:9000")


def test_letters_come_from_somebody_and_the_password_of_the_mail_server_is_not_shown(environ):
    assert complaint(environ, PARLEY_SMTP_URL="smtp://me:canary@mail.example").startswith("PARLEY_MAIL_FROM: ")
    environ(PARLEY_SMTP_URL="smtp://me%40shop:canary@mail.example:587", PARLEY_MAIL_FROM="parley@shop.example")
    assert load().masked()["PARLEY_SMTP_URL"] == "smtp://me%40shop:********@mail.example:587"
    assert "canary" not in repr(load())


@pytest.mark.parametrize("api", [None, "https://api.example.org", "http://10.0.0.1:9000"])
def test_the_simulated_carrier_is_never_far(environ, api):
    said = complaint(environ, PARLEY_CARRIER="simulated", TWILIO_API_BASE=api)
    assert said.startswith("TWILIO_API_BASE: ")


@pytest.mark.parametrize("api", ["http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost:9000"])
def test_the_simulated_carrier_is_on_this_machine(environ, api):
    environ(PARLEY_CARRIER="simulated", TWILIO_API_BASE=api)
    assert load().carrier == "simulated"


def test_no_secret_is_shown(environ):
    environ(
        DATABASE_URL="postgresql://u:canary@h/d",
        REDIS_URL="redis://:canary@h/0",
        SECRET_KEY="canary" * 6,
        TWILIO_AUTH_TOKEN_PREVIOUS="canary",
    )
    settings = load()
    shown = settings.masked()
    assert "canary" not in str(shown) + repr(settings) + str(settings)
    assert shown["BASE_URL"] == GOOD["BASE_URL"]
    assert shown["TWILIO_PHONE_NUMBER"] == ""
    assert shown["TWILIO_AUTH_TOKEN"] == "********"


def test_each_variable_is_one_sentence_and_stands_in_the_example_file():
    example = (Path(__file__).parents[1] / ".env.example").read_text()
    for key, field in Settings.model_fields.items():
        name = names(key, field)[0]
        assert field.description and field.description.endswith(".")
        assert re.search(rf"^# {re.escape(field.description)}.*\n(#.*\n)?#?{name}=", example, re.MULTILINE), name
