-- owner: chat

-- +goose Up

-- A website's chat: what its script tag names, where its chats wait, who may embed it.
create table widget (
    id         bigint generated always as identity primary key,
    key        text        not null unique check (key <> ''), -- public: it stands in the page
    name       text        not null,                          -- as customers see it
    queue_id   bigint      not null,
    origins    text[]      not null default '{}',             -- https://shop.example, https://*.example
    languages  text[]      not null default '{sv,en}',        -- the first is the default
    form       jsonb       not null default '{}',
    color      text        not null default '',   -- #rrggbb; empty: the house's own
    texts      jsonb       not null default '{}', -- by language
    invites    jsonb       not null default '[]', -- whom the page asks whether they need help
    bot        jsonb       not null default '{}', -- who answers before a person is asked
    after      jsonb       not null default '{}', -- what is sent by mail
    active     boolean     not null default true,
    rev        bigint      not null default 1,
    created_at timestamptz not null default now()
);

-- A browser that has written to us. A visitor who has only looked has no row. The token
-- itself is in the browser alone. Whoever holds it sees this one conversation.
create table visitor (
    id              bigint generated always as identity primary key,
    widget_id       bigint      not null references widget (id),
    token_hash      bytea       not null unique, -- SHA-256
    conversation_id bigint      not null,
    customer_id     bigint      not null,
    name            text        not null default '',
    email           text        not null default '',
    topic           text        not null default '',
    language        text        not null default '',
    identity        text        not null default '',  -- the website's own name for them, which it has signed
    callable_id     bigint      not null default 0,  -- the interaction that may become a callback
    page_url        text        not null default '', -- where they are now
    page_title      text        not null default '',
    referrer        text        not null default '', -- where they came from
    facts           jsonb       not null default '{}', -- what the website passes along
    bot             boolean     not null default false, -- the website's bot answers; no person has been asked
    bot_line        bigint      not null default 0,  -- the newest line that it is to answer
    bot_done        bigint      not null default 0,  -- and the newest that it has answered
    bot_due         timestamptz,                     -- by when it must have answered; null: it has
    source          text        not null default '', -- the network that the chat began from, to be blocked by
    gone_at         timestamptz,                     -- when the socket went; null: it is there; infinity: nothing waits for them
    mailed_to       bigint      not null default 0,  -- up to here the conversation holds nothing that is to be mailed to them
    erased_at       timestamptz,                     -- the token is refused from then on
    created_at      timestamptz not null default now()
) with (fillfactor = 80);

create index visitor_conversation on visitor (conversation_id);
create index visitor_bot on visitor (bot_due) where bot_due is not null;
create index visitor_gone on visitor (gone_at) where gone_at < 'infinity';
create index visitor_source on visitor (created_at) where source <> '';
create index visitor_here on visitor (id) where gone_at is null;

-- Who may not chat.
create table blocked_visitor (
    id              bigint generated always as identity primary key,
    by              text        not null check (by in ('browser', 'identity', 'network')),
    who             text        not null,           -- half a token's hash, widget/name, or 203.0.113.0/24
    reason          text        not null check (reason <> ''),
    agent_id        bigint      not null default 0, -- who blocked them
    conversation_id bigint      not null default 0, -- in which they did
    until           timestamptz,                    -- null: until it is lifted
    created_at      timestamptz not null default now(),
    unique (by, who)
);

-- Visitors who want to be called: when, and whether that has entered the queue.
create table call_wish (
    id              bigint generated always as identity primary key,
    widget_id       bigint      not null references widget (id),
    token_hash      bytea       not null,           -- of who asked
    cid             text        not null,
    conversation_id bigint      not null,           -- where the wish stands
    name            text        not null,
    number          text        not null,
    about           text        not null,
    topic           text        not null,
    language        text        not null,
    due_at          timestamptz,                    -- null: at once
    entered_at      timestamptz,                    -- null: not yet
    created_at      timestamptz not null default now(),
    unique (token_hash, cid)
);

create index call_wish_due on call_wish (due_at) where entered_at is null;
