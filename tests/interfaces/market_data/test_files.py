"""Bar files: what is read, exactly, and how each fault is named."""

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BarsInvalid
from domain.market import Bars, Timeframe, to_microseconds
from interfaces.market_data.files import VALUES
from tests.interfaces.market_data.bar_files import (
    FIRST_OPEN,
    GOOD,
    HEADER,
    csv_file,
    minute,
    parquet_file,
    read,
    refusal,
    row,
)

MINUTE = Timeframe.parse("1m")
NAIVE = "timestamps without a zone were taken as UTC"
START = to_microseconds(FIRST_OPEN)


def test_a_csv_file_becomes_bars(tmp_path: Path) -> None:
    found = read(csv_file(tmp_path, [row(0), row(1, "11,13,10.5,12.25,0")]))

    bars = found.bars
    assert (bars.symbol, bars.timeframe) == ("BTC/USD", MINUTE)
    assert bars.time.tolist() == [START, START + 60_000_000]
    assert [bars.open.tolist(), bars.high.tolist(), bars.low.tolist()] == [[10, 11], [12, 13], [9, 10.5]]
    assert [bars.close.tolist(), bars.volume.tolist()] == [[11, 12.25], [5, 0]]
    assert found.notices == ()


def test_columns_may_stand_in_any_order_and_case_and_others_are_named(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, [f"BTC,5,11,9,12,10,7,{minute(0)}"], "Symbol,Volume,CLOSE, low,High,open,trades,TimeStamp"
    )

    found = read(path)

    assert [getattr(found.bars, name)[0] for name in VALUES] == [10, 12, 9, 11, 5]
    assert found.notices == ("ignored columns: Symbol, trades",)


@pytest.mark.parametrize(
    ("text", "microseconds", "notice"),
    [
        ("2024-01-01T00:00:00Z", START, None),
        ("2024-01-01T00:00:00.0Z", START, None),
        ("2024-01-01T00:00:00.000000789Z", START, None),
        ("2024-01-01T00:00Z", START, None),
        ("2024-01-01T01:00:00+01:00", START, None),
        ("2023-12-31 19:00:00-0500", START, None),
        ("2024-01-01 00:00:00+00:00", START, None),
        ("2024-01-01 00:00:00 UTC", START, None),
        ("2024-01-01T00:00:00", START, NAIVE),
        ("2024-01-01 00:00:00.000000", START, NAIVE),
        ("2024-01-01 00:00", START, NAIVE),
        ("2024-01-01", START, NAIVE),
        ("1704067200", START, "timestamps are numbers: taken as seconds since 1970, UTC"),
        ("1704067200.0", START, "timestamps are numbers: taken as seconds since 1970, UTC"),
        ("1704067200000", START, "timestamps are numbers: taken as milliseconds since 1970, UTC"),
        ("1704067200000000", START, "timestamps are numbers: taken as microseconds since 1970, UTC"),
        ("1704067200000000999", START, "timestamps are numbers: taken as nanoseconds since 1970, UTC"),
    ],
)
def test_a_timestamp_is_read_in_every_usual_form(
    tmp_path: Path, text: str, microseconds: int, notice: str | None
) -> None:
    found = read(csv_file(tmp_path, [f"{text},{GOOD}"]))

    assert found.bars.time.tolist() == [microseconds]
    assert found.notices == (() if notice is None else (notice,))


def test_the_largest_number_decides_the_unit_of_all(tmp_path: Path) -> None:
    days = [0, 86_400_000, 3 * 86_400_000, 20_000 * 86_400_000]

    found = read(csv_file(tmp_path, [f"{day},{GOOD}" for day in days]), "1d")

    assert found.bars.time.tolist() == [day * 1000 for day in days]


def test_forms_of_time_may_be_mixed(tmp_path: Path) -> None:
    found = read(csv_file(tmp_path, [row(0), f"2024-01-01 00:01,{GOOD}", f"2024-01-01T01:02:00+01:00,{GOOD}"]))

    assert np.diff(found.bars.time).tolist() == [60_000_000, 60_000_000]
    assert found.notices == (NAIVE,)


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{HEADER}\n{row(0)}\n{row(1)}\n",
        f"{HEADER}\r\n{row(0)}\r\n{row(1)}\r\n",
        f"{HEADER}\n{row(0)}\n\n{row(1)}\n\n\n",
        f"{HEADER}\n{row(0)}\n{row(1)}",
        f"timestamp, open, high, low, close, volume\n{minute(0)}, 10, 12, 9, 11, 5\n{row(1)}\n",
        f'"timestamp","open","high","low","close","volume"\n"{minute(0)}","10","12","9","11","5"\n{row(1)}\n',
    ],
    ids=["byte order mark", "Windows line ends", "blank lines", "no last line end", "blanks", "quotes"],
)
def test_csv_is_read_as_programs_write_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bars.csv"
    path.write_bytes(content.encode())

    bars = read(path).bars

    assert bars.time.tolist() == [START, START + 60_000_000]
    assert bars.open.tolist() == [10, 10]
    assert bars.volume.tolist() == [5, 5]


