// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2

// Somebody else's OpenID provider (certified), at which our sign-in must sign in. Reads its configuration as one line of
// JSON from standard input, writes the port that it listens at (which may be given), and ends with its standard input.
// Who logs in at which level is said by whoever fills in the login page, or opens it with ?person=…&acr=…
// Told to be broken, it answers as always, and its login page is an error.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const found = createRequire(`${process.env.MODULES}/`).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(found));

const lines = createInterface({ input: process.stdin });
const { jwk, client, levels, people, port: wanted, broken } = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const CLAIMS = ['employee_number', 'organisation'];

const server = createServer();
server.listen(wanted ?? 0, '127.0.0.1', () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    acrValues: levels,
    claims: { openid: ['sub'], employed: CLAIMS, acr: null, auth_time: null },
    clients: [client],
    cookies: { keys: [randomBytes(32).toString('hex')] },
    features: { backchannelLogout: { enabled: true }, claimsParameter: { enabled: true }, devInteractions: { enabled: false } },
    // Its own way to fetch refuses this machine's addresses, which no real client has.
    fetch: (address, options) => globalThis.fetch(address, { ...options, dispatcher: undefined }),
    findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
    interactions: { url: (_ctx, interaction) => `/login/${interaction.uid}` },
    jwks: { keys: [jwk] },
    async loadExistingGrant(ctx) {
      const { accountId } = ctx.oidc.session;
      const grant = new ctx.oidc.provider.Grant({ accountId, clientId: ctx.oidc.client.clientId });
      grant.addOIDCScope('openid');
      grant.addOIDCClaims([...CLAIMS, 'acr', 'auth_time']);
      await grant.save();
      return grant;
    },
  });
  const serve = provider.callback();
  server.on('request', async (request, response) => {
    const asked = new URL(request.url, `http://127.0.0.1:${port}`);
    if (!asked.pathname.startsWith('/login/')) {
      serve(request, response);
      return;
    }
    if (broken) {
      response.writeHead(500, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>Error</title><p>Internal error');
      return;
    }
    if (!asked.searchParams.has('person')) {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Login</title><form><input name="person"><input name="acr"><button>Login</button></form>');
      return;
    }
    const login = { accountId: asked.searchParams.get('person'), acr: asked.searchParams.get('acr'), amr: ['mfa'] };
    await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  });
  process.stdout.write(`${port}\n`);
});
for await (const _ of lines);
process.exit(0);
