-- owner: voice

-- +goose Up

-- Where calls come from: a provider's number, and the queue its callers wait in.
create table trunk (
    id         bigint generated always as identity primary key,
    name       text        not null unique check (name <> ''),
    number     text        not null default '', -- the user part that is dialled; empty takes any
    sources    cidr[]      not null default '{}', -- who may call; empty takes anybody
    queue_id   bigint      not null,
    language   text        not null default 'en',
    skills     jsonb       not null default '[]', -- that its callers need
    max_wait   integer     not null default 60 check (max_wait > 0), -- seconds, then voicemail
    created_at timestamptz not null default now()
);

-- A call, from before it first makes a sound until after its last. Rows without an end
-- belong to calls that run, or that died with their node.
create table call (
    id              bigint generated always as identity primary key,
    node            text        not null, -- which process serves it
    outbound        boolean     not null default false,
    state           text        not null check (state in ('arriving', 'waiting', 'dialling', 'talking', 'voicemail', 'outside', 'leaving', 'ended')),
    from_number     text        not null,
    from_name       text        not null default '',
    to_number       text        not null,
    queue_id        bigint      not null,
    language        text        not null default '',
    interaction_id  bigint      not null default 0,
    conversation_id bigint      not null default 0,
    agent_id        bigint      not null default 0, -- who talks, or talked last
    callback_id     bigint      not null default 0, -- interaction promised when our failure ended it
    held            boolean     not null default false, -- the customer hears music
    keeps           boolean     not null default false, -- the interaction goes on if nobody answers the call
    cause           text        not null default '',
    created_at      timestamptz not null default now(),
    answered_at     timestamptz, -- by an agent, by the called customer, or by whom a caller was sent to
    ended_at        timestamptz,
    check ((state = 'ended') = (ended_at is not null))
);

create index call_open on call (node) where ended_at is null;
-- Whom an agent calls is not called twice, whichever nodes are asked to.
create unique index call_made on call (interaction_id) where outbound and ended_at is null;
create index call_interaction on call (interaction_id) where interaction_id <> 0;
create index call_ended on call (ended_at);

-- One telephone's part in a call, with what a BYE needs to say.
create table leg (
    id          bigint generated always as identity primary key,
    call_id     bigint      not null references call (id) on delete cascade,
    role        text        not null check (role in ('customer', 'agent', 'outside')),
    agent_id    bigint      not null default 0,
    offer_no    integer     not null default 0,
    address     text        not null,
    dialog      jsonb       not null default '{}',
    cause       text        not null default '',
    failure     text        not null default '', -- why somebody outside did not answer
    created_at  timestamptz not null default now(),
    answered_at timestamptz,
    ended_at    timestamptz
);

create index leg_call on leg (call_id);
create index leg_agent on leg (agent_id) where agent_id <> 0 and (ended_at is null or failure <> '');

-- Sound that is being recorded, or was. Until it is stored its path is all there is.
create table recording (
    id          bigint generated always as identity primary key,
    call_id     bigint      not null references call (id) on delete cascade,
    path        text        not null,
    state       text        not null default 'open' check (state in ('open', 'stored', 'dropped')),
    blob        text        not null default '',
    duration_ms bigint      not null default 0,
    created_at  timestamptz not null default now(),
    ended_at    timestamptz
);

create unique index recording_call on recording (call_id);

-- Agents none of whose phones could be reached. The phones are asked until one answers.
create table unreachable (
    agent_id bigint primary key,
    since    timestamptz not null default now()
);
