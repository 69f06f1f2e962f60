-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the contract itself says of the 37 terms, as data of an installation: each import with the file it came from.
-- The newest is shown; the earlier ones stay.

-- What an entry of the log is of: what the document calls itself, which file it is, and what is shown of each term.
create function contract_digest(p_source text, p_sha256 text, p_texts text[]) returns text
    language sql stable set search_path = vaka, pg_temp as $$
    select encode(sha256(convert_to(jsonb_build_array('vaka contract v1', p_source, p_sha256, p_texts)::text, 'UTF8')), 'hex')
$$;
revoke all on function contract_digest from public;

create table contract_text (
    id          uuid primary key,
    -- Which is the newest: no clock says it, and no caller.
    place       bigint generated always as identity unique,
    -- What the document calls itself, and of which day or number it is.
    source      text not null check (length(source) between 3 and 200),
    -- SHA-256 of the file, so that anybody who has it can see that it is the same.
    digest      text collate "C" not null check (digest = encode(sha256(file), 'hex')),
    file        bytea not null check (octet_length(file) between 1 and 1000000),
    -- What it says of term 1, 2, …, 37.
    texts       text[] not null check (cardinality(texts) = 37 and array_position(texts, null) is null and array_position(texts, '') is null),
    imported_by text not null,
    imported_at timestamptz not null
);
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

-- Whether the log says that exactly this was taken in.
create function ledger.is_contract_told(p_id uuid, p_digest text) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select leaf ->> 'written_by' as written_by, leaf -> 'detail' ->> 'digest' as digest
        from (select convert_from(e.leaf, 'UTF8')::jsonb as leaf
              from entry_index i join log_entry e using (index)
              where i.object = 'contract:' || p_id and i.event = 'contract.imported') sealed
        where leaf ->> 'object' = 'contract:' || p_id and leaf ->> 'event' = 'contract.imported'
        union all
        select i.written_by, i.detail ->> 'digest' from inbox i
        where i.object = 'contract:' || p_id and i.event = 'contract.imported'
    )
    select exists (select from said where written_by = 'vaka_setup' and digest = p_digest)
$$;
revoke all on function ledger.is_contract_told from public;
-- All rights stand in grants.sql, which comes after.
grant execute on function ledger.is_contract_told to vaka_owner;
set role vaka_owner;

-- Keeps what the contract says and tells of it, as setup. Says whether it was another than what is shown by now.
create function import_contract(
    p_id uuid, p_source text, p_file bytea, p_texts text[], p_by text, p_at timestamptz
) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hash text := encode(sha256(p_file), 'hex');
begin
    -- One after the other: of two at once, the second sees the first.
    lock table contract_text in share row exclusive mode;
    if exists (select from (select c.source, c.digest, c.texts from contract_text c order by c.place desc limit 1) newest
               where newest.source = p_source and newest.digest = hash and newest.texts = p_texts)
    then
        return false;
    end if;
    insert into contract_text (id, source, digest, file, texts, imported_by, imported_at)
    values (p_id, p_source, hash, p_file, p_texts, p_by, p_at);
    perform ledger.append(p_at, 'contract.imported', p_by, 'contract:' || p_id, 'success',
                          jsonb_build_object('sha256', hash, 'digest', contract_digest(p_source, hash, p_texts)));
    return true;
end $$;
revoke all on function import_contract from public;

-- What is shown: the newest, or no row; none either where it is not what the log tells of, whatever came before it.
create function read_contract() returns table (source text, digest text, texts text[], imported_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with newest as materialized (select * from contract_text c order by c.place desc limit 1)
    select n.source, n.digest, n.texts, n.imported_at from newest n
    where n.digest = encode(sha256(n.file), 'hex') and ledger.is_contract_told(n.id, contract_digest(n.source, n.digest, n.texts))
$$;
revoke all on function read_contract from public;
