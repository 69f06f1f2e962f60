-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in any database.

-- name: read_rights
-- as: setup, scheduler, setup in platform, scheduler in platform
-- Whatever decides what may be done in this database, as one digest: owners and rights, and what functions, views and
-- triggers are. Everybody may read that much of the catalogue.
with rights (line) as (
    select concat_ws(' ', 'table', n.nspname, c.relname, c.relkind, pg_get_userbyid(c.relowner),
                     (select string_agg(a::text, ',' order by a::text collate "C") from unnest(c.relacl) a),
                     case c.relkind when 'v' then md5(pg_get_viewdef(c.oid)) end)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('vaka', 'ledger', 'public') and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    union all
    select concat_ws(' ', 'column', n.nspname, c.relname, t.attname,
                     (select string_agg(a::text, ',' order by a::text collate "C") from unnest(t.attacl) a))
    from pg_attribute t join pg_class c on c.oid = t.attrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('vaka', 'ledger', 'public') and t.attacl is not null and not t.attisdropped
    union all
    select concat_ws(' ', 'function', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid),
                     pg_get_userbyid(p.proowner), p.prosecdef, p.proconfig::text,
                     (select string_agg(a::text, ',' order by a::text collate "C") from unnest(p.proacl) a), md5(p.prosrc))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('vaka', 'ledger', 'public')
    union all
    select concat_ws(' ', 'trigger', c.relname, t.tgname, t.tgenabled, md5(pg_get_triggerdef(t.oid)))
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('vaka', 'ledger') and not t.tgisinternal
    union all
    select concat_ws(' ', 'schema', n.nspname, pg_get_userbyid(n.nspowner),
                     (select string_agg(a::text, ',' order by a::text collate "C") from unnest(n.nspacl) a))
    from pg_namespace n where n.nspname !~ '^pg_(toast|temp)'
    union all
    select concat_ws(' ', 'database', pg_get_userbyid(d.datdba),
                     (select string_agg(a::text, ',' order by a::text collate "C") from unnest(d.datacl) a))
    from pg_database d where d.datname = current_database()
    union all
    select concat_ws(' ', 'default', pg_get_userbyid(f.defaclrole), f.defaclobjtype, f.defaclacl::text)
    from pg_default_acl f
    union all
    select concat_ws(' ', 'policy', p.polrelid::regclass::text, p.polname) from pg_policy p
)
select encode(sha256(convert_to(string_agg(line, E'\n' order by line collate "C"), 'UTF8')), 'hex') from rights

-- name: read_roles
-- as: setup in platform, scheduler in platform
-- Who can log in to the server, what each can beside his rights, and who is a member of what.
with roles (line) as (
    select concat_ws(' ', 'role', r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication,
                     r.rolbypassrls, r.rolcanlogin, r.rolinherit, r.rolconfig::text)
    from pg_roles r where r.rolname !~ '^pg_'
    union all
    select concat_ws(' ', 'member', pg_get_userbyid(m.member), 'of', pg_get_userbyid(m.roleid), m.admin_option)
    from pg_auth_members m
)
select encode(sha256(convert_to(string_agg(line, E'\n' order by line collate "C"), 'UTF8')), 'hex') from roles

-- name: list_accepted
-- as: setup in platform
select name, digest from protected_state

-- name: accept_state
-- as: setup in platform
select accept_state(%(names)s, %(digests)s, %(first)s, %(actor)s, %(now)s)

-- name: tell_drift
-- as: scheduler in platform
select tell_drift(%(seen)s, %(unseen)s, %(now)s)

-- name: list_visitors
-- as: scheduler in platform
-- Who is connected as nobody of ours: a person with psql, say. More of a session than this is not shown to everybody.
select pid, usename, datname
from pg_stat_activity
where usename is not null and datname is not null
  and not exists (select from pg_auth_members m join pg_roles g on g.oid = m.roleid
                  where m.member = usesysid and g.rolname ~ '^g_[a-z]+$')
order by pid
limit 100

-- name: read_drift
-- as: portal in platform
select name, change, since from drift
where authority_id is null or authority_id = %(authority_id)s
order by since, name
limit 100

-- name: read_look
-- as: portal in platform
select looked_at from protected_look
