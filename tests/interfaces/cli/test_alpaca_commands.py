"""`weaver data download` and what `weaver doctor` says of Alpaca, against a local Alpaca."""

from collections.abc import Iterator

import pytest

from tests.alpaca_server.client import LocalAlpaca, local_alpaca
from tests.interfaces.cli.command_line import CommandLine

DAY = ("--start", "2026-08-03", "--end", "2026-08-04")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAlpaca]:
    """A local Alpaca, two weeks later."""
    book = tmp_path_factory.mktemp("alpaca") / "book.jsonl"
    with local_alpaca(book, "--start", "2026-08-17T12:00:00Z") as server:
        yield server


@pytest.fixture
def line(weaver: CommandLine, local: LocalAlpaca, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """`weaver` with the keys of the local Alpaca's two accounts."""
    for name, value in local.settings().items():
        monkeypatch.setenv(name, value)
    return weaver


def test_bars_are_downloaded_once_and_told(line: CommandLine) -> None:
    first = line.done("data", "download", "BTC/USD", "ETH/USD", "--timeframe", "1h", *DAY)
    assert first.out.splitlines() == [
        "24 bars of BTC/USD 1h downloaded: 24 were new or different",
        "stored are now 24, 2026-08-03 00:00:00 to 2026-08-04 00:00:00 UTC",
        "24 bars of ETH/USD 1h downloaded: 24 were new or different",
        "stored are now 24, 2026-08-03 00:00:00 to 2026-08-04 00:00:00 UTC",
    ]
    again = line.done("data", "download", "btc/usd", "--timeframe", "1h", *DAY, "--json").json
    assert [(one["symbol"], one["bars"], one["stored"]["source"]) for one in again] == [("BTC/USD", 0, "alpaca")]


def test_crypto_needs_no_key_and_shares_say_which(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    for mode in ("PAPER", "LIVE"):
        monkeypatch.delenv(f"WEAVER_ALPACA_{mode}_KEY_ID")
    line.done("data", "download", "BTC/USD", "--timeframe", "1h", *DAY)
    refused = line("data", "download", "SPY", "--timeframe", "1h", *DAY)
    assert refused.code == 3
    assert "set WEAVER_ALPACA_PAPER_KEY_ID and WEAVER_ALPACA_PAPER_SECRET_KEY" in refused.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("NOPE/USD", "--timeframe", "1h", *DAY), 2, "Alpaca has no bars of NOPE/USD"),
        (("BTC/USD", "--timeframe", "1s", *DAY), 2, "Alpaca keeps no bars of 1s: choose 1m or longer"),
        (("BTC/USD", "--timeframe", "1x", *DAY), 2, "unknown timeframe '1x'"),
        (("BTC/USD", "--timeframe", "1h", "--start", "2026-08-03", "--end", "2026-08-03"), 2, "--start must be before"),
        (("BTC/USD", "--timeframe", "1h", "--start", "2126-01-01"), 2, "--start must be before now"),
        (("BTC/USD", "--timeframe", "1h", "--start", "yesterday"), 2, "--start must be a day or a time"),
        (("B$C", "--timeframe", "1h", *DAY), 2, "'B$C' is no symbol"),
        (("BTC/USD", "--timeframe", "1h"), 2, "--start"),
    ],
)
def test_what_cannot_be_downloaded_is_one_clear_line(
    line: CommandLine, arguments: tuple[str, ...], code: int, said: str
) -> None:
    answer = line("data", "download", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1


def test_without_a_network_the_line_says_so(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAVER_ALPACA_DATA_URL", "http://127.0.0.1:1")
    answer = line("data", "download", "BTC/USD", "--timeframe", "1h", *DAY)
    assert answer.code == 1
    assert "Alpaca cannot be asked: no connection to 127.0.0.1" in answer.err.splitlines()[-1]


def test_the_doctor_lists_exchanges_and_says_that_keys_are_accepted(line: CommandLine) -> None:
    told = line("doctor").out  # not all is well: this Alpaca lives in another month
    assert "alpaca (bundled): paper and live. Alpaca: US shares and crypto" in told
    assert "alpaca crypto: market (gtc ioc)" in told
    assert "alpaca paper: equity 100,000 USD" in told
    assert "alpaca live: equity 100,000 USD" in told


@pytest.mark.parametrize(
    ("key", "secret", "said"),
    [
        ("PKWRONG", "no-such-secret", "Alpaca does not accept the paper keys: check WEAVER_ALPACA_PAPER_KEY_ID"),
        ("AKLOCALLIVE", "live-secret", "the keys are not of Alpaca's paper environment"),
    ],
    ids=["wrong", "of live"],
)
def test_the_doctor_tells_wrong_keys_from_keys_of_the_other_environment(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch, key: str, secret: str, said: str
) -> None:
    monkeypatch.setenv("WEAVER_ALPACA_PAPER_KEY_ID", key)
    monkeypatch.setenv("WEAVER_ALPACA_PAPER_SECRET_KEY", secret)
    answer = line("doctor", "--json")
    assert answer.code == 1
    [told] = [one for one in answer.json if one["name"] == "account" and "alpaca paper:" in one["message"]]
    assert told["state"] == "problem"
    assert said in f"{told['message'].removeprefix('alpaca paper: ')}: {told['remedy']}"
    assert secret not in answer.out + answer.err
