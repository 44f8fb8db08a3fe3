-- owner: roster
-- +goose Up

create table agent_group (
    id   bigint generated always as identity primary key,
    name text not null check (name <> ''),
    rev  bigint not null default 1
);
create unique index agent_group_name on agent_group (lower(name));

create table skill (
    id   bigint generated always as identity primary key,
    name text not null check (name <> ''),
    rev  bigint not null default 1
);
create unique index skill_name on skill (lower(name));

create table calendar (
    id       bigint generated always as identity primary key,
    name     text not null check (name <> ''),
    zone     text not null,               -- IANA name
    hours    jsonb not null default '[]', -- [{day: 1..7, from: "08:00", to: "17:00"}]
    holidays jsonb not null default '[]', -- ["2027-06-25"]
    rev      bigint not null default 1
);
create unique index calendar_name on calendar (lower(name));

create table queue (
    id           bigint generated always as identity primary key,
    name         jsonb not null, -- language → text
    band         int not null check (band between 0 and 9),
    channels     jsonb not null, -- channel → gateway.ChannelPlan
    sticky       jsonb not null default '{}',
    max_wait     bigint not null default 0 check (max_wait >= 0), -- seconds
    calendar     bigint references calendar,
    strategy     text not null default '',
    max_len      int not null default 0 check (max_len >= 0),
    steps        jsonb not null default '[]', -- gateway.Step
    on_closed    jsonb not null default '[]',
    on_full      jsonb not null default '[]',
    on_unstaffed jsonb not null default '[]',
    from_name    text not null default '',
    from_address text not null default '',
    active       boolean not null default true,
    rev          bigint not null default 1
);

-- What holds for the whole house: one row.
create table routing_rules (
    id               bigint primary key default 1 check (id = 1),
    waiting_order    text not null default 'edf' check (waiting_order in ('edf', 'fifo', 'vcc')),
    miss_keeps_place boolean not null default false,
    costs            jsonb not null default '{}', -- channel → units of 100
    caps             jsonb not null default '{}', -- channel → at most so many at once
    break_lock       boolean not null default false, -- only a supervisor ends a break
    min_break        bigint not null default 0 check (min_break >= 0), -- seconds
    rev              bigint not null default 1
);
insert into routing_rules default values;

create table agent (
    id          bigint generated always as identity primary key,
    name        text not null check (name <> ''),
    group_id    bigint references agent_group,
    language    text not null,
    email       text not null default '',
    channels    text[] not null,
    caps        jsonb not null default '{}', -- channel → at most so many at once
    mailbox     boolean not null default false, -- takes messages of callers who were transferred in vain
    offer_timeout int not null default 0 check (offer_timeout = 0 or offer_timeout between 15 and 60), -- seconds, instead of the queue's
    active      boolean not null default true,
    rev         bigint not null default 1
);
create index agent_name on agent (lower(name), id);
create index agent_of_group on agent (group_id);

create table membership (
    agent   bigint not null references agent on delete cascade,
    queue   bigint not null references queue on delete cascade,
    enabled boolean not null default true,
    level   int not null check (level between 1 and 3),
    delay_s bigint not null default 0 check (delay_s >= 0),
    primary key (agent, queue)
);
create index membership_of_queue on membership (queue);

create table agent_skill (
    agent bigint not null references agent on delete cascade,
    skill bigint not null references skill on delete cascade,
    level int not null check (level between 1 and 5),
    primary key (agent, skill)
);
create index agent_skill_of_skill on agent_skill (skill);

create table phone (
    id          bigint generated always as identity primary key,
    agent       bigint not null references agent on delete cascade,
    kind        text not null check (kind in ('sip', 'pstn')),
    address     text not null,
    position    int not null, -- rung in this order
    verified_at timestamptz,
    unique (agent, kind, address)
);

create table status_code (
    id       bigint generated always as identity primary key,
    intent   text not null check (intent in ('available', 'working_offline', 'on_break', 'logged_out', 'decline')),
    code     text not null, -- what the routing log and the boards know it by; never changed
    name     jsonb not null,
    group_id bigint references agent_group, -- null: for every group
    agents   bigint[] not null default '{}', -- empty: for everybody in it
    position int not null default 0,
    active   boolean not null default true,
    rev      bigint not null default 1,
    unique (intent, code)
);

create table transaction_list (
    id       bigint generated always as identity primary key,
    name     jsonb not null,
    queues   bigint[] not null default '{}', -- empty: for every queue
    required boolean not null default false, -- a code of this list must be chosen
    many     boolean not null default false, -- more than one may be
    position int not null default 0,
    active   boolean not null default true,
    rev      bigint not null default 1
);

create table transaction_code (
    id       bigint generated always as identity primary key,
    list     bigint not null references transaction_list on delete cascade,
    parent   bigint references transaction_code, -- two levels: a parent has none
    name     jsonb not null,
    position int not null default 0,
    active   boolean not null default true,
    rev      bigint not null default 1
);
create index transaction_code_of_list on transaction_code (list, position);

create table favourite (
    agent  bigint not null references agent on delete cascade,
    kind   text not null check (kind in ('agent', 'queue')),
    target bigint not null,
    primary key (agent, kind, target)
);

create table recent (
    agent  bigint not null references agent on delete cascade,
    kind   text not null check (kind in ('agent', 'queue')),
    target bigint not null,
    at     timestamptz not null,
    primary key (agent, kind, target)
);
