-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What auditors note for themselves (term 37): in the authority's own database, sealed under the authority's key, written and
-- read by its portal alone. No process of the supplier's office has a way here, and a dump holds nothing that can be read.

create table audit_note (
    id         uuid        primary key,
    -- The audit, which stands in the platform's database.
    audit      uuid        not null,
    -- Whose key it is under: the authority's.
    subject_id uuid        not null,
    body       bytea       not null check (octet_length(body) between 1 and 65536),
    made_by    text        not null check (made_by like 'account:%'),
    made_at    timestamptz not null
);
create index audit_note_of on audit_note (audit, made_at);

create function refuse_other_notes() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or session_user !~ '_portal$' then
        raise exception 'an auditor''s note is written in the portal, and never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger only_written before insert or update or delete on audit_note
    for each row execute function refuse_other_notes();
create trigger never_emptied before truncate on audit_note for each statement execute function refuse_other_notes();

set role vaka_ledger;

alter table ledger.inbox add constraint auditors_notes_are_the_authoritys
    check (event <> 'audit.noted' or written_by ~ '_portal$');

reset role;
