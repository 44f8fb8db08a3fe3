-- owner: tickets
-- +goose Up

create sequence case_number start 1001;

create table customer (
    id          bigint generated always as identity primary key,
    name        text not null default '',
    company     text not null default '',
    language    text not null default '',
    note        text not null default '',
    fields      jsonb not null default '{}',
    credit      int not null default 0 check (credit between -86400 and 86400), -- seconds that they are due earlier
    merged_into bigint references customer, -- this one is history; look there
    created_at  timestamptz not null default now(),
    rev         bigint not null default 1
);
create index customer_words on customer using gin (to_tsvector('simple', name || ' ' || company)) with (fastupdate = off);

-- Where a customer can be found again. Value is as gateway.Address says.
create table customer_address (
    kind     text not null check (kind in ('email', 'phone', 'visitor')),
    value    text not null check (value <> ''),
    customer bigint not null references customer,
    name     text not null default '',      -- as the customer wrote it
    claimed  boolean not null default false, -- the customer said so; nothing has come from it
    added_at timestamptz not null default now(),
    primary key (kind, value)
);
create index customer_address_of on customer_address (customer);
-- A number is written with and without its country code: it is searched from its end.
create index customer_address_end on customer_address (reverse(value) text_pattern_ops) where kind = 'phone';
create index customer_address_start on customer_address (value text_pattern_ops) where kind = 'email';

create table support_case (
    id                bigint generated always as identity primary key,
    number            bigint not null unique default nextval('case_number'),
    subject           text not null default '',
    state             text not null check (state in ('open', 'pending', 'closed')),
    customer          bigint not null references customer,
    queue             bigint not null default 0,
    assignee          bigint not null default 0,
    channel           text not null,
    tags              text[] not null default '{}',
    conversation      bigint not null default 0, -- the latest one an interaction served
    interaction       bigint not null default 0, -- the latest one
    interaction_state text not null default '',
    preview           text not null default '',  -- the beginning of the last entry
    preview_by        text not null default '',  -- gateway.AuthorKind
    last_activity_at  timestamptz not null,
    created_at        timestamptz not null default now(),
    closed_at         timestamptz,
    rev               bigint not null default 1, -- counts what people edit, not previews
    check ((closed_at is not null) = (state = 'closed'))
) with (fillfactor = 50); -- what was just opened is soon offered: the change should find room beside it
-- Each list is read in its order. Most that are asked for leave out the closed ones,
-- which are most of what there is.
create index support_case_by_activity on support_case (last_activity_at desc, id desc);
create index support_case_by_assignee on support_case (assignee, last_activity_at desc, id desc);
create index support_case_by_queue on support_case (queue, last_activity_at desc, id desc);
create index support_case_by_customer on support_case (customer, last_activity_at desc, id desc);
create index support_case_live on support_case (last_activity_at desc, id desc) where state <> 'closed';
create index support_case_live_assignee on support_case (assignee, last_activity_at desc, id desc) where state <> 'closed';
create index support_case_live_queue on support_case (queue, last_activity_at desc, id desc) where state <> 'closed';
create index support_case_words on support_case using gin (to_tsvector('simple', subject)) with (fastupdate = off);

-- What was a case and is a part of another now: its id and its number lead there.
create table case_alias (
    id        bigint primary key,
    number    bigint not null unique,
    became    bigint not null references support_case on delete cascade,
    customer  bigint not null references customer, -- whose it was: mails that quote the number go on
    subject   text not null,
    merged_at timestamptz not null default now()
);
create index case_alias_of on case_alias (became);
create index case_alias_customer on case_alias (customer);

-- How many cases there are of a kind: the sum of what came and went. Rows are folded
-- together now and then; writers only ever add, so that none waits for another.
create table case_tally (
    queue    bigint not null,
    assignee bigint not null,
    state    text not null,
    n        bigint not null
);

-- +goose StatementBegin
create function case_tallied() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        insert into case_tally values (old.queue, old.assignee, old.state, -1);
    end if;
    if tg_op <> 'DELETE' then
        insert into case_tally values (new.queue, new.assignee, new.state, 1);
    end if;
    return null;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create function cases_tallied() returns trigger language plpgsql as $$
