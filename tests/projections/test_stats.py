"""Ends of runs in, statistics out."""

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.figures import StatisticFigure
from domain.ids import new_id
from domain.run import RunDeleted, RunFailed
from projections import stats
from projections.stats import StatsReadModel
from tests.projections.facts import dump, fold, given, minute, run_completed, run_created

RUN = new_id()


def test_every_figure_of_a_completed_run_is_kept_with_its_basis(connection: Connection[TupleRow]) -> None:
    figures = {"sharpe_ratio": StatisticFigure(None, reason="under 30 days"), "omega": StatisticFigure(1.25, "of days")}
    given(connection, RUN, run_created(), run_completed(3, stats=figures))
    fold(connection, StatsReadModel())
    assert stats.figures(connection, RUN) == {
        "sharpe_ratio": {"value": None, "reason": "under 30 days"},
        "omega": {"value": 1.25, "basis": "of days"},
    }


def test_a_run_that_was_not_completed_has_none(connection: Connection[TupleRow]) -> None:
    failed = RunFailed(at=minute(2), code="STRATEGY_ERROR", message="no")
    given(connection, RUN, run_created(), failed)
    fold(connection, StatsReadModel())
    assert stats.figures(connection, RUN) is None
    assert stats.figures(connection, new_id()) is None


def test_what_happens_to_a_run_later_leaves_its_figures_alone(connection: Connection[TupleRow]) -> None:
    given(connection, RUN, run_created(), run_completed(3))
    fold(connection, StatsReadModel())
    before = dump(connection, "stats")
    given(connection, RUN, RunDeleted(at=minute(9)))
    fold(connection, StatsReadModel())
    assert dump(connection, "stats") == before