OPENS = [datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 1)]  # noqa: DTZ001 - the naive case itself
NEW_YORK = pl.Series(OPENS).dt.convert_time_zone("America/New_York")


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_parquet_datetimes_are_read_in_every_unit_with_and_without_a_zone(tmp_path: Path, unit: Any) -> None:
    naive = read(parquet_file(tmp_path, timestamp=pl.Series(OPENS).dt.cast_time_unit(unit)))
    zoned = read(parquet_file(tmp_path, timestamp=NEW_YORK.dt.cast_time_unit(unit)))

    assert naive.bars.time.tolist() == zoned.bars.time.tolist() == [START, START + 60_000_000]
    assert (naive.notices, zoned.notices) == ((NAIVE,), ())


@pytest.mark.parametrize(
    "timestamps",
    [
        [date(2024, 1, 1), date(2024, 1, 2)],
        ["2024-01-01", "2024-01-02"],
        [1_704_067_200, 1_704_153_600],
        [1_704_067_200.0, 1_704_153_600.0],
        pl.Series([1_704_067_200, 1_704_153_600], dtype=pl.UInt32),
    ],
    ids=["dates", "text", "integers", "floats", "unsigned"],
)
def test_parquet_timestamps_may_be_other_than_datetimes(tmp_path: Path, timestamps: Any) -> None:
    found = read(parquet_file(tmp_path, timestamp=timestamps), "1d")

    assert found.bars.time.tolist() == [START, START + 86_400_000_000]
    assert len(found.notices) == 1


@pytest.mark.parametrize(
    "opens",
    [
        pl.Series([10, 11], dtype=pl.Int32),
        pl.Series([10.0, 11.0], dtype=pl.Float32),
        pl.Series(["10.00", "11.00"]).cast(pl.Decimal(12, 2)),
        ["10", "11.0"],
    ],
    ids=["integers", "single precision", "decimals", "text"],
)
def test_parquet_numbers_may_be_of_any_type(tmp_path: Path, opens: Any) -> None:
    assert read(parquet_file(tmp_path, open=opens)).bars.open.tolist() == [10, 11]


# -- faults of the file --------------------------------------------------------------------------------------------


def test_a_missing_file_is_named_with_its_path(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.csv") == f"there is no file {tmp_path}/none.csv"


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path.name} is a directory: name a file in it"


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)

    assert refusal(pipe) == "pipe.csv is no file"
    assert refusal(tmp_path / "a\0b.csv") == "a b.csv is no file"


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    path = csv_file(tmp_path, []) / "bars.csv"

    assert refusal(path) == f"{path} cannot be read: Not a directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [row(0)])
    path.chmod(0)

    assert refusal(path) == f"{path} cannot be read: Permission denied"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bars.csv", b"", "bars.csv is empty"),
        ("bars.parquet", b"", "bars.parquet is empty"),
        ("bars.txt", b"x", "bars.txt is of an unknown kind: its name must end in .csv or .parquet"),
        ("bars", b"x", "bars is of an unknown kind: its name must end in .csv or .parquet"),
        ("bars.csv", b"PAR1....PAR1", "bars.csv is not a CSV file, though its name says so"),
        ("bars.csv", b"\x1f\x8b\x08\x00\x00", "bars.csv is not a CSV file, though its name says so"),
        ("bars.csv", b"Pr\xe4is," + HEADER.encode(), "bars.csv is not a CSV file in UTF-8, though its name says so"),
        ("bars.parquet", HEADER.encode(), "bars.parquet is not a Parquet file, though its name says so"),
        ("bars.csv", HEADER.encode(), "bars.csv has no rows: it holds the column names only"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert refusal(path) == message


def test_a_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert len(read(csv_file(tmp_path, [row(0)], name="BARS.CSV")).bars) == 1


def test_a_torn_parquet_file_is_refused(tmp_path: Path) -> None:
    path = parquet_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])

    assert refusal(path).startswith("bars.parquet cannot be read as Parquet: ")


