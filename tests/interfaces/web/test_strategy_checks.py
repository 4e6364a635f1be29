"""Checks of strategies over REST: verdicts, what is refused, one at a time, and no check outlives the server."""

import threading
from typing import Any

import httpx
import pytest

from interfaces.composition import Weaver
from tests.interfaces.web.scenes import Served, require_error, until

IDLE = """
import pathlib
import time

from weaver import Strategy


class Idle(Strategy):
    def on_start(self, ctx):
        pathlib.Path(__file__).with_suffix(".began").touch()
        while not pathlib.Path(__file__).with_suffix(".may_end").exists():
            time.sleep(0.05)
"""


def test_a_check_answers_with_its_verdicts_and_records_nothing(api: httpx.Client, weaver: Weaver) -> None:
    head = weaver.journal.head()
    answer = api.post("/strategies/sma_cross/check", timeout=60)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["strategy_id"], found["outcome"], found["bars"]) == ("sma_cross", "ok", 21_600)
    assert [(one["check"], one["outcome"]) for one in found["verdicts"]] == [
        ("look_ahead", "ok"),
        ("warm_up", "ok"),
        ("determinism", "ok"),
        ("parameters", "ok"),
    ]
    assert weaver.journal.head() == head


def test_stored_bars_and_parameters_can_be_given(api: httpx.Client, weaver: Weaver) -> None:
    [stored] = weaver.bars.series()
    body = {"symbols": [stored.symbol], "timeframe": stored.timeframe.name, "parameters": {"fast": 2, "slow": 3}}
    found = api.post("/strategies/sma_cross/check", json=body, timeout=60).json()
    assert (found["symbols"], found["bars"]) == ([stored.symbol], stored.bars)


@pytest.mark.parametrize(
    ("name", "body", "status", "words"),
    [
        ("sma_crss", {}, 404, "did you mean sma_cross"),
        ("sma_cross", {"parameters": {"fast": 1}}, 422, "fast must be at least 2"),
        ("sma_cross", {"parameters": {"speed": 1}}, 422, "no parameter 'speed'"),
        ("sma_cross", {"symbols": ["NIX"]}, 422, "need the timeframe"),
        ("sma_cross", {"timeframe": "1m"}, 422, "without symbols"),
        ("sma_cross", {"symbols": ["NIX"], "timeframe": "7m"}, 422, "unknown timeframe"),
        ("sma_cross", {"symbols": ["NIX"], "timeframe": "1m"}, 422, "NIX"),
        ("sma_cross", {"colour": "red"}, 422, "not known here"),
    ],
)
def test_what_cannot_be_checked_is_refused(
    lasting_api: httpx.Client, name: str, body: dict[str, Any], status: int, words: str
) -> None:
    answer = lasting_api.post(f"/strategies/{name}/check", json=body, timeout=60)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["message"]


def test_there_is_one_check_at_a_time_and_none_outlives_the_server(server: Served, weaver: Weaver) -> None:
    # given a check that is at work
    directory = weaver.settings.strategies_dir
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "idle.py").write_text(IDLE)
    answers: list[httpx.Response] = []

    def ask() -> None:
        with server.rest() as client:
            answers.append(client.post("/strategies/idle/check", timeout=60))

    asking = threading.Thread(target=ask)
    asking.start()
    until((directory / "idle.began").exists)
    # when another is asked for
    with server.rest() as client:
        refused = client.post("/strategies/sma_cross/check", timeout=60)
    # then it is refused at once
    require_error(refused, 409, "CONFLICT")
    assert "another check is at work" in refused.json()["message"]
    # and when checks are stopped, as the server does when it ends
    weaver.checks.stop()
    asking.join(30)
    # then the one at work has ended before its time, and says so
    assert not asking.is_alive()
    require_error(answers[0], 503, "SERVICE_UNAVAILABLE")