begin
    insert into case_tally
    select queue, assignee, state, count(*)
    from opened
    group by queue, assignee, state;
    return null;
end $$;
-- +goose StatementEnd

-- Mail opens many cases at once; they are counted together.
create trigger cases_opened after insert on support_case
    referencing new table as opened
    for each statement execute function cases_tallied();

create trigger case_moved after update on support_case
    for each row when ((old.queue, old.assignee, old.state) is distinct from (new.queue, new.assignee, new.state))
    execute function case_tallied();

create trigger case_gone after delete on support_case
    for each row execute function case_tallied();

-- Each time that a case was closed, and whether that was too early. A case that became a
-- part of another has been closed all the same.
create table case_closing (
    case_id     bigint not null,
    queue       bigint not null,
    channel     text not null,
    opened_at   timestamptz not null, -- or opened again
    closed_at   timestamptz not null,
    reopened_at timestamptz,
    primary key (case_id, closed_at)
);
create index case_closing_by_time on case_closing (closed_at);

-- view: case_figures, readers: stats
create view case_figures as
select case_id, queue, channel, opened_at, closed_at, reopened_at
from case_closing;

-- +goose StatementBegin
create function case_settled() returns trigger language plpgsql as $$
begin
    if new.state = 'closed' then
        insert into case_closing
        values (new.id, new.queue, new.channel,
            coalesce((select max(reopened_at) from case_closing where case_id = new.id), new.created_at), new.closed_at)
        on conflict do nothing; -- closed twice in one transaction
    elsif old.state = 'closed' then
        update case_closing
        set reopened_at = now()
        where case_id = new.id and reopened_at is null;
    end if;
    return null;
end $$;
-- +goose StatementEnd

create trigger case_settled after update on support_case
    for each row when ((old.state = 'closed') <> (new.state = 'closed'))
    execute function case_settled();

create table task (
    id         bigint generated always as identity primary key,
    title      text not null check (title <> ''),
    note       text not null default '',
    case_id    bigint references support_case,
    customer   bigint references customer,
    assignee   bigint not null default 0,
    due_at     timestamptz,
    done_at    timestamptz,
    created_by bigint not null default 0,
    created_at timestamptz not null default now(),
    rev        bigint not null default 1
);
create index task_by_assignee on task (assignee, due_at, id) where done_at is null;
create index task_of_case on task (case_id) where case_id is not null;
create index task_of_customer on task (customer) where customer is not null;

-- What is done often, kept ready: words with variables, and what becomes of the case.
create table macro (
    id       bigint generated always as identity primary key,
    name     text     not null check (name <> ''),
    agent    bigint   not null default 0,   -- whose own it is; 0: everybody's
    queues   bigint[] not null default '{}', -- where it is offered; none: everywhere
    text     text     not null default '',
    html     text     not null default '',
    articles bigint[] not null default '{}',
    state    text     not null default '' check (state in ('', 'open', 'pending', 'closed')),
    queue    bigint   not null default 0,
    tags     text[]   not null default '{}',
    codes    bigint[] not null default '{}',
    rev      bigint   not null default 1
);
create index macro_of on macro (agent);

-- What mails end with: an agent's own, a queue's.
create table signature (
    kind  text   not null check (kind in ('agent', 'queue')),
    owner bigint not null,
    text  text   not null default '',
    html  text   not null default '',
    primary key (kind, owner)
);

-- A mail that is being written in a conversation and has not been said, one of a kind. Each
-- change has a rev of its own, also after one that is gone.
create sequence draft_rev;
create table draft (
    conversation bigint      not null,
    kind         text        not null check (kind in ('reply', 'forward')),
    agent        bigint      not null, -- who wrote last
    body         jsonb       not null,
    rev          bigint      not null default nextval('draft_rev'),
    saved_at     timestamptz not null default now(),
    primary key (conversation, kind)
);