def test_a_name_with_the_signs_of_a_pattern_is_only_a_name(tmp_path: Path) -> None:
    csv_file(tmp_path, [row(0), row(1)], name="b1.csv")

    assert len(read(csv_file(tmp_path, [row(0)], name="b[1]*.csv")).bars) == 1

    parquet_file(tmp_path, open=[9.5, 9.5]).rename(tmp_path / "b1.parquet")
    odd = parquet_file(tmp_path).rename(tmp_path / "b[1].parquet")
    assert read(odd).bars.open.tolist() == [10, 11]


def test_missing_columns_are_named_with_those_that_are_there(tmp_path: Path) -> None:
    by_hand = csv_file(tmp_path, [], "Date,Open,High,Low,Close")
    with_semicolons = csv_file(tmp_path, [], HEADER.replace(",", ";"), name="semicolons.csv")
    parquet = tmp_path / "few.parquet"
    pl.DataFrame({"timestamp": [1], "close": [1.0]}).write_parquet(parquet)

    assert refusal(by_hand) == "bars.csv lacks the columns timestamp, volume: it has Date, Open, High, Low, Close"
    assert refusal(with_semicolons).endswith("(the separator must be a comma)")
    assert refusal(parquet) == "few.parquet lacks the columns open, high, low, volume: it has timestamp, close"


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [f"1,{row(0)}"], f"Close,{HEADER}")

    assert refusal(path) == "bars.csv has more than one column close"


def test_columns_of_another_type_are_refused(tmp_path: Path) -> None:
    booleans = refusal(parquet_file(tmp_path, open=[True, True]))
    times = refusal(parquet_file(tmp_path, timestamp=[time(1), time(2)]))

    assert booleans == "bars.parquet has no numbers in the column open, but Boolean"
    assert times == "bars.parquet has no times in the column timestamp, but Time"


# -- faults of a row -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (row(1, "10,abc,9,11,5"), "row 2: high 'abc' is not a number"),
        (row(1, "10,12.5x,9,11,5"), "row 2: high '12.5x' is not a number"),
        (row(1, '"10,5",12,9,11,5'), "row 2: open '10,5' is not a number"),
        (row(1, "10,12,9,11,"), "row 2: volume is missing"),
        (row(1, "10,12,9,11"), "row 2: 5 fields, the header has 6"),
        (row(1, "10,12,9,11,5,6"), "row 2: 7 fields, the header has 6"),
        (row(1, "10,nan,9,11,5"), "row 2 (2024-01-01T00:01:00Z): high is not a number"),
        (row(1, "10,1e400,9,11,5"), "row 2 (2024-01-01T00:01:00Z): high is not a number"),
        (row(1, "0,12,0,11,5"), "row 2 (2024-01-01T00:01:00Z): open is not above zero"),
        (row(1, "10,12,-9,11,5"), "row 2 (2024-01-01T00:01:00Z): low is not above zero"),
        (row(1, "10,12,9,11,-5"), "row 2 (2024-01-01T00:01:00Z): volume is below zero"),
        (row(1, "10,9,12,11,5"), "row 2 (2024-01-01T00:01:00Z): high is below low"),
        (row(1, "13,12,9,11,5"), "row 2 (2024-01-01T00:01:00Z): high is below open or close"),
        (row(1, "10,12,9,8,5"), "row 2 (2024-01-01T00:01:00Z): low is above open or close"),
        (row(0), "row 2 (2024-01-01T00:00:00Z): timestamp is the same as the one before"),
        (
            row(-1),
            "row 2 (2023-12-31T23:59:00Z): timestamp is earlier than the one before: sort the file, oldest first",
        ),
        (f",{GOOD}", "row 2: timestamp is missing"),
        (f"yesterday,{GOOD}", "row 2: timestamp 'yesterday' is no time: write it like 2024-01-31T09:30:00Z"),
        (f"2024-02-30,{GOOD}", "row 2: timestamp '2024-02-30' is no time: write it like 2024-01-31T09:30:00Z"),
        (f"9999-01-01,{GOOD}", "row 2: timestamp '9999-01-01' is not of the years 1900 to 2199"),
        (f'"2024,{GOOD}', "row 2: 1 fields, the header has 6"),
    ],
)
def test_a_fault_is_named_with_its_row(tmp_path: Path, line: str, fault: str) -> None:
    path = csv_file(tmp_path, [row(0), line, row(2)])

    assert refusal(path, kind=BarsInvalid) == f"bars.csv: {fault}"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (f"20240101,{GOOD}", "timestamp '20240101' is no time: write it like 2024-01-31T09:30:00Z"),
        (f"1704067200.5,{GOOD}", "timestamp '1704067200.5' is no whole number since 1970"),
    ],
)
def test_a_number_that_is_no_time_is_refused(tmp_path: Path, line: str, fault: str) -> None:
    assert refusal(csv_file(tmp_path, [line]), kind=BarsInvalid) == f"bars.csv: row 1: {fault}"


