"""Bars move from a row each into chunks of 512, columns of bytes; `bars` is a view that shows them as rows.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A chunk spans so many timeframes; `interfaces/market_data/bar_chunks.py` says the same.
CHUNK_BARS = 512

# Every column holds what timestamptz_send, float8send and int8send give, eight bytes a bar, oldest first.
CHUNKS = """
create table bar_chunks (
    symbol text not null,
    timeframe text not null,
    chunk bigint not null,
    time bytea not null,
    open bytea not null,
    high bytea not null,
    low bytea not null,
    close bytea not null,
    volume bytea not null,
    trade_count bytea,
    primary key (symbol, timeframe, chunk),
    constraint columns_of_one_length check (
        octet_length(time) > 0 and octet_length(time) % 8 = 0
        and octet_length(open) = octet_length(time)
        and octet_length(high) = octet_length(time)
        and octet_length(low) = octet_length(time)
        and octet_length(close) = octet_length(time)
        and octet_length(volume) = octet_length(time)
        and octet_length(trade_count) = octet_length(time)
    )
);
comment on column bar_chunks.chunk is 'time since 1970 divided by 512 timeframes, rounded down';
comment on column bar_chunks.trade_count is 'null: not told of any bar; -1: not told of this bar';
"""
# Prices hardly compress, and trying to takes longer than writing them.
PLAIN_STORAGE = "".join(
    f"alter table bar_chunks alter column {name} set storage external;\n"
    for name in ("time", "open", "high", "low", "close", "volume", "trade_count")
)
# Taken apart as hexadecimal text in one go: four times as fast as cutting every value out of the bytes.
READABLE = """
create function bar_integers(bytes bytea) returns bigint[] language sql immutable strict parallel safe as $$
    select array_agg(('x' || digits[1])::bit(64)::bigint order by place)
    from regexp_matches(encode(bytes, 'hex'), '.{16}', 'g') with ordinality as value (digits, place)
$$;

-- Sign, mantissa and exponent of IEEE 754; every step is exact. Infinity and NaN are no values of bars.
create function bar_floats(bytes bytea) returns double precision[] language sql immutable strict parallel safe as $$
    select array_agg(
        case when bits < 0 then -1 else 1 end
        * case when exponent = 0 then mantissa else mantissa + 4503599627370496 end::double precision
        * power(2::double precision, greatest(exponent, 1) - 1075)
        order by place
    )
    from unnest(bar_integers(bytes)) with ordinality as value (bits, place),
         lateral (select (bits >> 52) & 2047 as exponent, bits & 4503599627370495 as mantissa) as parts
$$;

create view bars as
select chunk.symbol, chunk.timeframe,
       timestamptz '2000-01-01 00:00:00+00' + bar.microseconds * interval '1 microsecond' as time,
       bar.open, bar.high, bar.low, bar.close, bar.volume, nullif(bar.trade_count, -1) as trade_count
from bar_chunks as chunk,
     unnest(bar_integers(chunk.time), bar_floats(chunk.open), bar_floats(chunk.high), bar_floats(chunk.low),
            bar_floats(chunk.close), bar_floats(chunk.volume), bar_integers(chunk.trade_count))
         as bar (microseconds, open, high, low, close, volume, trade_count);
comment on view bars is 'bar_chunks as rows, to look at: slow';
"""
INTO_CHUNKS = f"""
insert into bar_chunks (symbol, timeframe, chunk, time, open, high, low, close, volume, trade_count)
select symbol, timeframe,
       floor(extract(epoch from time) / ({CHUNK_BARS} * extract(epoch from timeframe::interval)))::bigint as chunk,
       string_agg(timestamptz_send(time), ''::bytea order by time),
       string_agg(float8send(open), ''::bytea order by time),
       string_agg(float8send(high), ''::bytea order by time),
       string_agg(float8send(low), ''::bytea order by time),
       string_agg(float8send(close), ''::bytea order by time),
       string_agg(float8send(volume), ''::bytea order by time),
       case when count(trade_count) > 0
            then string_agg(int8send(coalesce(trade_count, -1)), ''::bytea order by time) end
from bars_before group by symbol, timeframe, chunk;
"""
ROWS = """
create table bars (
    symbol text not null,
    timeframe text not null,
    time timestamptz not null,
    open double precision not null,
    high double precision not null,
    low double precision not null,
    close double precision not null,
    volume double precision not null,
    trade_count bigint,
    primary key (symbol, timeframe, time)
);
insert into bars select * from bars_before;
"""


def upgrade() -> None:
    """Move the bars into chunks."""
    for statements in (
        "alter table bars rename to bars_before",
        CHUNKS,
        PLAIN_STORAGE,
        INTO_CHUNKS,
        "drop table bars_before",
        READABLE,
    ):
        op.execute(statements)


def downgrade() -> None:
    """Move the bars back into rows."""
    for statements in (
        "alter view bars rename to bars_before",
        ROWS,
        "drop view bars_before; drop function bar_floats(bytea), bar_integers(bytea); drop table bar_chunks",
    ):
        op.execute(statements)
