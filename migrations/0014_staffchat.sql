-- owner: staffchat
-- +goose Up

-- Agents talking with each other. The texts are entries of the conversation.
create table staff_chat (
    conversation bigint primary key,
    pair         text unique, -- "3:7" of a chat between two: there is one
    interaction  bigint not null default 0, -- that it is beside: only who is on it, or looks on, is in it
    title        text not null default '',
    created_by   bigint not null,
    created_at   timestamptz not null default now(),
    last_pos     bigint not null default 0,
    last_at      timestamptz not null default now(),
    preview      text not null default '',
    preview_by   bigint not null default 0
);
create index staff_chat_beside on staff_chat (interaction) where interaction <> 0;

-- What a supervisor tells agents; one entry of a conversation of its own.
create table supervisor_message (
    conversation bigint primary key,
    author       bigint not null, -- 0: a login that is no agent
    author_name  text not null,
    audience     jsonb not null,
    urgent       boolean not null default false, -- shown over everything until it was seen
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    withdrawn_at timestamptz
);
create index supervisor_message_new on supervisor_message (created_at desc, conversation desc);
create index supervisor_message_until on supervisor_message (expires_at);

-- Who is in it, and how far they have seen. 0: nothing yet.
create table staff_receipt (
    conversation bigint not null,
    agent        bigint not null,
    pos          bigint not null default 0,
    at           timestamptz,
    looks_on     boolean not null default false, -- beside an interaction that they are not on
    primary key (conversation, agent)
);
create index staff_receipt_of_agent on staff_receipt (agent, conversation desc);

-- Who was there when a supervisor who was not on the interaction said something beside it: they
-- alone read that, whoever comes to be in the chat later.
create table staff_whisper (
    conversation bigint not null,
    pos          bigint not null,
    heard        bigint[] not null,
    primary key (conversation, pos)
);

-- Supervisors who look on at a colleague's interaction. They say again that they do, or no
-- longer do.
create table staff_observer (
    interaction bigint not null,
    agent       bigint not null,
    since       timestamptz not null default now(),
    until       timestamptz not null,
    primary key (interaction, agent)
);

-- One row: what administrators decide.
create table staff_setting (
    one            boolean primary key default true check (one),
    show_observers boolean not null default true, -- agents are told who looks on
    rev            bigint  not null default 1
);
insert into staff_setting default values;
