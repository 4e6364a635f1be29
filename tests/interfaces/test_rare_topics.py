"""The life of runs is found in a large journal without reading the orders in between: a start of the supervisor."""

import psycopg
import pytest

from application.supervisor import PAGE, TOPICS
from interfaces.event_store import read_entries

RUNS, EVENTS_A_RUN = 20, 1_000
# Each run was asked to start and has completed; the other events are of orders.
FILL = """
insert into weaver_events (originator_id, originator_version, topic, state, run_id, previous, hash)
select md5(run::text || ' ' || number)::uuid, 1,
       case number when 1 then 'run.created' when 2 then 'run.start_requested' when %(last)s then 'run.completed'
       else 'order.created' end, '{}', md5(run::text)::uuid, 0, ''
from generate_series(1, %(runs)s) as run, generate_series(1, %(last)s) as number
order by run, number
"""
# What this session has read of the table and not yet told the statistics.
ROWS_READ = """
select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
where relname = 'weaver_events'
"""


@pytest.mark.parametrize("is_analyzed", [True, False])
def test_runs_are_found_by_reading_little_more_than_their_events(database_url: str, is_analyzed: bool) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("alter table weaver_events set (autovacuum_enabled = off)")
        connection.execute(FILL, {"runs": RUNS, "last": EVENTS_A_RUN})
        if is_analyzed:
            connection.execute("analyze weaver_events")
        for _ in range(8):  # from the sixth on PostgreSQL may take a plan that does not know the topics
            with connection.transaction():
                entries = read_entries(connection, 0, PAGE, TOPICS)
                [(rows_read,)] = connection.execute(ROWS_READ)
            assert len(entries) == 2 * RUNS
            assert rows_read < RUNS * EVENTS_A_RUN / 20
