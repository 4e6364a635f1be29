"""Weaver on a PostgreSQL of one's own: not migrated it says so, migrated it does what the embedded one does."""

import json
from pathlib import Path

from tests.system.weaver_process import WeaverServer, weaver

BACKTEST = ("backtest", "sma_cross", "--symbol", "TEST/USD", "--timeframe", "1m", "--data")


def test_the_systems_postgres_serves_as_the_embedded_one_does(
    home: Path, system_database_url: str, tmp_path: Path
) -> None:
    bars = str(home / "sample.csv")
    settings = {"WEAVER_DATABASE_URL": system_database_url}
    refused = weaver(tmp_path, *BACKTEST, bars, settings=settings)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "weaver migrate" in refused.stderr
    assert weaver(tmp_path, "migrate", settings=settings).returncode == 0
    there = weaver(tmp_path, *BACKTEST, bars, "--json", settings=settings)
    assert there.returncode == 0, there.stderr
    here = weaver(home, *BACKTEST, bars, "--json")
    own, embedded = json.loads(there.stdout), json.loads(here.stdout)
    for figure in ("bars", "orders", "fills", "trades", "final_equity", "stats", "events_recorded"):
        assert own[figure] == embedded[figure]
    assert weaver(tmp_path, "rebuild", "--all", settings=settings).returncode == 0
    assert not (tmp_path / "postgres").exists(), "no embedded server was made"
    with WeaverServer(tmp_path, **settings) as server:
        run = server.get(f"/runs/{own['run_id']}")
        assert (run["status"], run["stats"]["total_pnl"]) == ("completed", own["stats"]["total_pnl"]["value"])
