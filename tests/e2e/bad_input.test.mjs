// Invalid input: every wrong input is a clear error in the dialect's form, and nothing is forwarded.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { startDemoModel } from './harness/processes.mjs';

let model, gateway, key;

const post = (body, { path = '/v1/chat/completions', headers = {} } = {}) =>
  fetch(`http://${gateway.address}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body,
  });
const good = (more = {}) => JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: 'hello' }], ...more });

async function refused(response, status, code) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  const { error } = JSON.parse(text);
  assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type'], text);
  assert.equal(error.code, code, text);
  assert.ok(error.message.length > 5, text);
  assert.match(response.headers.get('x-request-id') ?? '', /./);
  assert.ok(!response.headers.get('x-request-id').includes(','), 'exactly one x-request-id');
}

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  key = await gateway.createKey('ci-bot');
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('bodies that are no request of the dialect', async () => {
  const earlier = (await model.log()).length;
  for (const body of [
    '{',
    '',
    '[]',
    '"x"',
    '{"model":"demo-1"}',
    '{"model":"demo-1","messages":"x"}',
    '{"model":1,"messages":[]}',
    '{"model":"demo-1","messages":[{"role":"user","content":"a"}],"model":"demo-2"}',
    '{"model":"demo-1","messages":[{"role":"user","content":"a","content":"b"}]}',
    '{"model":"demo-1","messages":[{"role":"user","content":"\\ud800"}]}',
    `{"model":"demo-1","messages":${'['.repeat(200)}${']'.repeat(200)}}`,
    `${good()} trailing`,
    new Uint8Array([...Buffer.from('{"model":"demo-1","messages":[{"role":"user","content":"'), 0xff, 0xfe, ...Buffer.from('"}]}')]),
  ]) {
    await refused(await post(body), 400, 'invalid_request');
  }
  assert.equal((await model.log()).length, earlier, 'something was forwarded');
});

test('a body over the limit is refused with 413', async () => {
  const response = await post(good({ padding: 'x'.repeat(33 << 20) })).catch((error) => error);
  await refused(response, 413, 'payload_too_large');
});

test('headers over the limit are refused with 431', async () => {
  const response = await post(good(), { headers: { 'x-padding': 'x'.repeat(100_000) } });
  assert.equal(response.status, 431);
});

test('unknown paths and connections', async () => {
  await refused(await post(good(), { path: '/v1/nothing' }), 404, 'not_found');
  await refused(await post(good(), { path: '/nobody/v1/chat/completions' }), 404, 'unknown_connection');
  const named = await post(good(), { path: '/openai/v1/chat/completions' });
  assert.equal(named.status, 200);
});

test('an unknown model', async () => {
  await refused(await post(good({ model: 'gpt-9' })), 404, 'model_not_found');
});

test('credentials that do not stand', async () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  for (const credential of [
    '',
    'x',
    'cs_unknown_0000000000000000000000000000000000000000',
    `${part({ alg: 'none' })}.${part({ iss: 'https://idp.example', exp: now + 60 })}.`,
    `${part({ alg: 'HS256', kid: 'a' })}.${part({ iss: 'https://idp.example', exp: now + 60 })}.AAAA`,
    `${part({ alg: 'RS256', kid: 'a' })}.${part({ iss: 'https://unknown.example', exp: now + 60 })}.AAAA`,
    `${'a'.repeat(20_000)}.b.c`,
  ]) {
    const response = await post(good(), { headers: { authorization: `Bearer ${credential}` } });
    await refused(response, 401, 'unauthenticated');
  }
  const none = await fetch(`${gateway.baseURL}/models`);
  await refused(none, 401, 'unauthenticated');
});

test('an expired and a revoked key', async () => {
  const { id, key: short } = await gateway.cliJson(['keys', 'create', 'ci-bot', '--ttl', '1h']);
  const use = () => post(good(), { headers: { authorization: `Bearer ${short}` } });
  assert.equal((await use()).status, 200);
  assert.equal((await gateway.cli(['keys', 'revoke', id])).code, 0);
  await refused(await use(), 401, 'unauthenticated');
});

test('x-api-key is a credential too', async () => {
  const response = await fetch(`${gateway.baseURL}/models`, { headers: { 'x-api-key': key } });
  assert.equal(response.status, 200);
});

test('an identity without the role caller', async () => {
  const auditor = await gateway.createKey('audrey');
  await refused(await post(good(), { headers: { authorization: `Bearer ${auditor}` } }), 403, 'permission_denied');
});

test('bytes that are no HTTP are answered and cut', async () => {
  const [host, port] = gateway.address.split(':');
  const answer = await new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), host, () => socket.write('\x16\x03\x01 nonsense\r\n\r\n'));
    let received = '';
    socket.on('data', (chunk) => (received += chunk));
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
  assert.match(answer, /^HTTP\/1\.1 400 /);
});

test('probes answer on the public port', async () => {
  for (const probe of ['livez', 'readyz']) {
    assert.equal((await fetch(`http://${gateway.address}/${probe}`)).status, 200);
  }
});

test('admin RPCs: role, unknown methods and internal methods', async () => {
  const call = (path, body = '{}', credential = key) =>
    fetch(`http://${gateway.address}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body,
    });
  const list = '/countersign.authn.v1.KeyService/ListKeys';
  const denied = await call(list);
  assert.equal(denied.status, 403);
  assert.equal((await denied.json()).code, 'permission_denied');
  const internal = await call('/countersign.authn.v1.AuthnService/GetInternalKeys');
  assert.ok([403, 404].includes(internal.status), `${internal.status}`);
  assert.equal((await call('/countersign.authn.v1.KeyService/Nothing')).status, 404);
  const { readFile } = await import('node:fs/promises');
  const admin = (await readFile(gateway.adminKeyFile, 'utf8')).trim();
  const wrong = await call(list, '{"nonsense":1}', admin);
  assert.equal(wrong.status, 400);
  assert.equal((await wrong.json()).code, 'invalid_argument');
  assert.equal((await call(list, '{}', admin)).status, 200);
});

test('the metrics page holds the contract\'s names and no secret', async () => {
  const page = await (await fetch(`http://${gateway.metrics}/metrics`)).text();
  for (const name of ['countersign_requests_total', 'countersign_decisions_total', 'countersign_authn_total', 'countersign_sessions_open']) {
    assert.ok(page.includes(name), `${name} is missing`);
  }
  assert.ok(!page.includes(key) && !page.includes('upstream-secret-key') && !page.includes('ci-bot'));
});
