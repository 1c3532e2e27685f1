// `doctor` from the gateway's side: what each part sees of what it depends on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway, resources } from '../harness/gateway.mjs';
import { startDemoModel } from '../harness/processes.mjs';

let model, gateway;

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

async function examine() {
  const { code, stdout, stderr } = await gateway.cli(['doctor', '-o', 'json']);
  const { items } = JSON.parse(stdout);
  return { code, stderr, items, find: (name) => items.find((one) => one.check === name) };
}
const inParts = (services, standalone) => (gateway.shape === 'services' ? services : standalone);

test('a gateway in order: every part is examined', async () => {
  const { code, stderr, items, find } = await examine();
  assert.equal(code, 0, stderr + JSON.stringify(items, null, 1));
  const edge = inParts('edge', 'gateway');
  assert.equal(find(`${edge}: upstream openai`).result, 'ok');
  assert.match(find(`${edge}: upstream openai`).detail, /^127\.0\.0\.1:\d+ accepts connections$/);
  assert.equal(find(`${inParts('policy', 'gateway')}: database`).result, 'ok');
  assert.match(find(`${inParts('policy', 'gateway')}: database`).detail, /schema policy at migration \d+/);
  assert.equal(find(`${inParts('policy', 'gateway')}: database's clock`).result, 'ok');
  for (const part of inParts(['edge', 'authn', 'policy', 'approval', 'masking'], ['gateway'])) {
    assert.equal(find(`${part}: version`)?.result, 'ok', part);
    assert.equal(find(`${part}: readiness`)?.result, 'ok', part);
  }
  for (const part of inParts(['edge', 'authn', 'approval', 'masking'], [])) {
    assert.equal(find(`${part}: clock`).result, 'ok', part);
    assert.match(find(`${part}: certificate`).detail, /^expires in \d+ days$/);
  }
  if (gateway.shape === 'standalone') assert.ok(find('gateway: disk'));
});

test('an upstream that is away, and a provider that cannot be reached, are failures with advice', async () => {
  await gateway.apply(
    `${resources(model.url)}---
apiVersion: countersign/v1
kind: Connection
metadata: {name: gone}
spec: {protocol: openai, url: 'http://127.0.0.1:1/v1'}
---
apiVersion: countersign/v1
kind: IdentityProvider
metadata: {name: away}
spec: {oidc: {issuer: 'http://127.0.0.1:1/realms/x', audiences: [gateway]}}
`,
  );
  const { code, stderr, find } = await examine();
  assert.equal(code, 1);
  const upstream = find(`${inParts('edge', 'gateway')}: upstream gone`);
  assert.equal(upstream.result, 'failed');
  assert.match(upstream.detail, /^127\.0\.0\.1:1: /);
  assert.match(upstream.advice, /spec\.url/);
  const provider = find(`${inParts('authn', 'gateway')}: identity provider away`);
  assert.equal(provider.result, 'failed');
  assert.match(provider.detail, /were never fetched/);
  assert.match(stderr, /2 checks failed/);
});

test('it is for administrators', async () => {
  const key = await gateway.createKey('audrey');
  const response = await fetch(`http://${gateway.address}/countersign.policy.v1.ResourceService/ExamineParts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: '{}',
  });
  assert.equal(response.status, 403);
});
