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
    bounce          text,                           -- came while it was being sent, for whomever that reached
    response        text        not null default '',
    due_at          timestamptz default now(),
    send_at         timestamptz,                    -- not before this; null: at once
    created_at      timestamptz not null default now(),
    rev             bigint      not null default 1,
    check ((state in ('sent', 'failed', 'cancelled')) <= (due_at is null)),
    check ((state = 'sending') = (holder is not null))
) with (fillfactor = 70);

create index outbound_due on outbound (due_at) where due_at is not null;
create index outbound_conversation on outbound (conversation_id, pos);

create table outbound_recipient (
    outbound_id bigint not null references outbound (id),
    address     text   not null check (address <> ''),
    state       text   not null default 'queued'
                check (state in ('queued', 'sent', 'deferred', 'failed', 'unknown', 'cancelled')),
    response    text   not null default '',
    primary key (outbound_id, address)
);
