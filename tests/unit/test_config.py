"""Every setting is read once, and a wrong one is named together with its fix."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orbion.config import Settings, load_accounts, load_settings
from orbion.config.account import AccountSettings
from orbion.domain.errors import FaultCode, RejectedError
from orbion.main.build import accounts_of
from orbion.main.playbooks import PLAYBOOKS, playbook_of

SECRET = "segredo-do-webhook-com-32-letras"
KEY = "chave-do-gateway-123456"
ACCOUNT: Mapping[str, Any] = {
    "business": "sol",
    "base_url": "http://gateway:8080",
    "instance": "loja",
    "api_key": KEY,
    "webhook_secrets": [SECRET],
}
ENVIRONMENT: Mapping[str, Any] = {
    "evolution_url": "http://gateway:8080",
    "evolution_instance": "loja",
    "evolution_api_key": KEY,
    "evolution_webhook_secret": SECRET,
}
FILE = f"""
    [accounts.loja]
    business = "sol"
    base_url = "http://gateway:8080"
    instance = "loja"
    api_key = "{KEY}"
    webhook_secrets = ["{SECRET}"]
"""


def settings(**given: Any) -> Settings:
    return load_settings(_env_file=None, **given)


def refusal(error: pytest.ExceptionInfo[RejectedError]) -> str:
    assert error.value.code is FaultCode.INPUT_BAD
    return str(error.value)


def written(folder: Path, text: str, name: str = "accounts.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# Settings


def test_a_file_of_the_environment_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "ORBION_PORT=9000\nSOMETHING_ELSE=1\n", ".env")
    assert load_settings(_env_file=path).port == 9000


@pytest.mark.parametrize(
    ("name", "value", "fault", "use"),
    [
        ("port", 70_000, "less than or equal to 65535", "Port to listen on"),
        ("port", "http", "valid integer", "Port to listen on"),
        ("log_level", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'", "line of the log"),
        ("llm", "magic", "'scripted' or 'openai'", "Who words the answers"),
        ("database_url", "mysql://a/b", "use sqlite:///path or postgresql://", "sqlite:///"),
        ("workers", 0, "greater than or equal to 1", "at once"),
        ("evolution_url", "http://a:b@c", "leave user and password out", "Evolution API"),
    ],
)
def test_a_wrong_setting_is_named_with_its_fault_and_its_use(
    name: str, value: object, fault: str, use: str
) -> None:
    with pytest.raises(RejectedError) as error:
        settings(**{name: value})
    message = refusal(error)
    assert message.startswith(f"ORBION_{name.upper()}: ")
    assert fault in message
    assert use in message


def test_a_send_has_a_second_at_least_and_a_file_no_less_time_than_a_text() -> None:
    with pytest.raises(RejectedError, match="greater than or equal to 1"):
        settings(send_timeout=0.5)
    assert settings().send_timeout > 30
    assert settings(send_timeout=200).longest_send == 200
    assert settings(file_timeout=90).longest_send == 90


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(RejectedError) as error:
        settings(workers=0, lease=0)
    assert [part.partition(":")[0] for part in refusal(error).split("; ")] == [
        "ORBION_WORKERS",
        "ORBION_LEASE",
    ]


def test_what_is_wrong_is_not_repeated_because_it_may_be_a_secret() -> None:
    with pytest.raises(RejectedError) as error:
        settings(admin_key=["segredo"], evolution_url="http://maria:segredo@gateway")
    assert "segredo" not in refusal(error)


@pytest.mark.parametrize(
    ("url", "engine", "path"),
    [
        ("sqlite:///data/orbion.db", "sqlite+aiosqlite:///data/orbion.db", "data/orbion.db"),
        ("sqlite:////var/orbion.db", "sqlite+aiosqlite:////var/orbion.db", "/var/orbion.db"),
        ("postgresql://orbion@db/orbion", "postgresql+asyncpg://orbion@db/orbion", None),
    ],
)
def test_a_database_has_an_engine_and_perhaps_a_file(
    url: str, engine: str, path: str | None
) -> None:
    given = settings(database_url=url)
    assert given.engine_url == engine
    assert given.sqlite_path == (None if path is None else Path(path))


# Secrets


def test_secrets_are_given_or_lie_in_files(tmp_path: Path) -> None:
    file = written(tmp_path, "  da-pasta\n", "key")
    given = settings(admin_key="dado", openai_api_key_file=file, metrics_key="olho")
    assert (given.admin(), given.openai_key(), given.observer()) == ("dado", "da-pasta", "olho")


def test_what_is_not_given_is_none() -> None:
    given = settings()
    assert (given.admin(), given.openai_key(), given.observer()) == (None, None, None)


def test_an_empty_secret_is_as_good_as_none(tmp_path: Path) -> None:
    file = written(tmp_path, "da-pasta", "key")
    given = settings(admin_key="", metrics_key="", openai_api_key="", openai_api_key_file=file)
    assert (given.admin(), given.observer(), given.openai_key()) == (None, None, "da-pasta")


def test_no_secret_is_shown_by_its_settings() -> None:
    assert KEY not in repr(settings(**ENVIRONMENT))


@pytest.mark.parametrize(
    ("content", "fault"),
    [(None, "No such file"), (b"\xff\xfe", "decode"), (b" \n", "is empty: write the secret")],
)
def test_a_secret_file_that_gives_no_secret_is_named(
    content: bytes | None, fault: str, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RejectedError) as error:
        settings(admin_key_file=file).admin()
    message = refusal(error)
    assert message.startswith("admin_key_file: ")
    assert str(file) in message
    assert fault in message


def test_webhook_secrets_come_from_both_places_while_they_rotate(tmp_path: Path) -> None:
    file = written(tmp_path, "outro-segredo-de-webhook\n", "secret")
    account = AccountSettings(**ACCOUNT, webhook_secret_files=(file,))
    assert account.secrets() == (SECRET, "outro-segredo-de-webhook")
    assert account.key() == KEY


@pytest.mark.parametrize("secrets", [[], ["curto"], [SECRET, "curto"]])
def test_a_missing_or_short_webhook_secret_is_refused(secrets: list[str]) -> None:
    account = AccountSettings(**{**ACCOUNT, "webhook_secrets": secrets})
    with pytest.raises(RejectedError) as error:
        account.secrets()
    message = refusal(error)
    assert "'loja'" in message
    assert "webhook_secrets (ORBION_EVOLUTION_WEBHOOK_SECRET)" in message
    assert "openssl rand -hex 32" in message


@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_gateway_key_is_refused(key: str | None) -> None:
    with pytest.raises(RejectedError) as error:
        AccountSettings(**{**ACCOUNT, "api_key": key}).key()
    assert "'loja' has no key: give api_key or api_key_file" in refusal(error)


# Accounts


def test_no_account_is_a_choice() -> None:
    assert settings().accounts() == {}


def test_one_account_may_come_from_the_environment(tmp_path: Path) -> None:
    file = written(tmp_path, KEY, "key")
    given = {**ENVIRONMENT, "evolution_api_key": None, "evolution_api_key_file": file}
    (item,) = settings(account="matriz", business="sol", **given).accounts().items()
    name, account = item
    assert (name, account.business, account.instance) == ("matriz", "sol", "loja")
    assert (account.key(), account.secrets()) == (KEY, (SECRET,))


def test_greetings_of_the_app_are_compared_by_their_words(tmp_path: Path) -> None:
    greeting = "Olá!  Já\nrespondemos. "
    alone = settings(**ENVIRONMENT, auto_greetings=(greeting,))
    listed = written(tmp_path, f'{FILE}\nauto_greetings = ["Olá! Já respondemos."]')
    for given in (alone, settings(accounts_file=listed)):
        (account,) = accounts_of(given).values()
        assert account.auto_greetings == {"Olá! Já respondemos."}


def test_an_account_without_an_instance_or_a_secret_says_so() -> None:
    with pytest.raises(RejectedError) as error:
        settings(evolution_url="http://gateway").accounts()
    assert "(ORBION_EVOLUTION_*).instance: " in refusal(error)
    account = settings(evolution_url="http://gateway", evolution_instance="loja").accounts()
    with pytest.raises(RejectedError, match="webhook_secrets"):
        account["default"].secrets()


def test_a_file_of_accounts_wins_over_the_environment(tmp_path: Path) -> None:
    path = written(tmp_path, FILE + FILE.replace("accounts.loja", "accounts.filial"))
    given = settings(accounts_file=path, account="matriz", **ENVIRONMENT)
    assert sorted(given.accounts()) == ["filial", "loja"]
    account = accounts_of(given)["filial"]
    assert (account.id, account.business, account.playbook) == ("filial", "sol", "solar")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("business", "busines", "accounts.loja.busines: unknown key; did you mean business?"),
        ("business", "xyz", "accounts.loja.xyz: unknown key; remove it"),
        ('business = "sol"', "", "accounts.loja.business: Field required. Whose customers"),
        ('"http://gateway:8080"', '"gateway"', "base_url: Input should be a valid URL"),
        ("http://", "http://a:b@", "base_url: Value error, leave user and password out"),
        (f'"{SECRET}"', "1", "webhook_secrets: Input should be a valid string. What webhooks"),
        ('instance = "loja"', 'instance = ""', "instance: String should have at least 1"),
        ("[accounts.loja]", "[accounts.loja]\nchannel = 'fax'", "channel: Input should be"),
    ],
)
def test_a_wrong_key_of_an_account_is_named_with_its_fix(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    path = written(tmp_path, FILE.replace(old, new, 1))
    with pytest.raises(RejectedError) as error:
        load_accounts(path)
    message = refusal(error)
    assert message.startswith(f"{path}: accounts.loja.")
    assert says in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[accounts.loja", "Expected ']' at the end"),
        ("", "needs one [accounts.<id>] table a number, nothing else"),
        ("accounts = 3", "needs one [accounts.<id>] table"),
        (FILE + "[more]", "nothing else"),
        ("[accounts]\nloja = 3", "accounts.loja: Input should be a valid dictionary"),
    ],
)
def test_a_file_that_holds_no_accounts_is_refused(text: str, says: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(RejectedError) as error:
        load_accounts(path)
    message = refusal(error)
    assert message.startswith(f"{path}: ")
    assert says in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="No such file"):
        settings(accounts_file=tmp_path / "nada.toml").accounts()


# The database's name


@pytest.mark.parametrize(
    ("url", "name", "password"),
    [
        ("sqlite:///data/orbion.db", "data/orbion.db", None),
        (
            "postgresql://ana:s%40cr3t@db:5432/orbion?sslmode=require",
            "PostgreSQL db/orbion",
            "s@cr3t",
        ),
        ("postgresql://ana@/orbion?host=%2Frun", "PostgreSQL local/orbion", None),
    ],
)
def test_people_are_told_which_database_and_never_who_enters_it(
    url: str, name: str, password: str | None
) -> None:
    found = settings(database_url=url)
    assert found.database_name == name
    assert found.database_password() == password


# Playbooks


def test_a_playbook_is_shipped_or_lies_at_a_path(tmp_path: Path) -> None:
    own = written(tmp_path, (PLAYBOOKS / "solar.toml").read_text("utf-8"), "meu.toml")
    assert playbook_of("solar").version == playbook_of(str(own)).version


def test_a_playbook_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match=r"nada\.toml"):
        playbook_of(str(tmp_path / "nada.toml"))
