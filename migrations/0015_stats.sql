-- owner: stats
-- +goose Up

-- Since when an agent has had a status; it ends where the agent's next one begins.
create table status_span (
    agent       bigint not null,
    since       timestamptz not null,
    status      text not null,
    status_code text not null default '',
    primary key (agent, since)
);
create index status_span_since on status_span (since);
