"""What a sweep varies: texts become values, and values combinations."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.parameters import ParameterSpec
from domain.run import ParameterValue
from domain.search_space import Dimension, combination, combinations, parse_grid, parse_ranges

SPECS = (
    ParameterSpec("fast", "int", "10", ge="2"),
    ParameterSpec("stop", "decimal", "0.05", gt="0", le="1"),
    ParameterSpec("rate", "float", "0.5"),
    ParameterSpec("kind", "str", "simple", choices=("simple", "wild")),
    ParameterSpec("on", "bool", "true"),
)


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("fast", "5:20:5", (5, 10, 15, 20)),
        ("fast", "5:19:5", (5, 10, 15)),
        ("fast", "2:4", (2, 3, 4)),
        ("fast", "20, 5", (20, 5)),
        ("fast", "7", (7,)),
        ("stop", "0.1:0.3:0.1", ("0.1", "0.2", "0.3")),
        ("rate", "-1:1:0.5", (-1.0, -0.5, 0.0, 0.5, 1.0)),
        ("kind", "wild,simple", ("wild", "simple")),
        ("on", "true,false", (True, False)),
    ],
)
def test_a_grid_has_the_values_that_its_text_names(name: str, text: str, values: tuple[ParameterValue, ...]) -> None:
    assert parse_grid({name: text}, SPECS) == (Dimension(name, values),)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("fats", "1:5", "no parameter 'fats'"),
        ("fast", "1:5", "at least 2"),
        ("fast", "9:5", "goes up"),
        ("fast", "5:9:0", "above zero"),
        ("fast", "5:9:-1", "above zero"),
        ("fast", "5:9:1:1", "is no range"),
        ("fast", "a:b", "is no range"),
        ("fast", "nan:5", "is no range"),
        ("fast", "5,x", "must be an int"),
        ("fast", "5,5", "twice"),
        ("fast", "", "must be an int"),
        ("stop", "0.1:0.5", "how far apart"),
        ("fast", "2:9000000", "at most 10,000"),
        ("kind", "tame", "one of simple, wild"),
    ],
)
def test_a_grid_that_cannot_be_meant_is_refused_with_what_is_wrong(name: str, text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        parse_grid({name: text}, SPECS)


def test_a_grid_of_more_combinations_than_a_sweep_may_have_is_refused() -> None:
    with pytest.raises(InvalidInput, match="1,000,000 combinations"):
        parse_grid({"fast": "2:1001", "rate": "1:1000:1"}, SPECS)


def test_a_grid_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="1 to 20 parameters"):
        parse_grid({}, SPECS)


@pytest.mark.parametrize(
    ("name", "text", "dimension"),
    [
        ("fast", "5:8", Dimension("fast", (5, 6, 7, 8))),
        ("rate", "0:1", Dimension("rate", low="0", high="1")),
        ("rate", "0.001:1:log", Dimension("rate", low="0.001", high="1", log=True)),
        ("stop", "0.01:0.5", Dimension("stop", low="0.01", high="0.5", exact=True)),
        ("stop", "0.1:0.2:0.1", Dimension("stop", ("0.1", "0.2"))),
        ("kind", "simple,wild", Dimension("kind", ("simple", "wild"))),
    ],
)
def test_a_range_is_where_a_search_looks(name: str, text: str, dimension: Dimension) -> None:
    assert parse_ranges({name: text}, SPECS) == (dimension,)


def test_a_logarithmic_range_begins_above_zero() -> None:
    with pytest.raises(InvalidInput, match="begins above zero"):
        parse_ranges({"rate": "0:1:log"}, SPECS)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_every_combination_has_one_index(sizes: list[int]) -> None:
    dimensions = [Dimension(f"p{place}", tuple(range(size))) for place, size in enumerate(sizes)]
    all_of_them = [tuple(combination(dimensions, index).items()) for index in range(combinations(dimensions))]
    assert len(set(all_of_them)) == len(all_of_them)
    assert all_of_them == sorted(all_of_them, key=lambda chosen: [value for _, value in chosen])


@given(st.decimals(-100, 100, places=2), st.integers(0, 50), st.decimals("0.01", 5, places=2))
def test_the_values_of_a_range_are_exact_steps_and_both_ends_are_in_it(low: Decimal, steps: int, step: Decimal) -> None:
    high = low + steps * step
    [dimension] = parse_grid({"rate": f"{low}:{high}:{step}"}, SPECS)
    assert dimension.values == tuple(float(low + place * step) for place in range(steps + 1))
