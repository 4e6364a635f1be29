"""kill -9 of the server at any moment of a backtest: complete or error afterwards, never half."""

from pathlib import Path

import pytest

from tests.system.weaver_process import WeaverServer, wait_until, weaver

WHOLE_YEAR = {"start_time": "2015-01-01T00:00:00Z", "end_time": "2016-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a year of real bars."""
    from tests.system.conftest import BITFINEX

    if not BITFINEX.exists():
        pytest.skip("the shared market data are not beside this checkout")
    home = tmp_path_factory.mktemp("year")
    done = weaver(home, "data", "import", str(BITFINEX), "--symbol", "BTC/USD", "--timeframe", "1m")
    assert done.returncode == 0, done.stderr
    return home


@pytest.mark.parametrize("orders_before_the_kill", [0, 1, 8_000])
def test_a_server_killed_during_a_backtest_completes_it_after_the_restart(
    year: Path, orders_before_the_kill: int
) -> None:
    with WeaverServer(year) as server:
        run_id = server.create_run(symbols=["BTC/USD"], timeframe="1m", costs={"commission_bps": "10"}, **WHOLE_YEAR)
        server.start_run(run_id)

        def far_enough() -> bool:
            return bool(server.get(f"/runs/{run_id}/orders", page_size=1)["total"] >= orders_before_the_kill)

        wait_until(far_enough, 60, f"{orders_before_the_kill} orders")
        server.kill()
        server.start()
        run = server.wait_for_end(run_id)
        assert run["status"] == "completed"
        orders = server.get(f"/runs/{run_id}/orders", page_size=1, min_position=run["position"])
        fills = server.get(f"/runs/{run_id}/fills", page_size=1, min_position=run["position"])
        assert (orders["total"], fills["total"]) == (14_743, 14_743)
        assert server.get("/orders", run_id=run_id, status="pending")["total"] == 0
        assert server.get(f"/runs/{run_id}/stats")["total_trades"]["value"] == 7_371
        assert run["stats"]["total_pnl"] == "-3904.05253"
