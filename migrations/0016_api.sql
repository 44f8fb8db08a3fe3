-- owner: api
-- +goose Up

-- What was answered to writes that carry an Idempotency-Key and that no other room keeps
-- apart. Kept for a day.
create table answer (
    key      text primary key, -- login/key/operation/the caller's own
    asked_at timestamptz not null,
    body     jsonb -- null while it is being done
);

create index answer_asked_at on answer (asked_at);
