-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: newest_deployment
-- as: scheduler, setup
select number, digest, version, sequence, attestation, gates, deployed_at, before from newest_deployment()

-- name: enter_deployment
-- as: setup
select enter_deployment(%(digest)s, %(version)s, %(sequence)s, %(attestation)s, %(gates)s, %(actor)s, %(apply)s, %(now)s)
