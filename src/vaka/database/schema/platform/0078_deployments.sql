-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Which releases were put in production, by which change, tested where (terms 20, 22, 33); and a third kind of installation:
-- a test environment. What an installation is, is decided once and for ever, as before.

alter table installation drop constraint installation_mode_check;
alter table installation add constraint installation_mode_check check (mode in ('demo', 'test', 'production'));

create table deployment (
    -- Without a gap: one that is missing was taken away.
    number      integer primary key check (number between 1 and 100000),
    -- SHA-256 over the signed statement of the release.
    digest      bytea not null check (octet_length(digest) = 32),
    version     text not null check (version ~ '^[0-9A-Za-z.+!_-]{1,40}$'),
    sequence    bigint not null check (sequence > 0),
    -- What the test environment signed, as it came: it is judged anew by whoever wants to know.
    attestation bytea not null check (octet_length(attestation) between 1 and 16777216),
    -- SHA-256 over what the release's gates were run with.
    gates       bytea not null check (octet_length(gates) = 32),
    -- The entry in the register of changes; none where the installation was being founded, and there was no register.
    change      uuid,
    kind        text not null check (kind in ('founding', 'ordinary', 'large', 'emergency')),
    deployed_at timestamptz not null,
    check ((change is null) = (kind = 'founding'))
);

create function refuse_other_deployments() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname = 'g_setup')
    then
        raise exception 'deployments are added by a command, and never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger only_added before insert or update or delete on deployment
    for each row execute function refuse_other_deployments();
create trigger never_emptied before truncate on deployment for each statement execute function refuse_other_deployments();

set role vaka_ledger;

insert into ledger.concern (event, whose) values
    ('release.deployed', 'everybody'), ('release.refused', 'everybody'), ('release.differs', 'everybody');

-- What a command deploys and a start refuses, setup says; that something else runs, whoever looks.
alter table ledger.inbox add constraint releases_are_told_by_their_own
    check ((event not in ('release.deployed', 'release.refused') or written_by = 'vaka_setup')
           and (event <> 'release.differs' or written_by = 'vaka_scheduler'));

set role vaka_owner;

