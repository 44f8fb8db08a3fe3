-- owner: api
-- +goose Up

-- What was answered to writes that carry an Idempotency-Key and that no other room keeps
-- apart, committed with what it answers. Kept for a day.
create table answer (
    key        text primary key, -- login/key/operation/the caller's own
    asked_at   timestamptz not null,
    body       jsonb,
    begun      jsonb,       -- of a call: what the floor is asked for, until it is answered
    busy_until timestamptz  -- of a call: while somebody is at it
);

create index answer_asked_at on answer (asked_at);
