"""The parity report over REST: its figures, made once for a run that has not moved, refused with reasons."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from domain.ids import new_id
from interfaces.composition import Weaver
from tests.application.paper_scene import PaperScene
from tests.application.test_parity import TRADER, bars_at
from tests.interfaces.web.scenes import new_backtest, require_error


@pytest.fixture
def run(weaver: Weaver, database_url: str, tmp_path: Path) -> Iterator[PaperScene]:
    (tmp_path / "strategies").mkdir(exist_ok=True)
    scene = PaperScene(database_url, tmp_path / "strategies", "trader", TRADER, exchange="exchange")
    scene.begin()
    yield scene
    scene.close()


def test_a_report_tells_every_cause_and_is_kept(api: httpx.Client, weaver: Weaver, run: PaperScene) -> None:
    bars_at(run, 100.0, [("100.5", "0.2", 1.0), ("99", "0.25", 2.0), ("100", "0.2", 0.5)])
    ready = {"min_position": weaver.journal.head()}
    answer = api.get(f"/runs/{run.id}/parity", params=ready)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    found = {one["kind"]: (one["count"], one["amount"]) for one in report["differences"]}
    assert found == {
        "data": (0, "0"),
        "decision": (0, "0"),
        "fill_price": (2, "-3"),
        "fee": (1, "-0.05"),
        "latency": (0, "0"),
        "refusal": (0, "0"),
    }
    assert (report["difference"], report["unexplained"]) == ("-3.05", "0")
    assert report["latency"] == {"orders": 3, "p50": 1.0, "p95": pytest.approx(1.9), "longest": 2.0}
    [[worst, _]] = [one["examples"] for one in report["differences"] if one["kind"] == "fill_price"]
    assert (worst["live"]["average_price"], worst["backtest"]["average_price"]) == ("99", "100")
    (run.home / "trader.py").unlink()
    assert api.get(f"/runs/{run.id}/parity").json() == report, "kept, for the run has not moved"


def test_what_cannot_be_reported_on_is_refused(api: httpx.Client, weaver: Weaver, run: PaperScene) -> None:
    require_error(api.get(f"/runs/{new_id()}/parity"), 404, "NOT_FOUND")
    backtest = api.post("/runs", json=new_backtest()).json()
    require_error(api.get(f"/runs/{backtest['id']}/parity"), 422, "VALIDATION_ERROR")
    ready = {"min_position": weaver.journal.head()}
    require_error(api.get(f"/runs/{run.id}/parity", params=ready), 422, "VALIDATION_ERROR")
