-- owner: feed

-- +goose Up

create sequence event_pos;

-- Changes that consoles are told of. (xid, pos) is one order for all: a reader takes what
-- is above its cursor and below the oldest transaction that still runs, and so can't
-- pass by one that commits late. A day's events lie in slot day % 4; the slots of the
-- days before yesterday are emptied, which costs nothing, however many they hold.
create table event (
    slot            smallint    not null default (extract(epoch from now())::bigint / 86400) % 4,
    xid             xid8        not null default pg_current_xact_id(),
    pos             bigint      not null default nextval('event_pos'),
    topics          text[]      not null, -- who hears it
    type            text        not null,
    conversation_id bigint      not null default 0,
    rev             bigint      not null default 0,
    data            json        not null,
    at              timestamptz not null default now()
) partition by list (slot);

create table event_0 partition of event for values in (0);
create table event_1 partition of event for values in (1);
create table event_2 partition of event for values in (2);
create table event_3 partition of event for values in (3);

create index event_order on event (xid, pos);
