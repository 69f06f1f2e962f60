-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Separation of duties (term 2): which human is behind an account, and which roles no human holds at once.

-- A random identifier of its own, never given again: an administrator's account and a user's of the same human share it,
-- and four eyes are those of two humans. Nobody has two accounts of a class.
alter table account add column human uuid not null default gen_random_uuid();
create unique index one_account_of_a_class on account (human, kind);

create function refuse_other_human() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'an account is for ever of the same human and class' using errcode = 'insufficient_privilege';
end $$;
create trigger same_human before update of human, kind on account for each row
    when (old.human is distinct from new.human or old.kind is distinct from new.kind)
    execute function refuse_other_human();

-- The pairs of vaka.access.duties, in the order of their names. A change comes with a migration, and a test compares.
create table role_conflict (
    one      text collate "C" not null,
    other    text collate "C" not null,
    -- Also where the two are held in different authorities: one of the supplier's, one of an authority's own.
    anywhere boolean not null,
    primary key (one, other),
    check (one < other)
);
insert into role_conflict (one, other, anywhere) values
    ('access_approver', 'auditor', false),
    ('access_approver', 'device_technician', true),
    ('access_approver', 'log_reviewer', false),
    ('access_approver', 'operator', true),
    ('access_approver', 'quality_reviewer', true),
    ('access_approver', 'shift_leader', true),
    ('archivist', 'auditor', false),
    ('archivist', 'log_reviewer', false),
    ('archivist', 'records_officer', false),
    ('auditor', 'contract_officer', false),
    ('auditor', 'device_technician', true),
    ('auditor', 'operator', true),
    ('auditor', 'quality_reviewer', true),
    ('auditor', 'records_officer', false),
    ('auditor', 'shift_leader', true),
    ('contract_officer', 'log_reviewer', false),
    ('contract_officer', 'records_officer', false),
    ('device_technician', 'log_reviewer', true),
    ('log_reviewer', 'operator', true),
    ('log_reviewer', 'quality_reviewer', true),
    ('log_reviewer', 'records_officer', false),
    ('log_reviewer', 'shift_leader', true),
    ('operator', 'quality_reviewer', false),
    ('quality_reviewer', 'shift_leader', false);

create function refuse_other_pairs() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'which roles are kept apart comes with a migration' using errcode = 'insufficient_privilege';
end $$;
create trigger only_migrated before insert or update or delete or truncate on role_conflict
    for each statement execute function refuse_other_pairs();

-- The first role that the human behind an account holds and that this one may not be held beside, unless an exception
-- was approved (0011). A role that has ended is in nobody's way; what time it is, neither a row nor a clock alone decides.
create function conflicting_role(
    p_account uuid, p_role text, p_authority uuid, p_from timestamptz, p_until timestamptz,
    p_old_account uuid default null, p_old_role text default null, p_old_authority uuid default null
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose uuid := (select a.human from account a where a.id = p_account);
begin
    -- Of two halves of a pair that are granted at the same time, the second waits for the first.
    perform pg_advisory_xact_lock(hashtextextended('duties:' || whose, 0));
    return (
        select g.role
        from account a
        join role_grant g on g.account_id = a.id
        join role_conflict c on (c.one, c.other) in ((p_role, g.role), (g.role, p_role))
        where a.human = whose
          and (c.anywhere or g.authority_id is not distinct from p_authority)
          and (g.valid_until is null or g.valid_until > least(now(), p_from))
          -- What a changed row said before is in nobody's way.
          and (g.account_id, g.role, g.authority_id) is distinct from (p_old_account, p_old_role, p_old_authority)
          and not is_excepted(whose, p_role, p_authority, p_until, g.role)
          and not is_excepted(whose, g.role, g.authority_id, g.valid_until, p_role)
        order by g.role collate "C"
        limit 1);
end $$;
revoke all on function conflicting_role from public;

create function refuse_conflicting_roles() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    beside text;
begin
    if tg_op = 'UPDATE' then
        beside := conflicting_role(new.account_id, new.role, new.authority_id, new.granted_at, new.valid_until,
                                   old.account_id, old.role, old.authority_id);
    else
        beside := conflicting_role(new.account_id, new.role, new.authority_id, new.granted_at, new.valid_until);
    end if;
    if beside is not null then
        raise exception 'one human may not hold % and %', beside, new.role
            using errcode = 'check_violation', constraint = 'separated_duties', detail = beside;
    end if;
    return new;
end $$;
revoke all on function refuse_conflicting_roles from public;
create trigger separated_duties before insert or update on role_grant
    for each row execute function refuse_conflicting_roles();
