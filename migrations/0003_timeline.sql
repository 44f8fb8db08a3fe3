-- owner: timeline

-- +goose Up

-- One thread of entries with a customer. last_pos is the newest entry; the row's lock
-- is what makes positions dense. Room is left in the page so that counting on stays there.
create table conversation (
    id               bigint generated always as identity primary key,
    case_id          bigint      not null,
    customer_id      bigint      not null,
    channel          text        not null check (channel = any ('{voice,chat,email,voicemail,callback}')),
    last_pos         bigint      not null default 0 check (last_pos >= 0),
    open_interaction bigint, -- who is served now; set by the floor
    created_at       timestamptz not null default now()
) with (fillfactor = 50);

create index conversation_case on conversation (case_id);
create index conversation_customer on conversation (customer_id);

-- view: case_of_conversation, readers: tickets outbox intake
create view case_of_conversation as
select id as conversation, case_id
from conversation;

-- What was said, and what happened. Never changed, never deleted but by retention.
-- Body is json, not jsonb: it is handed on, never searched, and must come back as it went in.
-- No foreign key: the writer holds the conversation's row, and a check for each line would
-- cost as much as the line.
create table entry (
    conversation_id bigint      not null,
    pos             bigint      not null check (pos > 0),
    kind            text        not null,
    author_kind     text        not null,
    author_id       bigint      not null default 0,
    author_name     text        not null default '',
    interaction_id  bigint,
    channel         text        not null,
    client_id       text        check (client_id <> ''),
    text            text        not null default '',
    language        text        not null default '', -- of the text, BCP 47; empty: not known
    body            json,
    internal        boolean     not null default false,
    at              timestamptz not null,
    primary key (conversation_id, pos)
);

-- +goose StatementBegin
do $$ begin -- cheaper than the usual way, where PostgreSQL was built with it
    alter table entry alter column text set compression lz4, alter column body set compression lz4;
exception when feature_not_supported then null;
end $$;
-- +goose StatementEnd

-- view: response_figures, readers: stats floor
create view response_figures as
select conversation_id as conversation, pos, at, author_kind = 'agent' as by_agent
from entry
where kind in ('message', 'mail', 'article', 'file') and not internal and author_kind in ('customer', 'agent');

-- What customers thought of what was done for them; they leave few other events.
-- view: rating_figures, readers: stats
create view rating_figures as
select interaction_id as interaction, (body ->> 'score')::int as score, at
from entry
where kind = 'event' and author_kind = 'customer' and body ->> 'what' = 'rated';

-- What the people who work here say to each other; notes on customers are of another kind.
-- view: staff_said, readers: staffchat
create view staff_said as
select conversation_id as conversation, pos, author_id as author, author_name, text, at
from entry
where kind = 'message' and internal;

create index entry_by_customers on entry (at) where kind = 'event' and author_kind = 'customer';

create unique index entry_client on entry (conversation_id, client_id) where client_id is not null;

-- How far a reader has seen. It only grows.
create table receipt (
    conversation_id bigint      not null references conversation (id),
    reader_kind     text        not null,
    reader_id       bigint      not null,
    pos             bigint      not null,
    at              timestamptz not null default now(),
    primary key (conversation_id, reader_kind, reader_id)
);

-- Which conversation a mail belongs to. A forged or careless mail may repeat a
-- Message-ID, so one id may lead to several conversations; the newest is tried first.
create table message_ref (
    message_id      text   not null check (message_id <> ''),
    conversation_id bigint not null references conversation (id),
    moved_from      bigint, -- the conversation that the mail was first in, if it was taken out of it
    primary key (message_id, conversation_id)
);

-- What mails refer to, the newest of it, wherever that is: cases that may have to do with
-- each other are found by it, and nothing is joined.
create table message_link (
    message_id      text   not null check (message_id <> ''),
    conversation_id bigint not null references conversation (id),
    primary key (conversation_id, message_id)
);

create index message_link_to on message_link (message_id);

-- Who has taken part, by address: an unsigned reference counts only from one of them.
create table participant (
    conversation_id bigint not null references conversation (id),
    kind            text   not null,
    value           text   not null,
    primary key (conversation_id, kind, value)
);
