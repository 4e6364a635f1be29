"""`weaver verify`: what it prints, and how it ends, when the journal is as it was and when it is not."""

import re

import pytest

from interfaces.database import connect
from tests.interfaces.cli.command_line import CommandLine
from tests.projections.facts import append, random_facts


@pytest.fixture
def run_id(database_url: str) -> str:
    """A run of 40 events or more in the journal."""
    recorded = list(random_facts(seed=3, runs=1))
    with connect(database_url) as connection:
        append(connection, recorded, run_id=recorded[0].originator_id)
    return str(recorded[0].originator_id)


def test_a_journal_that_is_as_it_was_is_told_with_what_to_write_down(weaver: CommandLine, run_id: str) -> None:
    answer = weaver.done("verify")
    told = weaver.done("verify", "--json").json
    assert set(told) == {"events", "streams", "pruned", "seconds", "position", "digest", "findings", "more"}
    figures, held = answer.out.splitlines()
    assert re.fullmatch(rf"{told['events']} events of {told['streams']} streams in \d+\.\d s", figures)
    assert held == f"position {told['position']}, digest {told['digest']}"
    weaver.done("verify", "--until", str(told["position"]), "--digest", told["digest"])
    of_run = weaver.done("verify", "--run", run_id, "--json").json
    assert (of_run["events"], of_run["digest"], of_run["findings"]) == (told["events"], None, [])


def test_what_is_found_is_one_line_each_and_exit_code_1(weaver: CommandLine, run_id: str, database_url: str) -> None:
    held = weaver.done("verify", "--json").json
    with connect(database_url) as connection:
        connection.execute("update weaver_events set state = state || ' '::bytea where notification_id = 7")
        [(topic, stream)] = connection.execute(
            "select topic, originator_id from weaver_events where notification_id = 7"
        )
    answer = weaver("verify")
    assert answer.code == 1
    line = f"edited     position 7 {topic} of {stream}: it is not what its hash was made of"
    assert answer.out.splitlines()[0] == line
    assert answer.err == "weaver: the journal is not as it was recorded\n"
    answer = weaver("verify", "--json")
    assert (answer.code, answer.err) == (1, "")
    assert answer.json["findings"] == [
        {
            "kind": "edited",
            "position": 7,
            "stream_id": str(stream),
            "topic": topic,
            "reason": "it is not what its hash was made of",
        }
    ]
    # every hash is still there: the digest is of those
    assert answer.json["digest"] == held["digest"]
    assert weaver("verify", "--until", "6").code == 0
    assert weaver("verify", "--until", "5", "--digest", held["digest"]).code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--digest", "0" * 64), "--digest needs --until: the position it was written down with"),
        (("--until", "5", "--digest", "0x12"), "--digest: 64 hexadecimal digits, not '0x12'"),
        (("--run", "0" * 32, "--until", "5"), "--until is of the whole journal: leave --run out"),
        (("--run", "00000000-0000-0000-0000-000000000001"), "no run has the id 00000000-0000-0000-0000-000000000001"),
    ],
)
def test_what_cannot_be_meant_is_wrong_use(weaver: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    answer = weaver("verify", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
