// The identity provider of the end-to-end tests, in a separate process that can be made to hang.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from '../../e2e/harness/processes.mjs';

export async function startProvider() {
  const script = join(import.meta.dirname, '../../e2e/oidc/provider.mjs');
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (text) => (printed += text));
  const line = await eventually('the provider printed its address', () => printed.match(/^\{.*\}$/m)?.[0]);
  const { issuer, clientId, clientSecret } = JSON.parse(line);
  const limit = () => ({ signal: AbortSignal.timeout(10_000) });
  let kept;
  const fetchToken = async () => {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'call',
        resource: 'https://resource.test/ES256',
      }),
      ...limit(),
    });
    return (await response.json()).access_token;
  };
  // Uses the same token until it is refused, as clients do.
  const token = async () => {
    kept ??= fetchToken().catch(() => 'no-token-could-be-had');
    return kept;
  };
  token.refused = () => (kept = undefined);
  return {
    issuer,
    client: clientId,
    pid: child.pid,
    token,
    rotate: () => fetch(`${issuer}/test/rotate`, { method: 'POST', ...limit() }).then(() => undefined, () => undefined),
    stop: () => child.stdin.end(),
  };
}
