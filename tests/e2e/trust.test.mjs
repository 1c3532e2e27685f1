// Revocation, who may vote, and what a superuser of the database cannot do.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { eventually, startDemoModel } from './harness/processes.mjs';
import { superuser as asSuperuser } from './harness/superuser.mjs';

let model, gateway, rosa, audrey;
let serial = 0;

const risky = () => `Shorten this patient record number ${++serial} of trust.`;
const post = (key, text, more = {}, headers = {}) =>
  fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: text }], ...more }),
  });
const timesSeen = async (text) => (await model.log()).filter((entry) => entry.body?.includes(text)).length;
const cli = async (args, options) => {
  const result = await gateway.cli(args, options);
  assert.equal(result.code, 0, result.stderr);
  return result;
};
const applyMore = async (yaml) => {
  const file = join(gateway.folder, 'more.yaml');
  await writeFile(file, yaml);
  await cli(['apply', '-f', file]);
};
const identity = (name, kind = 'service', groups = '[ci]') => `apiVersion: countersign/v1
kind: Identity
metadata: {name: ${name}}
spec: {kind: ${kind}, groups: ${groups}}
`;

const superuser = (sql) => asSuperuser(gateway, sql);

before(async () => {
  model = await startDemoModel({ paceMs: 300 });
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  [rosa, audrey] = await Promise.all(['rosa', 'audrey'].map((name) => gateway.createKey(name)));
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

// Streams until something arrives, calls `revoke`, and returns what arrived later and how long it took.
async function streamAcross(key, revoke, text = 'count') {
  const response = await post(key, text, { stream: true });
  assert.equal(response.status, 200);
  const session = response.headers.get('x-countersign-session');
  let received = '';
  let revoked;
  for await (const bytes of response.body) {
    received += Buffer.from(bytes).toString();
    if (received.includes('data: ')) revoked ??= revoke().then(() => Date.now());
  }
  const seconds = (Date.now() - (await revoked)) / 1000;
  return { received, seconds, ended: await gateway.ended((entry) => entry.id === session) };
}

const cuts = [
  ['its key is revoked', 'unauthenticated', (name, id) => () => cli(['keys', 'revoke', id])],
  ['its Identity is deleted', 'unauthenticated', (name) => () => cli(['delete', 'identity', name])],
  ['its group loses the role', 'permission_denied', (name) => () => applyMore(identity(name, 'service', '[nobody]'))],
];
for (const [what, code, makeCut] of cuts) {
  test(`a stream ends within 5 s when ${what}`, async () => {
    const name = `cut-${++serial}`;
    await applyMore(identity(name));
    const created = await gateway.cliJson(['keys', 'create', name]);
    const { received, seconds, ended } = await streamAcross(created.key, makeCut(name, created.id));
    assert.match(received, new RegExp(`data: \\{"error":.*"code":"${code}"`));
    assert.ok(!received.includes('[DONE]'), received);
    assert.ok(seconds < 5, `${seconds} s`);
    assert.equal(ended.outcome, 'aborted');
    assert.equal(ended.code, code);
  });
}

test('a held call ends when its key is revoked, and its review stays', async () => {
  const created = await gateway.cliJson(['keys', 'create', 'ci-bot']);
  const text = risky();
  const held = post(created.key, text);
  const review = await gateway.pendingReview(rosa);
  await cli(['keys', 'revoke', created.id]);
  const response = await held;
  assert.equal(response.status, 401);
  assert.equal((await response.json()).error.code, 'unauthenticated');
  assert.equal((await gateway.cliJson(['reviews', 'show', review.id], { key: rosa })).state, 'PENDING');
  await cli(['reviews', 'deny', review.id], { key: rosa });
  assert.equal(await timesSeen(text), 0);
});

test('a key dies with its Identity, and another one of the name does not get it', async () => {
  await applyMore(identity('phoenix'));
  const key = await gateway.createKey('phoenix');
  assert.equal((await post(key, 'hello')).status, 200);
  await cli(['delete', 'identity', 'phoenix']);
  assert.equal((await post(key, 'hello')).status, 401);
  await applyMore(identity('phoenix'));
  assert.equal((await post(key, 'hello')).status, 401);
  assert.equal((await post(await gateway.createKey('phoenix'), 'hello')).status, 200);
});

test('a stream continues when resources change that do not concern its caller', async () => {
  await applyMore(identity('steady'));
  const key = await gateway.createKey('steady');
  const { received, ended } = await streamAcross(key, () => applyMore(identity('somebody-else')), 'hello');
  assert.ok(received.includes('[DONE]'), received);
  assert.equal(ended.outcome, 'completed');
});

test('an access key votes only for a human', async () => {
  await applyMore(identity('robot', 'service', '[security]'));
  const robot = await gateway.createKey('robot');
  const held = post(await gateway.createKey('ci-bot'), risky());
  const review = await gateway.pendingReview(rosa);
  const { code, stderr } = await gateway.cli(['reviews', 'approve', review.id], { key: robot });
  assert.equal(code, 1);
  assert.match(stderr, /only people decide reviews/);
  await cli(['reviews', 'deny', review.id], { key: rosa });
  assert.equal((await held).status, 403);
});

test('the number of pending reviews per caller is limited', async () => {
  await applyMore(identity('flood'));
  const key = await gateway.createKey('flood');
  const statuses = [];
  for (let i = 0; i < 104; ++i) {
    const response = await post(key, risky(), {}, { prefer: 'respond-async' });
    statuses.push(response.status);
    if (response.status === 202) {
      await response.body?.cancel();
      continue;
    }
    const { error } = await response.json();
    assert.equal(error.code, 'too_many_reviews');
    assert.equal(error.type, 'rate_limit_error');
  }
  assert.deepEqual([...new Set(statuses)], [202, 429]);
  assert.equal(statuses.filter((status) => status === 202).length, 100);
  await cli(['delete', 'identity', 'flood']);
  await superuser(`UPDATE approval.review SET pending_expires_at = now() WHERE state = 'PENDING'`);
  await eventually('the reviews have expired', async () => (await gateway.cliJson(['reviews', 'list'], { key: rosa })).items.length === 0);
});

test('a model with a NUL in its name is a clear 400, under review too', async () => {
  const response = await post(await gateway.createKey('ci-bot'), risky(), { model: 'demo-\u0000' });
  assert.equal(response.status, 400);
  const { error } = await response.json();
  assert.equal(error.code, 'invalid_request');
  assert.equal(error.param, 'model');
});

test('an approval that exists only in the database sends nothing', async () => {
  const key = await gateway.createKey('ci-bot');
  const text = risky();
  const held = post(key, text);
  const review = await gateway.pendingReview(rosa);
  await superuser(`UPDATE approval.review SET state = 'APPROVED', uses_left = 1, decided_at = now(),
    grant_expires_at = now() + interval '1 hour' WHERE id = '${review.id}'`);
  const response = await held;
  assert.equal(response.status, 403);
  assert.equal(await timesSeen(text), 0, 'the model saw a prompt that nobody approved');
  const after = await gateway.cliJson(['reviews', 'show', review.id], { key: rosa });
  assert.equal(after.state, 'REVOKED');
  assert.deepEqual(after.votes ?? [], []);
});

test("another auditor's page token is refused", async () => {
  const page = (key, pageToken = '') =>
    fetch(`http://${gateway.address}/countersign.recorder.v1.SessionService/ListSessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ pageSize: 1, pageToken }),
    });
  const { nextPageToken } = await (await page(audrey)).json();
  assert.ok(nextPageToken);
  assert.equal((await (await page(audrey, nextPageToken)).json()).items.length, 1);
  const admin = (await readFile(gateway.adminKeyFile, 'utf8')).trim();
  const other = await page(admin, nextPageToken);
  assert.equal(other.status, 400);
  assert.match((await other.json()).message, /page token/);
});

// The last test, because afterwards the gateway refuses to continue.
test('after a middle session and all checkpoints are deleted, the recorder stops, and a kept checkpoint proves it', async () => {
  const file = join(gateway.folder, 'export.jsonl');
  await cli(['sessions', 'export', '-o', file]);
  const report = JSON.parse((await cli(['verify', file, '-o', 'json'])).stdout);
  assert.match(report.checkpoint, /^[0-9]+:[0-9a-f]{64}$/);
  await cli(['sessions', 'export', '-o', file]);
  await cli(['verify', file, '--since', report.checkpoint]);
  const sessions = await gateway.sessions('--limit', '3');
  const gone = sessions[1].id;
  const stop = async () => (gateway.shape === 'standalone' ? gateway.process.stop() : gateway.process.stopPart('session-recorder'));
  const forget = `
    DELETE FROM session_recorder.segments WHERE session_id = '${gone}';
    DELETE FROM session_recorder.sessions WHERE id = '${gone}';
    DELETE FROM session_recorder.open_sessions;
    DELETE FROM session_recorder.checkpoints;
    DELETE FROM session_recorder.checkpoint_heads;
    UPDATE session_recorder.sessions SET position = NULL;
    INSERT INTO session_recorder.open_sessions (session_id, node) SELECT id, node FROM session_recorder.sessions;`;
  if (gateway.shape === 'standalone') {
    await superuser(forget);
    await gateway.process.kill();
    await assert.rejects(gateway.process.start(), /database was set back or replaced/);
  } else {
    await stop();
    await superuser(forget);
    await gateway.process.startPart('session-recorder');
    const key = await gateway.createKey('ci-bot');
    for (let i = 0; i < 3; ++i) assert.equal((await post(key, 'hello')).status, 503);
    assert.match(await readFile(join(gateway.process.dir, 'log/session-recorder.log'), 'utf8'), /database was set back or replaced/);
  }
});