def test_numbers_and_texts_as_times_of_one_file_are_refused(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [f"1704067200,{GOOD}", row(1)])

    assert refusal(path, kind=BarsInvalid) == (
        "bars.csv: row 2: timestamp '2024-01-01T00:01:00Z' is no whole number, as the first one is"
    )


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"timestamp": [FIRST_OPEN, None]}, "row 2: timestamp is missing"),
        ({"timestamp": [1.7e9, float("nan")]}, "row 2: timestamp 'nan' is no whole number since 1970"),
        ({"volume": [1.0, None]}, "row 2: volume is missing"),
        ({"low": ["9", "x"]}, "row 2: low 'x' is not a number"),
        ({"close": [11.0, float("nan")]}, "row 2 (2024-01-01T00:01:00Z): close is not a number"),
        ({"high": [12.0, float("inf")]}, "row 2 (2024-01-01T00:01:00Z): high is not a number"),
    ],
)
def test_a_fault_in_parquet_is_named_with_its_row(tmp_path: Path, columns: dict[str, Any], fault: str) -> None:
    assert refusal(parquet_file(tmp_path, **columns), kind=BarsInvalid) == f"bars.parquet: {fault}"


def test_a_fault_far_down_a_large_file_is_found(tmp_path: Path) -> None:
    rows = [row(number) for number in range(60_000)]
    rows[54_321] += ",1"

    assert refusal(csv_file(tmp_path, rows), kind=BarsInvalid) == ("bars.csv: row 54322: 7 fields, the header has 6")


# -- the step ------------------------------------------------------------------------------------------------------


# -- exactness -----------------------------------------------------------------------------------------------------

prices = st.floats(min_value=1e-9, max_value=1e12, allow_nan=False)
volumes = st.floats(min_value=0, max_value=1e15, allow_nan=False).map(abs)


@st.composite
def bars_of_any_price(draw: st.DrawFn) -> Bars:
    columns = draw(st.lists(st.tuples(prices, prices, prices, prices, volumes), min_size=1, max_size=20))
    four = np.array([column[:4] for column in columns])
    time = START + np.arange(len(columns)) * 60_000_000
    volume = np.array([column[4] for column in columns])
    return Bars("BTC/USD", MINUTE, time, four[:, 0], four.max(axis=1), four.min(axis=1), four[:, 3], volume)


@settings(max_examples=80, deadline=None)
@given(bars=bars_of_any_price())
def test_bars_come_back_from_both_kinds_of_files_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, bars: Bars
) -> None:
    directory = tmp_path_factory.mktemp("exact")
    lines = [
        ",".join([minute(place), *(repr(float(getattr(bars, name)[place])) for name in VALUES)])
        for place in range(len(bars))
    ]
    times = [FIRST_OPEN + timedelta(minutes=place) for place in range(len(bars))]
    parquet = parquet_file(directory, timestamp=times, **{name: getattr(bars, name) for name in VALUES})

    assert read(csv_file(directory, lines)).bars.content_hash() == bars.content_hash()
    assert read(parquet).bars.content_hash() == bars.content_hash()


def test_a_volume_of_minus_zero_is_zero(tmp_path: Path) -> None:
    volume = read(csv_file(tmp_path, [row(0, "10,12,9,11,-0.0")])).bars.volume

    assert not np.signbit(volume[0])


def test_the_years_that_markets_have_are_read(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [f"1901-01-01T00:00:00Z,{GOOD}", f"2199-12-31T00:00:00Z,{GOOD}"])

    assert read(path, "1d").bars.start_time == datetime(1901, 1, 1, tzinfo=UTC)
