-- owner: floor
-- +goose Up

-- Who may write. Every batch commits while it holds this row's term; a holder whose
-- term has passed finds no row and steps down. guarded: the holder's session has the advisory
-- lock as well, so whoever gets that lock knows that the holder is gone.
create table lease (
  name    text primary key,
  term    bigint not null,
  holder  text not null,
  expires timestamptz not null,
  guarded boolean not null default false
);
insert into lease (name, term, holder, expires) values ('floor', 0, '', 'epoch');

create sequence interaction_id;

-- What others have stored and the floor has not yet taken: arrivals that want an agent, and
-- cases that became another. What the floor could not store even alone is set aside with
-- the reason, until an operator has it taken again.
create table floor_inbox (
  id           bigint generated always as identity primary key,
  admission    jsonb,
  regroup      jsonb,
  settle       jsonb,
  created_at   timestamptz not null default now(),
  set_aside_at timestamptz,
  fault        text not null default '',
  check (num_nonnulls(admission, regroup, settle) = 1)
);
create index floor_inbox_waiting on floor_inbox (id) where set_aside_at is null;
-- By whom visitors' places are asked for, also while nobody leads and all this grows.
create index floor_inbox_conversation on floor_inbox (((admission->>'conversation')::bigint)) where set_aside_at is null;

-- A command's key and the first answer to it, kept for 24 hours. As the log's events it is handed
-- back as it came and never searched: json, not jsonb.
create table command (
  key    text primary key,
  answer json not null,
  at     timestamptz not null default now()
);
create index command_at on command (at);

-- A check is read anew for every statement, so a list of words is one constant: as a list of
-- constants they cost more than the change itself.
create table interaction (
  id            bigint primary key,
  channel       text not null check (channel = any ('{voice,chat,email,voicemail,callback}')),
  queue         bigint not null,
  case_id       bigint not null,
  conversation  bigint not null,
  customer      bigint not null,
  state         text not null check (state = any ('{waiting,offered,active,parked,wrap_up,finished}')),
  agent         bigint not null,
  preferred     bigint not null,
  outbound      boolean not null,
  band          int not null,
  seq           bigint not null,
  offer_no      int not null,
  arrived_at    timestamptz not null,
  due_at        timestamptz not null,
  accepted_at   timestamptz,
  ended_at      timestamptz,
  wrap_up_until timestamptz,
  overtime      boolean not null,
  finished_at   timestamptz,
  ended         text not null check (ended = any ('{"",handled,pending,abandoned,short_abandon,voicemail,transferred_external,closed,form,callback,settled,system_failure,silent}')),
  codes         bigint[] not null,
  over_capacity boolean not null,
  phase         text not null check (phase = any ('{"",talking,hold,consult,conference,colleagues}')),
  others        bigint[] not null, -- colleagues on it beside its agent
  line_2        text not null check (line_2 = any ('{"",colleague,outside}')),
  outside       boolean not null, -- somebody outside is on it
  rev           bigint not null,
  check (agent <> 0 or state <> all ('{active,parked,wrap_up}')),
  check ((ended <> '') = (state = any ('{wrap_up,finished}') or phase = 'colleagues')), -- colleagues talk on after the end
  check ((finished_at is not null) = (state = 'finished'))
) with (fillfactor = 50); -- room beside each row for what becomes of it
-- None is over what an offer or its acceptance changes, not in its condition either: the
-- state is in each of the few changes that an interaction has, and every index would be
-- written for each.
create index interaction_open on interaction (queue, arrived_at) where finished_at is null;
create index interaction_conversation on interaction (conversation) where finished_at is null;
create index interaction_case on interaction (case_id, id);
create index interaction_finished on interaction (finished_at) where finished_at is not null;

create table offer (
  interaction bigint not null,
  no          int not null,
  agent       bigint not null,
  kind        text not null check (kind = any ('{queue,transfer,recall,consult}')),
  channel     text not null,
  queue       bigint not null,
  created_at  timestamptz not null,
  expires_at  timestamptz not null,
  closed_at   timestamptz,
  outcome     text not null check (outcome = any ('{"",accepted,declined,missed,withdrawn,failed}')),
  cause       text not null,
  primary key (interaction, no, agent),
  check ((closed_at is null) = (outcome = ''))
);
-- Routing keeps these; the schema holds them should it ever be wrong.
create unique index offer_one_per_agent on offer (agent) where closed_at is null and kind = 'queue';
create unique index offer_one_per_pair on offer (interaction, agent) where closed_at is null;

create table segment (
  id          bigint generated always as identity primary key,
  interaction bigint not null,
  agent       bigint not null,
  queue       bigint not null,
  started_at  timestamptz not null,
  parted_at   timestamptz not null, -- the customer's side or the transfer ended; from then on it is wrap-up
  ended_at    timestamptz not null,
  how         text not null
);
create index segment_interaction on segment (interaction);
create index segment_ended on segment (ended_at);

-- What supervisors were told of, by the event of the log that raised it.
create table alert (
  seq         bigint not null,
  n           int not null,
  kind        text not null check (kind = any ('{unanswered,max_wait,no_members,wrap_up_overtime,silent}')),
  interaction bigint not null,
  queue       bigint not null,
  agent       bigint not null, -- whose wrap-up it is, or who does not answer; 0 otherwise
  at          timestamptz not null,
  primary key (seq, n)
);
create index alert_at on alert (at);

-- An agent as the floor last told it.
create table presence (
  agent         bigint primary key,
  intent        text not null,
  status_code   text not null,
  next          text not null,
  next_code     text not null,
  status        text not null,
  since         timestamptz not null,
  units         int not null,
  live          boolean not null,
  holds         bigint[] not null,
  wrap_ups      jsonb not null, -- those of holds that are in wrap-up, and until when
  over_capacity boolean not null,
  rev           bigint not null,
  check (units <= 100 or over_capacity)
) with (fillfactor = 50);

-- The log that routing is a function of: ids and numbers only.
create table routing_event (
  seq     bigint primary key,
  term    bigint not null,
  version int not null,
  at      timestamptz not null,
  body    json not null
);
create table routing_snapshot (
  seq     bigint primary key, -- the last event that is in it
  version int not null,
  at      timestamptz not null,
  body    bytea not null
);

-- view: interaction_figures, readers: stats
create view interaction_figures as
select id as interaction, channel, queue, agent, state, outbound, arrived_at, due_at, accepted_at, ended_at, finished_at, ended as ending, conversation
from interaction;

-- view: offer_figures, readers: stats
create view offer_figures as
select interaction, no, agent, kind, channel, queue, created_at, closed_at, outcome
from offer;

-- view: segment_figures, readers: stats
create view segment_figures as
select interaction, agent, queue, started_at, parted_at, ended_at, how
from segment;

-- view: presence_figures, readers: stats
create view presence_figures as
select agent, status, status_code, since
from presence;

-- Figures of a day read by these.
create index interaction_arrived on interaction (arrived_at);
create index offer_created on offer (created_at);
