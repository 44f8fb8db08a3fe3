-- owner: feed

-- +goose Up

create sequence event_pos;

-- Changes that consoles are told of. (xid, pos) is one order for all: a reader takes what
-- is above its cursor and below the oldest transaction that still runs, and so can't
-- pass by one that commits late. Events of one transaction share rows, as many as there is
-- room for: a row of its own cost each more than all else about it. A day's events lie in
-- slot day % 4; the slots of the days before yesterday are emptied, which costs nothing,
-- however many they hold.
create table event (
    slot   smallint    not null default (extract(epoch from now())::bigint / 86400) % 4,
    xid    xid8        not null default pg_current_xact_id(),
    pos    bigint      not null default nextval('event_pos'),
    topics text[]      not null, -- who hears any of them
    n      smallint    not null default 1,
    events bytea       not null, -- as they cross the bus
    at     timestamptz not null default now()
) partition by list (slot);

create table event_0 partition of event for values in (0) with (toast_tuple_target = 4080);
create table event_1 partition of event for values in (1) with (toast_tuple_target = 4080);
create table event_2 partition of event for values in (2) with (toast_tuple_target = 4080);
create table event_3 partition of event for values in (3) with (toast_tuple_target = 4080);

create index event_order on event (xid, pos);
