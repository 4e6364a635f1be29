"""The guide against the code: its file is read, its receiver recognises Weaver, its tables are those of the code."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from domain.severity import SEVERITY
from interfaces.notifications.channels import read_channels
from interfaces.notifications.senders import sender_of
from tests.interfaces.notifications.receiver import Receiver
from tests.interfaces.notifications.scene import NOW, SECRET, TELEGRAM_TOKEN, channel, message

GUIDE = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text()


@pytest.fixture
def is_from_weaver() -> Any:
    """The function of the guide."""
    [source] = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    made: dict[str, Any] = {}
    exec(compile(source, "notifications.md", "exec"), made)
    return made["is_from_weaver"]


def test_the_receiver_of_the_guide_recognises_weaver_and_nobody_else(
    is_from_weaver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as receiver:
        sender = sender_of(channel(tmp_path, url=receiver.url))
        sender.send(message(), NOW)
        sender.close()
    [received] = receiver.taken
    headers = {name.title(): value for name, value in received.headers.items()}
    monkeypatch.setattr(time, "time", lambda: NOW.timestamp() + 10)
    assert is_from_weaver(SECRET.encode(), headers, received.raw)
    assert not is_from_weaver(b"another secret", headers, received.raw)
    assert not is_from_weaver(SECRET.encode(), headers, received.raw + b" ")
    assert not is_from_weaver(
        SECRET.encode(), headers | {"Weaver-Timestamp": str(int(NOW.timestamp()) + 1)}, received.raw
    )
    monkeypatch.setattr(time, "time", lambda: NOW.timestamp() + 301)
    assert not is_from_weaver(SECRET.encode(), headers, received.raw)


def test_the_first_file_of_the_guide_is_read(tmp_path: Path) -> None:
    lines = re.findall(r"^ {7}(\S.*)$", GUIDE, re.MULTILINE)
    path = tmp_path / "notifications.toml"
    path.write_text("\n".join(lines))
    [phone] = read_channels(path, {"TELEGRAM_TOKEN": TELEGRAM_TOKEN})
    assert (phone.name, phone.kind) == ("phone", "telegram")


def test_the_table_of_severities_is_that_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `(critical|warning)` \| (.+) \|$", GUIDE, re.MULTILINE))
    for severity, events in rows.items():
        assert set(re.findall(r"`([\w.]+)`", events)) == {one for one, of in SEVERITY.items() if of == severity}
    assert len(rows) == 2
