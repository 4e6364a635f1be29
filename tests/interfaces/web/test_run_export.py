"""A run as one file over REST: the same that the command line writes."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from domain.errors import InvalidInput
from domain.ids import new_id
from interfaces.composition import Weaver
from interfaces.run_archive import read_archive
from tests.interfaces.web.scenes import record_backtest, require_error


def test_a_run_is_given_as_a_file_that_verifies(api: httpx.Client, weaver: Weaver, tmp_path: Path) -> None:
    run_id = record_backtest(weaver)
    answer = api.get(f"/runs/{run_id}/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/gzip")
    assert answer.headers["content-disposition"] == f'attachment; filename="{run_id}.weaver.gz"'
    file = tmp_path / "run.weaver.gz"
    file.write_bytes(answer.content)
    archive = read_archive(file)
    assert len(archive.events) == len(weaver.journal.read(0, 5_000, run_id=run_id))
    assert (archive.description.run_id, archive.description.store_id) == (run_id, weaver.journal.store_id)
    [missing] = archive.description.missing
    assert missing == "the bars of BTC/USD: they are not those the run was traded on any more"


def test_of_a_file_that_broke_off_is_said_so(api: httpx.Client, weaver: Weaver, tmp_path: Path) -> None:
    file = tmp_path / "run.weaver.gz"
    file.write_bytes(api.get(f"/runs/{record_backtest(weaver)}/export").content[:-40])
    with pytest.raises(InvalidInput, match="the file was cut off after line"):
        read_archive(file)


def test_a_description_says_where_it_is_from(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver)
    first = gzip.decompress(api.get(f"/runs/{run_id}/export").content).splitlines()[0]
    described = json.loads(first)
    assert (described["line"], described["format"], described["status"]) == ("run", 1, "completed")
    assert described["position"] == weaver.journal.head()


def test_a_run_that_is_not_there_has_no_file(api: httpx.Client) -> None:
    require_error(api.get(f"/runs/{new_id()}/export"), 404, "NOT_FOUND")
