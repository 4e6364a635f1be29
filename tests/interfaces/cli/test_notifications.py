"""`weaver notifications`: what is shown, what is tried, what is decided about what is parked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from application.journal import Journal
from interfaces.database import connect
from interfaces.event_store import journal_environment
from interfaces.notifications.delivery_book import DeliveryBook
from tests.interfaces.cli.command_line import CommandLine
from tests.interfaces.notifications.receiver import Receiver
from tests.interfaces.notifications.scene import NOW, SECRET, draft, failure, record, record_run


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def file(tmp_path: Path, weaver: CommandLine, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with one channel, which the settings name."""
    path = tmp_path / "notifications.toml"
    lines = ["[[channel]]", 'name = "program"', 'kind = "webhook"', f'url = "{receiver.url}"', 'secret_env = "SIGNING"']
    path.write_text("\n".join(lines))
    monkeypatch.setenv("WEAVER_NOTIFICATIONS", str(path))
    monkeypatch.setenv("SIGNING", SECRET)
    return path


def park(database_url: str, count: int) -> list[str]:
    """Let so many deliveries be refused; return their ids."""
    parked = []
    with connect(database_url) as connection, Journal(journal_environment(database_url)) as journal:
        record_run(journal)
        book = DeliveryBook("program", journal.epoch)
        book.open(connection, NOW)
        for _ in range(count):
            record(journal, record_run(journal), failure(), version=2)
        book.enqueue(connection, ("run.error",), lambda entry: draft("live run overnight: has failed"), NOW)
        while (message := book.claim(connection, NOW)) is not None:
            book.failed(connection, message, NOW, "404 no such hook", due_at=None, may_have_arrived=False)
            parked.append(str(message.id))
    return parked


def test_channels_are_listed(file: Path, weaver: CommandLine, database_url: str) -> None:
    [before] = weaver.done("notifications", "list", "--json").json
    assert (before["name"], before["state"], before["deliveries"]["parked"]) == ("program", "starting", 0)
    [delivery] = park(database_url, 1)
    [channel] = weaver.done("notifications", "list", "--json").json
    assert (channel["state"], channel["last_error"]) == ("parked", "404 no such hook")
    assert [one["id"] for one in channel["parked"]] == [delivery]
    table = weaver.done("notifications", "list").out
    for shown in ("program", "webhook", delivery, "live run overnight: has failed", "404 no such hook"):
        assert shown in table
    assert SECRET not in table


def test_a_test_message_is_sent_and_its_answer_printed(
    file: Path, weaver: CommandLine, receiver: Receiver, database_url: str
) -> None:
    assert weaver.done("notifications", "test", "program").out == "channel program has taken the message: 200 ok\n"
    [received] = receiver.taken
    assert received.body["type"] == "notification.test"
    assert received.body["text"].startswith("[info] Weaver: this is a test of the channel\n")
    receiver.statuses.append(403)
    answer = weaver("notifications", "test", "program")
    assert (answer.code, answer.err) == (1, "weaver: channel program did not take the message: 403 ok\n")
    answer = weaver("notifications", "test", "telephone")
    assert (answer.code, answer.err) == (2, "weaver: there is no channel 'telephone': choose one of program\n")


def test_what_is_parked_is_sent_again_or_given_up(file: Path, weaver: CommandLine, database_url: str) -> None:
    first, *_ = park(database_url, 3)
    assert weaver.done("notifications", "retry", "program", "--delivery", first, "--json").json["deliveries"] == 1
    assert weaver.done("notifications", "skip", "program").out == "channel program: 2 given up\n"
    counts = weaver.done("notifications", "list", "--json").json[0]["deliveries"]
    assert (counts["pending"], counts["skipped"], counts["parked"]) == (1, 2, 0)
    again = weaver("notifications", "retry", "program", "--delivery", first)
    assert (again.code, f"has no parked delivery {first}" in again.err) == (2, True)
    wrong = weaver("notifications", "skip", "program", "--delivery", "first")
    assert (wrong.code, "'first' is not the id of any delivery" in wrong.err) == (2, True)


def test_a_bad_file_ends_with_2_and_names_what_is_wrong(file: Path, weaver: CommandLine) -> None:
    file.write_text(file.read_text().replace("webhook", "pager"))
    for command in (["serve", "--port", "0"], ["notifications", "list"]):
        answer = weaver(*command)
        assert answer.code == 2, answer.err
        assert answer.err.startswith(f"weaver: {file}: channel program: kind: choose one of webhook, telegram")
    # what stops trading does not depend on it
    assert weaver.done("risk", "halt", "--json").json["halted"] is True


def test_the_doctor_looks_at_channels(file: Path, weaver: CommandLine, database_url: str) -> None:
    def found() -> list[tuple[str, str, str]]:
        told = weaver("doctor", "--json").json
        return [(one["state"], one["message"], one["remedy"]) for one in told if one["name"] == "notifications"]

    assert found() == [("ok", "program was never opened: weaver serve does it when it starts next", "")]
    park(database_url, 2)
    assert found() == [
        (
            "warning",
            "program has refused 2 messages: 404 no such hook",
            "weaver notifications retry program, or skip to give them up",
        )
    ]
    file.write_text("[[channel]]")
    [(state, message, _)] = found()
    assert (state, str(file) in message) == ("problem", True), message


def test_the_doctor_warns_of_a_live_run_that_nobody_is_told_of(weaver: CommandLine, database_url: str) -> None:
    with Journal(journal_environment(database_url)) as journal:
        record_run(journal, mode="live")
    weaver.done("run", "list")  # which folds the read model
    [found] = [one for one in weaver("doctor", "--json").json if one["name"] == "notifications"]
    assert (found["state"], "nobody is told" in found["message"]) == ("warning", True)
