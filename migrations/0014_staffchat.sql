-- owner: staffchat
-- +goose Up

-- Agents talking with each other. The texts are entries of the conversation.
create table staff_chat (
    conversation bigint primary key,
    pair         text unique, -- "3:7" of a chat between two: there is one
    title        text not null default '',
    created_by   bigint not null,
    created_at   timestamptz not null default now(),
    last_pos     bigint not null default 0,
    last_at      timestamptz not null default now(),
    preview      text not null default '',
    preview_by   bigint not null default 0
);

-- What a supervisor tells agents; one entry of a conversation of its own.
create table supervisor_message (
    conversation bigint primary key,
    author       bigint not null, -- 0: a login that is no agent
    author_name  text not null,
    audience     jsonb not null,
    recipients   int not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    withdrawn_at timestamptz
);
create index supervisor_message_new on supervisor_message (created_at desc, conversation desc);

-- Who is in it, and how far they have seen. 0: nothing yet.
create table staff_receipt (
    conversation bigint not null,
    agent        bigint not null,
    pos          bigint not null default 0,
    at           timestamptz,
    primary key (conversation, agent)
);
create index staff_receipt_of_agent on staff_receipt (agent, conversation desc);
