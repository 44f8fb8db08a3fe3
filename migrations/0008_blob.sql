-- owner: blob
-- +goose Up

-- A row per use: an object is kept while any row names it. The rooms that store
-- attachments, recordings and raw mail write theirs through blob.Note in the
-- transaction of the row that shows it.
create table blob (
    id   bigint generated always as identity primary key,
    key  text not null check (key ~ '^[0-9a-f]{64}$'),
    size bigint not null check (size >= 0),
    type text not null,
    name text not null,
    at   timestamptz not null default now()
);

create index blob_key on blob (key);
