-- owner: kb
-- +goose Up

-- Drawn under an advisory lock that is held until the commit, so that changes become
-- visible in their order: a node that has read up to n misses nothing below n.
create sequence article_change;
create sequence article_number start 101;

-- A heading of the help centre.
create table category (
    key      text primary key check (key <> ''),
    position integer not null default 0,
    icon     text not null default '',
    names    jsonb not null default '{}' -- language → name
);

-- An article of the FAQ. Its texts are per language, in wording.
create table article (
    id         bigint generated always as identity primary key,
    number     bigint not null unique default nextval('article_number'),
    category   text not null default '',
    visibility text not null check (visibility in ('public', 'internal')),
    change     bigint not null default nextval('article_change'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    rev        bigint not null default 1
);
create unique index article_by_change on article (change);

-- An article in one language.
create table wording (
    article    bigint not null references article,
    language   text not null check (language <> ''),
    shortcut   text not null default '', -- as its writer wrote it, without the slash
    slug       text not null,
    title      text not null check (title <> ''),
    question   text not null default '',
    answer     text not null, -- Markdown
    alternates text[] not null default '{}', -- other ways to ask it
    tags       text[] not null default '{}',
    status     text not null check (status in ('draft', 'published', 'archived')),
    version    bigint not null default 1, -- grows when the text of this language changes
    updated_at timestamptz not null default now(),
    primary key (article, language)
);

-- Which article a shortcut leads to, in whatever language it is typed: å is a, A is a.
create table shortcut (
    folded  text primary key check (folded <> ''),
    article bigint not null references article
);
create index shortcut_of on shortcut (article);

-- What an article was after each change. Never edited.
create table revision (
    article bigint not null references article,
    rev     bigint not null,
    by      text not null default '',
    at      timestamptz not null default now(),
    body    jsonb not null,
    primary key (article, rev)
);

-- Words that mean the same to those who ask, added to their questions.
create table synonym (
    language text not null,
    word     text not null,
    means    text[] not null,
    primary key (language, word)
);

-- A link that was given to a customer. k ties its opening to the conversation, the agent
-- and the article for 90 days, and says nothing of anybody.
create table click (
    k            text primary key,
    article      bigint not null references article,
    language     text not null,
    conversation bigint not null,
    agent        bigint not null,
    given_at     timestamptz not null default now(),
    opened_at    timestamptz,
    times        integer not null default 0
);
create index click_by_age on click (given_at);
create index click_by_conversation on click (conversation);

-- How often an article's page was read, per day.
create table article_read (
    article bigint not null references article,
    day     date not null,
    n       bigint not null,
    primary key (article, day)
);

-- Whether an article helped, once per visitor.
create table vote (
    article  bigint not null references article,
    language text not null,
    voter    text not null,
    helpful  boolean not null,
    at       timestamptz not null default now(),
    primary key (article, language, voter)
);

-- view: article_link_figures, readers: stats
create view article_link_figures as
select agent, conversation, article, given_at, opened_at
from click;
