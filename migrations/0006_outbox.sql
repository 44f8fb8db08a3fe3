-- owner: outbox

-- +goose Up

-- A message for somebody else's server. due_at is when it is next looked at: the next
-- attempt, or the end of the lease while it is being sent; null when nothing is left to do.
create table outbound (
    id              bigint generated always as identity primary key,
    kind            text        not null check (kind in ('email', 'transcript', 'callback')),
    conversation_id bigint      not null,
    pos             bigint      not null,
    message_id      text        unique check (message_id <> ''),
    body            json        not null,
    state           text        not null default 'queued'
                    check (state in ('queued', 'sending', 'sent', 'deferred', 'failed', 'unknown', 'cancelled')),
    attempts        int         not null default 0,
    doubts          int         not null default 0, -- attempts of which nobody knows whether they arrived
    holder          text,                           -- the node that is sending
    signed_at       timestamptz,                    -- its last sign of life, while it is
    bounce          text,                           -- came while it was being sent, for whomever that reached
    response        text        not null default '',
    due_at          timestamptz default now(),
    send_at         timestamptz,                    -- not before this; null: at once
    created_at      timestamptz not null default now(),
    tried_at        timestamptz,                    -- when the first attempt began
    rev             bigint      not null default 1,
    via             text collate "C" not null default '', -- the way it takes, with others
    filed           boolean     not null default false, -- its server files what it takes, where the sender looks
    provider        text collate "C" not null default '', -- who takes in the mail of its first recipient who is still to be reached
    check ((state in ('sent', 'failed', 'cancelled')) <= (due_at is null)),
    check ((state = 'sending') = (holder is not null))
) with (fillfactor = 70);

create index outbound_due on outbound (due_at) where due_at is not null;
-- Ways and providers are compared by their bytes: what waits is found by going from one pair to the next.
create index outbound_waiting on outbound (kind, via, provider, due_at, id) where due_at is not null and state <> 'sending';
create index outbound_sending on outbound (via, provider) where state = 'sending';
create index outbound_conversation on outbound (conversation_id, pos);

-- A way or a provider that takes only so much: when its next message may leave. One without a row
-- is free. gap is how many seconds it wants between two, since it has asked for less.
create table outbound_lane (
    lane      text             primary key,
    free_at   timestamptz      not null,
    gap       double precision not null default 0,
    slowed_at timestamptz      not null default '-infinity'
);

create table outbound_recipient (
    outbound_id bigint not null references outbound (id),
    address     text   not null check (address <> ''),
    state       text   not null default 'queued'
                check (state in ('queued', 'sent', 'deferred', 'failed', 'unknown', 'cancelled')),
    response    text   not null default '',
    primary key (outbound_id, address)
);
