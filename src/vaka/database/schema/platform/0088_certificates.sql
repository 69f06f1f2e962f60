-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Whom the installation's own issuers vouch for (term 30): each authority sees every certificate that was issued.

set role vaka_ledger;

insert into ledger.concern (event, whose) values
    ('issuer.founded', 'everybody'), ('certificate.issued', 'everybody');

alter table ledger.inbox add constraint certificates_are_told_by_their_own
    check (event not in ('issuer.founded', 'certificate.issued') or written_by = 'vaka_setup');

reset role;
