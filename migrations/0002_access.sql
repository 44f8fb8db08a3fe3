-- owner: access
-- +goose Up

create table login (
    id          bigint generated always as identity primary key,
    name        text not null check (name = lower(name) and name <> ''),
    display     text not null,
    agent       bigint not null default 0, -- the roster's; 0: a login that handles nothing
    password    text not null default '',  -- argon2id with its parameters; '': cannot sign in by password
    must_change boolean not null default false,
    active      boolean not null default true,
    created_at  timestamptz not null default now(),
    rev         bigint not null default 1,
    unique (name)
);
create unique index login_of_agent on login (agent) where agent <> 0;

create table role_grant (
    login bigint primary key references login on delete cascade,
    role  text not null check (role in ('agent', 'supervisor', 'administrator'))
);

create table session (
    id         bigint generated always as identity primary key,
    hash       bytea not null unique, -- SHA-256 of the token
    login      bigint not null references login on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    source     text not null,
    client     text not null default '' -- User-Agent
);
create index session_of_login on session (login);
create index session_expires on session (expires_at);

create table api_key (
    id         bigint generated always as identity primary key,
    hash       bytea not null unique, -- SHA-256 of the key
    hint       text not null,         -- its last four characters
    name       text not null check (name <> ''),
    role       text not null check (role in ('agent', 'supervisor', 'administrator')),
    agent      bigint not null default 0, -- whom it acts as, if anybody
    created_by bigint not null references login,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    used_at    timestamptz,
    revoked_at timestamptz
);

-- One-use tickets for the agent socket; any node may redeem them.
create table socket_ticket (
    hash       bytea primary key,
    session    bigint not null default 0,
    api_key    bigint not null default 0,
    expires_at timestamptz not null
);

-- Failed attempts to sign in, by account and source.
create table attempt (
    account  text not null,
    source   text not null,
    failures int not null,
    last_at  timestamptz not null,
    primary key (account, source)
);
create index attempt_last on attempt (last_at);

create table audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default now(),
    login   bigint not null default 0,  -- 0: the system itself
    api_key bigint not null default 0,
    actor   text not null,              -- its name at that time
    what    text not null,              -- queue.updated
    subject text not null default '',   -- queue:3
    detail  jsonb not null default '{}'
);
create index audit_subject on audit (subject, id);
create index audit_login on audit (login, id);

create table secret (
    name       text primary key,        -- mailbox:3:password
    sealed     bytea not null,
    changed_at timestamptz not null default now()
);
