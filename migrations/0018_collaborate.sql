-- owner: chat

-- +goose Up

-- A customer's page that an agent was asked, or has asked, to look at: the record of who asked,
-- consented, had the control and ended it. What was shown on the page is kept nowhere.
create table collaboration (
    id              bigint generated always as identity primary key,
    conversation_id bigint      not null,
    interaction_id  bigint      not null,
    channel         text        not null,
    agent_id        bigint      not null,
    agent_name      text        not null,
    state           text        not null check (state in ('asked', 'shared', 'ended')),
    control         text        not null default 'off' check (control in ('off', 'asked', 'given')),
    code            text        not null default '', -- six digits, until the caller has typed them
    pass_hash       bytea,                           -- SHA-256 of what the customer's browser keeps
    widget_id       bigint      not null default 0,  -- on whose website the page is
    pages           text[]      not null default '{}', -- addresses that were shown, without query and fragment
    rev             bigint      not null default 1,
    asked_at        timestamptz not null default now(),
    shared_at       timestamptz,
    controlled_at   timestamptz,                     -- when the control was first given
    seen_at         timestamptz not null default now(), -- the customer's socket was there
    ended_at        timestamptz,
    cause           text        not null default ''  -- of the end
);

create unique index collaboration_open on collaboration (interaction_id) where state <> 'ended';
create unique index collaboration_code on collaboration (code) where code <> '';
create unique index collaboration_pass on collaboration (pass_hash) where state <> 'ended';
create index collaboration_of_interaction on collaboration (interaction_id, id desc);
create index collaboration_of_conversation on collaboration (conversation_id) where state <> 'ended';

-- One row: what administrators allow.
create table collaborate_setting (
    one     boolean primary key default true check (one),
    enabled boolean not null default true,
    control boolean not null default true, -- agents may ask for the second consent
    mask    text[]  not null default '{}', -- selectors whose text is never sent, beside what always is masked
    block   text[]  not null default '{}', -- selectors that are left out whole
    forbid  text[]  not null default '{}', -- selectors that are never clicked or filled in from afar
    allow   text[]  not null default '{}', -- selectors of buttons that send a form and may be clicked all the same
    rev     bigint  not null default 1
);
insert into collaborate_setting default values;
