"""How long a process may believe that something is its own."""

from hypothesis import given
from hypothesis import strategies as st

from application.lease import Lease


class Seconds:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_nothing_is_held_before_the_first_renewal_and_after_the_end() -> None:
    seconds = Seconds()
    lease = Lease(5.0, seconds)
    assert not lease.is_held
    lease.renewed(lease.now())
    assert lease.is_held
    lease.ended()
    assert not lease.is_held


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=20))
def test_it_is_held_for_its_length_from_the_last_question_on_whatever_the_answer_took(
    steps: list[tuple[float, bool]],
) -> None:
    seconds = Seconds()
    lease, asked_at = Lease(5.0, seconds), None
    for passed, renews in steps:
        began = lease.now()
        seconds.at += passed  # a question that takes as long as a suspended process sleeps
        if renews:
            lease.renewed(began)
            asked_at = began
        assert lease.is_held == (asked_at is not None and seconds.at < asked_at + 5.0)
