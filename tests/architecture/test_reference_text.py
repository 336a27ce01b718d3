"""The reference is written the way an operator would set things."""

from datetime import timedelta
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from orbion.cli.reference import RouteDoc, env_example, reference, setting_docs
from orbion.telemetry.metrics import MetricDoc


class Mode(StrEnum):
    FAST = "fast"
    SAFE = "safe"


class Pace(BaseModel):
    per_second: float = Field(default=30.0, gt=0, le=100, description="Sends per second.")


class Example(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ORBION_", env_nested_delimiter="__")

    public_url: str = Field(description="Where webhooks arrive.")
    key: SecretStr | None = Field(default=SecretStr("hush"), description="A key.")
    mode: Mode = Field(default=Mode.SAFE, description="How to run.")
    kind: Literal["a", "b"] = Field(default="a", description="Which one | what.")
    quiet: timedelta = Field(default=timedelta(seconds=1.5), description="Quiet time.")
    cidrs: tuple[str, ...] = Field(default=("10.0.0.0/8",), description="Trusted proxies.")
    is_open: bool = Field(default=False, description="Open to all.")
    worker: str = Field(default_factory=lambda: "computed-here", description="Who I am.")
    pace: Pace = Field(default=Pace(), description="Unfolded.")


def test_each_setting_is_named_and_shown_as_it_would_be_set() -> None:
    shown = {doc.name: (doc.kind, doc.default) for doc in setting_docs(Example)}
    assert shown == {
        "ORBION_PUBLIC_URL": ("str", None),
        "ORBION_KEY": ("SecretStr | None", ""),
        "ORBION_MODE": ("fast or safe", "safe"),
        "ORBION_KIND": ("a or b", "a"),
        "ORBION_QUIET": ("timedelta", "1.5"),
        "ORBION_CIDRS": ("tuple[str, ...]", '["10.0.0.0/8"]'),
        "ORBION_IS_OPEN": ("bool", "false"),
        "ORBION_WORKER": ("str", ""),
        "ORBION_PACE__PER_SECOND": ("float > 0 ≤ 100", "30.0"),
    }


def test_the_example_file_comments_out_what_has_a_default() -> None:
    lines = env_example(Example).splitlines()
    assert "ORBION_PUBLIC_URL=" in lines
    assert lines[lines.index("#ORBION_MODE=safe") - 1] == "# How to run."
    assert not any("hush" in line or "computed-here" in line for line in lines)


def test_the_reference_has_a_row_for_each_thing() -> None:
    text = reference(
        settings=Example,
        routes=[RouteDoc(path="/health", methods=("GET",), purpose="Say how it goes.")],
        metrics=[MetricDoc(name="orbion_x", kind="counter", labels=("a", "b"), help="Count.")],
        exit_codes={0: "all went well"},
    )
    lines = text.splitlines()
    assert "| `/health` | GET | Say how it goes. |" in lines
    assert "| `orbion_x` | counter | a, b | Count. |" in lines
    assert "| 0 | all went well |" in lines
    assert "| `ORBION_KIND` | a or b | `a` | Which one \\| what. |" in lines
    assert "| `ORBION_PUBLIC_URL` | str | must be set | Where webhooks arrive. |" in lines
