"""Requests that are carried out once, however often they come.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The advisory lock that makes the order of positions the order of commits; `interfaces/event_store.py` takes the same.
APPEND_LOCK = 0x57454156

# Keys are looked at and written under the append lock: of equal requests at the same moment the first is carried out,
# and the others find its row. WV001 is what `interfaces/event_store.py` knows a known key by.
UPGRADE = f"""
create table idempotency_keys (
    key text primary key,
    digest bytea not null,
    subject uuid not null,
    command_id text not null,
    position bigint not null,
    created_at timestamptz not null default clock_timestamp()
);
create index on idempotency_keys (created_at);

create function weaver_append_once(
    stream_ids uuid[], versions bigint[], topics text[], states bytea[], event_run_id uuid, event_meta jsonb,
    once_key text, once_digest bytea, once_subject uuid, once_command_id text
) returns bigint[] language plpgsql as $$
declare positions bigint[] := '{{}}';
begin
    perform pg_advisory_xact_lock({APPEND_LOCK});
    delete from idempotency_keys where created_at < clock_timestamp() - interval '24 hours';
    if exists (select from idempotency_keys where key = once_key) then
        raise exception using errcode = 'WV001', message = 'this was carried out before';
    end if;
    if cardinality(stream_ids) > 0 then
        positions := weaver_append(stream_ids, versions, topics, states, event_run_id, event_meta);
    end if;
    insert into idempotency_keys (key, digest, subject, command_id, position)
    select once_key, once_digest, once_subject, once_command_id,
           coalesce(positions[array_upper(positions, 1)], max(notification_id), 0)
    from weaver_events;
    return positions;
end $$;
"""

DOWNGRADE = """
drop function weaver_append_once(uuid[], bigint[], text[], bytea[], uuid, jsonb, text, bytea, uuid, text);
drop table idempotency_keys;
"""


def upgrade() -> None:
    """Create the table and the function that appends once."""
    op.execute(UPGRADE)


def downgrade() -> None:
    """Drop them."""
    op.execute(DOWNGRADE)
