-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the contract itself says of the 37 terms, as data of an installation: each import with the digest of the file it came from.
-- The newest is shown; the earlier ones stay.

create table contract_text (
    id          uuid primary key,
    -- What the document calls itself, and of which day or number it is.
    source      text not null check (length(source) between 3 and 200),
    -- SHA-256 of the file, so that anybody who has it can see that it is the same.
    digest      text collate "C" not null check (digest ~ '^[0-9a-f]{64}$'),
    -- What it says of term 1, 2, …, 37.
    texts       text[] not null check (cardinality(texts) = 37 and array_position(texts, null) is null and array_position(texts, '') is null),
    imported_by text not null,
    imported_at timestamptz not null
);
create index contract_text_newest on contract_text (imported_at);
-- Setup takes a contract in, by what is below; nobody changes or removes one.
create function refuse_other_contracts() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or session_user <> 'vaka_setup' then
        raise exception 'what a contract says is only added to, by setup' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
revoke all on function refuse_other_contracts from public;
create trigger only_added before insert or update or delete on contract_text for each row execute function refuse_other_contracts();
create trigger never_emptied before truncate on contract_text for each statement execute function refuse_other_contracts();

set role vaka_ledger;
alter table ledger.inbox add constraint contracts_are_imported_by_setup
    check (event <> 'contract.imported' or written_by = 'vaka_setup');
set role vaka_owner;

-- Keeps what the contract says and tells of it, as setup. Says whether it was another than what is shown by now.
create function import_contract(
    p_id uuid, p_source text, p_digest text, p_texts text[], p_by text, p_at timestamptz
) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    -- One after the other: of two at once, the second sees the first.
    lock table contract_text in share row exclusive mode;
    if exists (select from (select c.source, c.digest, c.texts from contract_text c order by c.imported_at desc, c.id desc limit 1) newest
               where newest.source = p_source and newest.digest = p_digest and newest.texts = p_texts)
    then
        return false;
    end if;
    insert into contract_text (id, source, digest, texts, imported_by, imported_at)
    values (p_id, p_source, p_digest, p_texts, p_by, p_at);
    perform ledger.append(p_at, 'contract.imported', p_by, 'contract:' || p_id, 'success',
                          jsonb_build_object('sha256', p_digest));
    return true;
end $$;
revoke all on function import_contract from public;

-- What is shown: the newest, or no row.
create function read_contract() returns table (source text, digest text, texts text[], imported_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select c.source, c.digest, c.texts, c.imported_at from contract_text c order by c.imported_at desc, c.id desc limit 1
$$;
revoke all on function read_contract from public;
