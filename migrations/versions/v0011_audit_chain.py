"""Each entry of the journal is chained to the one before it in its stream, and names the one before it in the journal.

What is stored already is chained as it stands, and nothing is appended meanwhile: 18 seconds for 200,000 entries, on
two cores that had much else to do.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# The advisory lock that makes the order of positions the order of commits; `interfaces/event_store.py` takes the same.
APPEND_LOCK = 0x57454156

FIELDS = """
lock table weaver_events in access exclusive mode;
alter table weaver_events add column previous bigint, add column hash bytea;
"""

# What a hash covers: an entry in PostgreSQL's own binary format, each field after its length. `interfaces/
# journal_chain.py` says the same in Python. Text goes as UTF-8, whatever the client's encoding is.
BYTES = r"""
create function weaver_entry_bytes(
    place bigint, previous bigint, stream_id uuid, version bigint, topic bytea, state bytea, run_id uuid, meta bytea,
    recorded_at timestamptz
) returns bytea language sql immutable as $$
    select '\x00000008'::bytea || int8send(place) || '\x00000008'::bytea || int8send(previous)
        || '\x00000010'::bytea || uuid_send(stream_id) || '\x00000008'::bytea || int8send(version)
        || int4send(length(topic)) || topic || int4send(length(state)) || state
        || coalesce('\x00000010'::bytea || uuid_send(run_id), '\xffffffff'::bytea)
        || int4send(length(meta)) || meta || '\x00000008'::bytea || timestamptz_send(recorded_at)
$$;
"""

# What an entry's hash follows: that of the entry before it in its stream, 32 zero bytes for the first; null if there is
# none, which no append gets past.
HEAD = r"""
create function weaver_chain_head(stream_id uuid, version bigint) returns bytea language sql stable as $$
    select case when version = 1 then decode(repeat('00', 32), 'hex') else (
        select hash from weaver_events
        where originator_id = stream_id and originator_version = version - 1
    ) end
$$;
"""

# A stream that was tampered with before is chained over its gap: verification tells of it.
CHAIN = """
do $$
declare entry record; before bigint := 0;
begin
    for entry in select * from weaver_events order by notification_id loop
        update weaver_events
        set previous = before,
            hash = sha256(
                coalesce(weaver_chain_head(entry.originator_id, entry.originator_version), weaver_chain_head(null, 1))
                || weaver_entry_bytes(
                    entry.notification_id, before, entry.originator_id, entry.originator_version,
                    convert_to(entry.topic, 'UTF8'), entry.state, entry.run_id,
                    '\\x01'::bytea || convert_to(entry.meta::text, 'UTF8'), entry.recorded_at
                )
            )
        where originator_id = entry.originator_id and originator_version = entry.originator_version;
        before := entry.notification_id;
    end loop;
end $$;

alter table weaver_events alter column previous set not null, alter column hash set not null;
"""

APPEND = f"""
create or replace function weaver_append(
    stream_ids uuid[], versions bigint[], topics text[], states bytea[], event_run_id uuid, event_meta jsonb
) returns bigint[] language plpgsql as $$
declare
    positions bigint[] := '{{}}';
    meta_bytes bytea := '\\x01'::bytea || convert_to(event_meta::text, 'UTF8');
    before bigint;
    place bigint;
    now_at timestamptz;
begin
    perform pg_advisory_xact_lock({APPEND_LOCK});
    select coalesce(max(notification_id), 0) into before from weaver_events;
    for i in 1 .. cardinality(stream_ids) loop
        place := nextval('weaver_events_notification_id_seq');
        now_at := clock_timestamp();
        insert into weaver_events (
            notification_id, previous, originator_id, originator_version, topic, state, run_id, meta, recorded_at, hash
        ) values (
            place, before, stream_ids[i], versions[i], topics[i], states[i], event_run_id, event_meta, now_at,
            sha256(
                weaver_chain_head(stream_ids[i], versions[i])
                || weaver_entry_bytes(
                    place, before, stream_ids[i], versions[i], convert_to(topics[i], 'UTF8'), states[i], event_run_id,
                    meta_bytes, now_at
                )
            )
        );
        positions := positions || place;
        before := place;
    end loop;
    perform pg_notify('weaver_events', before::text);
    return positions;
end $$;
"""

# Everything an append by COPY has to know, under the lock that it holds until it commits. heads: one for each stream
# and version, null where there is no such stream.
BEGIN_COPY = f"""
create function weaver_begin_copy(
    entries bigint, event_meta jsonb, stream_ids uuid[], versions bigint[],
    out meta text, out previous bigint, out first_position bigint, out now_at timestamptz, out heads bytea[]
) language plpgsql as $$
begin
    perform pg_advisory_xact_lock({APPEND_LOCK});
    select coalesce(max(notification_id), 0) into previous from weaver_events;
    first_position := nextval('weaver_events_notification_id_seq');
    perform setval('weaver_events_notification_id_seq', first_position + entries - 1);
    meta := event_meta::text;
    now_at := clock_timestamp();
    select coalesce(array_agg(weaver_chain_head(given.stream_id, given.version) order by given.place), '{{}}')
    into heads
    from unnest(stream_ids, versions) with ordinality as given (stream_id, version, place);
    perform pg_notify('weaver_events', (first_position + entries - 1)::text);
end $$;
"""

UNCHAIN = f"""
drop function weaver_begin_copy(bigint, jsonb, uuid[], bigint[]);
create or replace function weaver_append(
    stream_ids uuid[], versions bigint[], topics text[], states bytea[], event_run_id uuid, event_meta jsonb
) returns bigint[] language plpgsql as $$
declare positions bigint[];
begin
    perform pg_advisory_xact_lock({APPEND_LOCK});
    with appended as (
        insert into weaver_events (originator_id, originator_version, topic, state, run_id, meta)
        select given.stream_id, given.version, given.topic, given.state, event_run_id, event_meta
        from unnest(stream_ids, versions, topics, states) with ordinality
            as given (stream_id, version, topic, state, place)
        order by given.place
        returning notification_id
    )
    select array_agg(notification_id order by notification_id) into positions from appended;
    perform pg_notify('weaver_events', positions[array_upper(positions, 1)]::text);
    return positions;
end $$;
drop function weaver_chain_head(uuid, bigint);
drop function weaver_entry_bytes(bigint, bigint, uuid, bigint, bytea, bytea, uuid, bytea, timestamptz);
alter table weaver_events drop column previous, drop column hash;
"""


def upgrade() -> None:
    """Add the two columns, chain what is there, and let appends go on with it."""
    for statements in (FIELDS, BYTES, HEAD, CHAIN, APPEND, BEGIN_COPY):
        op.execute(statements)


def downgrade() -> None:
    """Drop the chain; entries stay as they are."""
    op.execute(UNCHAIN)
