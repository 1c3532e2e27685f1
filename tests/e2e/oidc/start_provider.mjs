// Starts provider.mjs for a test.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from '../harness/processes.mjs';

export async function startProvider() {
  const script = join(import.meta.dirname, 'provider.mjs');
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  const line = await eventually('the provider printed its address', () => printed.match(/^\{.*\}$/m)?.[0]);
  const { issuer, clientId, clientSecret } = JSON.parse(line);
  return {
    issuer,
    clientId,
    async token(resource = 'ES256') {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          scope: 'call',
          resource: `https://resource.test/${resource}`,
        }),
      });
      assert.equal(response.status, 200);
      return (await response.json()).access_token;
    },
    stop: () => child.stdin.end(),
  };
}
