-- owner: email

-- +goose Up

-- A mailbox that is read by IMAP and answered through SMTP. Its password is the secret
-- "mailbox:ID:password". One node reads it at a time: the one whose term stands here
-- (its transactions quote the term, so an older holder changes nothing any more).
create table mailbox (
    id           bigint generated always as identity primary key,
    address      text        not null unique check (address = lower(address) and address like '%@%'),
    name         text        not null default '',      -- beside the address in From
    queue_id     bigint      not null,
    skills       jsonb       not null default '[]',    -- that its mail needs
    username     text        not null default '',
    imap_address text        not null,                 -- host:port; empty: its mail is handed in
    imap_tls     text        not null check (imap_tls in ('tls', 'starttls', 'none')),
    smtp_address text        not null,
    smtp_tls     text        not null check (smtp_tls in ('tls', 'starttls', 'none')),
    folder       text        not null default 'INBOX', -- that is read
    move_to      text        not null default '',      -- where what was read goes; empty: it is marked \Seen
    sent_folder  text        not null default '',      -- where the provider files what it sends; empty: nowhere
    plus         boolean     not null default false,   -- its server delivers name+anything to it
    from_now     boolean     not null default false,   -- what lay there at first contact is left alone
    backfill     date,                                 -- but for what came since then, which is taken in quietly
    enabled      boolean     not null default true,
    acknowledge_open   text  not null default '',     -- answered to first mails while the queue is open; empty: nothing
    acknowledge_closed text  not null default '',     -- and while it is closed
    token_url    text        not null default '',      -- where a token is had for our client secret; empty: by password
    client_id    text        not null default '',
    scope        text        not null default '',
    refreshes    boolean     not null default false,   -- the token is had for a refresh token, the secret "mailbox:ID:refresh"
    created_at   timestamptz not null default now(),
    rev          bigint      not null default 1,       -- of the settings above
    term         bigint      not null default 0,
    holder       text        not null default '',
    held_until   timestamptz not null default now()
) with (fillfactor = 70);

create index mailbox_queue on mailbox (queue_id);

-- Who asks for a token by a mailbox's refresh token does so alone, until then: each of those
-- is worth one use.
create table mailbox_refresh (
    mailbox_id bigint      primary key references mailbox (id) on delete cascade,
    held_until timestamptz not null
);

-- How far a folder has been read: everything up to uid but the gaps. It moves in the
-- transaction that takes the mail in.
create table mailbox_cursor (
    mailbox_id  bigint      not null references mailbox (id) on delete cascade,
    folder      text        not null,
    uidvalidity bigint      not null,
    uid         bigint      not null,
    gaps        bigint[]    not null default '{}',
    start       bigint      not null default 0,     -- what was there before us ends here
    synced_at   timestamptz,                        -- when it was last known to be read to the end
    behind      int         not null default 0,     -- mails that were waiting then
    problem     text        not null default '',    -- why it is not read now; empty: it is
    backfilled_since date,                           -- what of the mails up to start is being taken in
    backfilled  bigint      not null default 0,     -- UID up to which that is done
    backfill_done int       not null default 0,     -- mails
    backfill_left int       not null default 0,
    primary key (mailbox_id, folder)
) with (fillfactor = 50);

-- What has been taken in, by content: the same mail again, under another UID or after a
-- change of UIDVALIDITY, is dropped.
create table mailbox_digest (
    mailbox_id bigint      not null references mailbox (id) on delete cascade,
    digest     bytea       not null, -- SHA-256 without trace headers
    key        text        not null, -- the arrival's
    at         timestamptz not null default now(),
    primary key (mailbox_id, digest)
);

-- Mail that could not be read or taken in, or whose sender is blocked. Nothing is dropped.
create table quarantine (
    id         bigint generated always as identity primary key,
    mailbox_id bigint      not null references mailbox (id) on delete cascade,
    key        text        not null unique, -- the arrival's
    raw        text        not null,        -- blob
    reason     text        not null,
    sender     text        not null default '',
    subject    text        not null default '',
    held       boolean     not null default false, -- no case was opened
    at         timestamptz not null default now()
);

-- Whose mail is held: an address, or @ and a domain.
create table blocked_sender (
    id   bigint generated always as identity primary key,
    who  text        not null unique check (who = lower(who) and who like '%@%'),
    note text        not null default '',
    at   timestamptz not null default now()
);

-- With which mail from a domain is signed (RFC 6376). The private key is the secret
-- "dkim:ID". One that is not used yet waits until its record is published.
create table dkim_key (
    id       bigint generated always as identity primary key,
    domain   text        not null check (domain = lower(domain) and domain <> ''),
    selector text        not null check (selector <> ''),
    record   text        not null, -- what to publish
    used     boolean     not null default false,
    at       timestamptz not null default now(),
    unique (domain, selector)
);

create unique index dkim_key_used on dkim_key (domain) where used;

-- Who wants no mail that we write by ourselves: by the link or the address that stands in each
-- of those, or because somebody here was told.
create table unsubscribed (
    id      bigint generated always as identity primary key,
    address text        not null unique check (address = lower(address) and address like '%@%'),
    way     text        not null check (way in ('link', 'mail', 'staff')),
    at      timestamptz not null default now()
);

-- Whom we have answered by ourselves, so that it ends.
create table auto_answer (
    address text        not null,
    at      timestamptz not null default now()
);

create index auto_answer_of on auto_answer (address, at);
create index auto_answer_at on auto_answer (at);
