"""After a backtest and a sweep: the rows are the events, and `weaver rebuild --all` gives the same rows to the byte."""

import json
from pathlib import Path

import psycopg
from psycopg import sql

from interfaces.embedded_postgres import EmbeddedPostgres
from projections.catalog import READ_MODELS
from tests.system.weaver_process import weaver

TABLES = [table for model in READ_MODELS for table in model.tables]

# Of a backtest that is flat and solvent at its end.
EMPTY = {"lots", "refusals", "exchange_accounts"}


TALKATIVE = """
from weaver import Context
from weaver.strategies.sma_cross import SmaCross


class Talkative(SmaCross):
    \"\"\"Crosses averages, and says where it is.\"\"\"

    def on_bar(self, ctx: Context) -> None:
        ctx.log("bar closed", close=ctx.bars().close[-1])
        super().on_bar(ctx)
"""


def dumped(connection: psycopg.Connection, table: str) -> bytes:
    """Every row of a table as PostgreSQL writes it, in the order of the rows' own text."""
    query = sql.SQL("copy (select * from {table} order by {table}::text) to stdout").format(table=sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        return b"".join(bytes(block) for block in copy)


def counted(connection: psycopg.Connection, query: str) -> int:
    [(number,)] = connection.execute(query.encode())
    return int(number)


def test_rows_equal_the_events_and_a_rebuild_of_everything_changes_no_byte(home: Path) -> None:
    (home / "talkative.py").write_text(TALKATIVE)
    done = weaver(
        home, "backtest", f"{home / 'talkative.py'}:Talkative", "--symbol", "TEST/USD", "--timeframe", "1m", "--json"
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    bars = ("--symbol", "TEST/USD", "--timeframe", "1m")
    swept = weaver(home, "sweep", "sma_cross", *bars, "--grid", "fast=5:10:5", "--workers", "1")
    assert swept.returncode == 0, swept.stderr
    with EmbeddedPostgres(home / "postgres") as server, psycopg.connect(server.url, autocommit=True) as connection:
        for table, topics in {
            "runs": "'run.created'",
            "orders": "'order.created'",
            "fills": "'order.filled', 'order.partially_filled'",
        }.items():
            rows = counted(connection, f"select count(*) from {table}")
            events = counted(connection, f"select count(*) from weaver_events where topic in ({topics})")
            assert rows == events > 0, table
        events_of_run = f"select count(*) from weaver_events where run_id = '{result['run_id']}'"
        assert counted(connection, events_of_run) == result["events_recorded"]
        before = {table: dumped(connection, table) for table in TABLES}
        assert {table for table in TABLES if not before[table]} == EMPTY
        rebuilt = weaver(home, "rebuild", "--all")
        assert rebuilt.returncode == 0, rebuilt.stderr
        assert {table: dumped(connection, table) for table in TABLES} == before
