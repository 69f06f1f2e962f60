-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Tables of an authority whose every change is in the ledger. Alarms have steps and entries of their own, written by
-- the statements that change them; a check of every row there would be paid by each alarm in a storm.

do $$
declare
    guarded record;
begin
    for guarded in
        select * from (values ('unit', 'id'), ('unit_hours', 'unit_id'), ('person', 'id'), ('contact', 'person_id'),
                              ('note', 'person_id'), ('device', 'id'), ('policy', 'only_one'),
                              ('closing_code', 'code')) as g (name, identifier)
    loop
        execute format('create constraint trigger entered after insert or update or delete on %I deferrable initially '
                       'deferred for each row execute function enter_change_by_hand(%L)', guarded.name,
                       guarded.identifier);
        execute format('create trigger emptying_entered after truncate on %I for each statement '
                       'execute function enter_change_by_hand(%L)', guarded.name, guarded.identifier);
    end loop;
end $$;