-- The change by which a release may be put in production now: the newest that names it and is approved by somebody other than
-- its author, or is an emergency's, which is reviewed afterwards. Says how it is lacking where there is none.
create function change_of_release(p_digest text, p_gates_changed boolean)
    returns table (entry uuid, kind text, lacks text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with newest as (
        select distinct on (v.entry) v.* from register_version v where v.register = 'changes'
        order by v.entry, v.number desc
    ), named as (
        select n.entry, n.fields ->> 'kind' as kind, n.state, n.made_at, n.fields ->> 'risks' as risks,
               coalesce(n.fields ->> 'tested', '') as tested,
               exists (select from register_version w join account author on author.id = w.made_by
                       join account approver on approver.human = author.human
                       where w.entry = n.entry and w.number = n.content and approver.id = n.made_by
                         and n.content <> n.number) as is_own
        from newest n where lower(n.fields ->> 'release') = p_digest
    ), judged as (
        select n.entry, n.kind, n.made_at, case
            when n.kind = 'emergency' and n.state in ('draft', 'in_force') and not n.is_own then ''
            when n.state <> 'in_force' or n.is_own then 'unapproved'
            when n.kind = 'large' and (n.tested = '' or not exists (
                select from register_version r where r.register = 'risk-assessments' and r.state = 'in_force'
                  and r.entry::text = n.risks
                  and not exists (select from register_version later where later.entry = r.entry
                                  and later.number > r.number and later.state <> 'draft'))) then 'unassessed'
            -- What judges releases is changed with a threat or risk record and a test, whatever else the change does.
            when p_gates_changed and n.kind <> 'large' then 'gates'
            else '' end as lacks
        from named n
    )
    select j.entry, j.kind, j.lacks from judged j order by j.lacks <> '', j.made_at desc limit 1
$$;
revoke all on function change_of_release from public;

-- What was put in production last, as setup and scheduler, and the digest of what was before it.
create function newest_deployment()
    returns table (number integer, digest text, version text, sequence bigint, attestation bytea, gates text,
                   deployed_at timestamptz, before text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select d.number, encode(d.digest, 'hex'), d.version, d.sequence, d.attestation, encode(d.gates, 'hex'), d.deployed_at,
           coalesce((select encode(b.digest, 'hex') from deployment b where b.number = d.number - 1), '')
    from deployment d order by d.number desc limit 1
$$;
revoke all on function newest_deployment from public;

-- Puts a release in production, as setup, whose command has looked at manifest and attestation. Says 'done', or why not:
-- 'rollback', 'unapproved', 'unassessed', 'gates'. p_apply false: only says.
create function enter_deployment(
    p_digest bytea, p_version text, p_sequence bigint, p_attestation bytea, p_gates bytea, p_actor text, p_apply boolean,
    p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    before deployment;
    approved record;
    made deployment;
begin
    perform pg_advisory_xact_lock(hashtextextended('deployment', 0));
    select * into before from deployment d order by d.number desc limit 1;
    if before.sequence >= p_sequence then
        return 'rollback';
    end if;
    select * into approved from change_of_release(encode(p_digest, 'hex'), before.gates <> p_gates);
    if approved.entry is null and setup_decides_until() = 'infinity' then
        select null::uuid as entry, 'founding' as kind, '' as lacks into approved;
    elsif coalesce(approved.lacks, 'unapproved') <> '' then
        return coalesce(approved.lacks, 'unapproved');
    end if;
    if not p_apply then
        return 'done';
    end if;
    insert into deployment (number, digest, version, sequence, attestation, gates, change, kind, deployed_at)
    values (coalesce(before.number, 0) + 1, p_digest, p_version, p_sequence, p_attestation, p_gates, approved.entry,
            approved.kind, p_at)
    returning * into made;
    perform ledger.append(
        p_at, 'release.deployed', p_actor, 'release:' || encode(p_digest, 'hex'), 'success', jsonb_strip_nulls(
            jsonb_build_object('deployment', made.number, 'version', p_version, 'sequence', p_sequence, 'kind', made.kind,
                               'entry', made.change, 'attestation', encode(sha256(p_attestation), 'hex'),
                               'gates', encode(p_gates, 'hex'))));
    return 'done';
end $$;
revoke all on function enter_deployment from public;

set role vaka_ledger;

-- The highest number that the log, sealed or not, knows a deployment by, as setup wrote it; 0: of none.
create function ledger.last_deployment() returns bigint
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select coalesce(max(told.number), 0) from (
        select (l.leaf -> 'detail' ->> 'deployment')::bigint as number, l.leaf ->> 'written_by' as written_by
        from entry_index i join log_entry e using (index)
        cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) l
        where i.event = 'release.deployed' and i.outcome = 'success'
        union all
        select (i.detail ->> 'deployment')::bigint, i.written_by from inbox i
        where i.event = 'release.deployed' and i.outcome = 'success') told
    where told.written_by = 'vaka_setup'
$$;
revoke all on function ledger.last_deployment from public;

set role vaka_owner;

-- Term 20: whether what runs (p_digest; empty: nobody knows what) is what was put in production last, by a change that is
-- approved, and the row of deployments is whole, to its end, and as the log tells it. An emergency's change has been
-- reviewed within five days. What was deployed once more while founding, nobody but whoever founds has approved: that counts
-- until something else is deployed.
create function find_deployments(p_digest text, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with every as materialized (
        select count(*) as all, coalesce(max(d.number), 0) as last,
               coalesce((array_agg(encode(d.digest, 'hex') order by d.number desc))[1], '') as newest,
               coalesce(ledger.count_untold(array_agg('release:' || encode(d.digest, 'hex')), array['release.deployed']), 0)
                   as untold,
               ledger.last_deployment() as told,
               count(*) filter (where case
                   when d.kind = 'founding' then
                       d.number > 1 and not exists (select from deployment later where later.number > d.number)
                   when d.kind = 'emergency' and d.deployed_at >= p_at - interval '5 days' then false
                   else not exists (
                       select from register_version v where v.entry = d.change and v.state = 'in_force'
                         and (d.kind = 'emergency' or v.made_at <= d.deployed_at)
                         and lower(v.fields ->> 'release') = encode(d.digest, 'hex'))
                   end) as unapproved
        from deployment d
    )
    select null::uuid, w.reason, w.things
    from every e cross join lateral (values
        (1, 'missing', case when e.all = 0 and e.told = 0 then 1 else 0 end), (2, 'unauthorised', case when e.newest <> p_digest then 1 else 0 end),
        (3, 'gap', greatest(e.last, e.told) - e.all), (4, 'untold', e.untold), (5, 'unapproved', e.unapproved)) as w (place, reason, things)
    where w.things > 0
    order by w.place limit 1
$$;
revoke all on function find_deployments from public;
