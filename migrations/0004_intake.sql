-- owner: intake

-- +goose Up

-- What each arrival became. The key is taken first, so a second bearer of it waits for
-- the first and then reads what it became.
create table arrival (
    key             text        primary key check (key <> ''),
    conversation_id bigint,
    case_id         bigint,
    customer_id     bigint,
    pos             bigint,
    interaction_id  bigint,
    at              timestamptz not null default now()
) with (fillfactor = 50);
