"""The webhooks that the wheel carries are the captured ones."""

from orbion.simulators.captured import FILE
from scripts.documents import captured_webhooks


def test_the_packaged_webhooks_are_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == captured_webhooks(), "run `make docs`"
