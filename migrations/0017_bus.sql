-- owner: bus
-- +goose Up

-- The processes of this contact centre. Each renews its row every 2 s (beats) and says how
-- many hints it has published: who has heard fewer looks for what they told of.
create table node (
  name       text primary key,
  run        text not null unique,
  address    text not null,
  roles      text[] not null,
  started_at timestamptz not null default now(),
  seen_at    timestamptz not null default now(),
  beats      bigint not null default 0,
  hints      bigint not null default 0,
  drain      jsonb, -- since, final, deadline: takes nothing new and gives away what it has
  remains    jsonb  -- what it still has
);
