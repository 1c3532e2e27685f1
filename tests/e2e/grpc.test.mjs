// gRPC, gRPC-Web and Connect's streams for operators, on the same address as everything else: official clients for
// Node and Python, and raw requests where a client would not send them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http2 from 'node:http2';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { call, connect, stream } from './harness/grpc.mjs';
import { eventually, run, startDemoModel } from './harness/processes.mjs';

let model, gateway, admin, bot, rosa, audrey;
let identity, keys, reviews, sessions, health;
let serial = 0;

const risky = () => `Shorten this patient record number ${++serial} over gRPC.`;
const ask = (text) =>
  fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bot}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: text }] }),
  });
const frame = (bytes, flags = 0) => {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};
const frames = (body) => {
  const found = [];
  for (let at = 0; at < body.length; ) {
    const size = body.readUInt32BE(at + 1);
    found.push({ flags: body[at], payload: body.subarray(at + 5, at + 5 + size) });
    at += 5 + size;
  }
  return found;
};
const kWhoAmI = '/countersign.authn.v1.IdentityService/WhoAmI';
const kWatch = '/countersign.approval.v1.ReviewService/WatchReviews';

// A request over HTTP/2 with exactly these fields; the response's head, body and trailers.
async function raw(path, { body = frame(Buffer.alloc(0)), headers = {}, method = 'POST' } = {}) {
  const connection = http2.connect(`http://${gateway.address}`);
  const request = connection.request({
    ':method': method, ':path': path, 'content-type': 'application/grpc', te: 'trailers',
    authorization: `Bearer ${bot}`, ...headers,
  });
  request.end(body ?? undefined);
  let trailers = {};
  request.on('trailers', (fields) => (trailers = fields));
  const [head] = await once(request, 'response');
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  connection.close();
  return { head, trailers, body: Buffer.concat(pieces) };
}

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  [bot, rosa, audrey] = await Promise.all(['ci-bot', 'rosa', 'audrey'].map((name) => gateway.createKey(name)));
  admin = (await run('cat', [gateway.adminKeyFile])).stdout.trim();
  const open = (name, options) => connect(gateway.address, name, options);
  identity = open('countersign.authn.v1.IdentityService');
  keys = open('countersign.authn.v1.KeyService');
  reviews = open('countersign.approval.v1.ReviewService');
  sessions = open('countersign.recorder.v1.SessionService');
  health = open('grpc.health.v1.Health');
});
after(async () => {
  for (const client of [identity, keys, reviews, sessions, health]) client?.close();
  await gateway?.stop();
  await model?.stop();
});

test('an allowed call is answered, and reaches the owner with the caller', async () => {
  assert.equal((await call(identity, 'WhoAmI', {}, { token: rosa })).value.identity, 'rosa');
  const made = await call(keys, 'CreateKey', { identity: 'ci-bot', ttl_seconds: 60 }, { token: admin });
  assert.equal(made.value.identity, 'ci-bot');
  const { value } = await call(keys, 'ListKeys', {}, { token: admin });
  assert.ok(value.items.some((item) => item.id === made.value.id));
});

test('a wrong key, and none, are UNAUTHENTICATED', async () => {
  for (const token of ['wrong', undefined]) {
    const { error } = await call(identity, 'WhoAmI', {}, { token });
    assert.equal(error.code, 'UNAUTHENTICATED');
    assert.deepEqual([error.details.ErrorInfo.reason, error.details.ErrorInfo.domain], ['unauthenticated', 'countersign']);
    assert.equal(error.status.message, error.message);
    assert.equal(error.status.code, 16);
  }
});

test('a caller without the role is PERMISSION_DENIED', async () => {
  const { error } = await call(keys, 'ListKeys', {}, { token: bot });
  assert.equal(error.code, 'PERMISSION_DENIED');
  assert.equal(error.details.ErrorInfo.reason, 'permission_denied');
  assert.match(error.message, /does not have the role admin/);
});

test('unknown methods, and those between services, are UNIMPLEMENTED', async () => {
  for (const path of ['/countersign.authn.v1.KeyService/NoSuchMethod', '/no.such.Service/Method',
    '/countersign.authn.v1.AuthnService/Authenticate', '/countersign.recorder.v1.RecorderService/Record', '/v1/models']) {
    const { head, trailers } = await raw(path);
    assert.equal(head[':status'], 200);
    assert.equal(trailers['grpc-status'], '12', path);
    assert.ok(head['x-request-id']);
  }
});

test("an owner's error keeps its code and reason", async () => {
  const { error } = await call(keys, 'RevokeKey', { id: 'none' }, { token: admin });
  assert.equal(error.code, 'NOT_FOUND');
  assert.ok(error.message.length > 0);
});

test('a deadline ends a call', async () => {
  const watch = stream(reviews, 'WatchReviews', {}, { token: rosa, deadline: Date.now() + 1500 });
  let last = {};
  while (!last.end) last = await watch.next();
  assert.equal(last.end.code, 'DEADLINE_EXCEEDED');
  // Of the gateway itself, whatever a client does.
  const { trailers } = await raw(kWatch, { headers: { 'grpc-timeout': '300m', authorization: `Bearer ${rosa}` } });
  assert.equal(trailers['grpc-status'], '4');
  const malformed = await raw(kWhoAmI, { headers: { 'grpc-timeout': '5 minutes' } });
  assert.equal(malformed.trailers['grpc-status'], '3');
});

test('messages above the limit are RESOURCE_EXHAUSTED: one mebibyte without a role', async () => {
  const large = Buffer.alloc((1 << 20) + 1, 'x');
  // Field 15 is unknown, and skipped by its reader.
  const field = (bytes) => Buffer.concat([Buffer.from([15 << 3 | 2, 0x80 | (bytes.length & 0x7f),
    0x80 | (bytes.length >> 7 & 0x7f), bytes.length >> 14]), bytes]);
  const refused = await raw(kWhoAmI, { body: frame(field(large)) });
  assert.equal(refused.trailers['grpc-status'], '8');
  const taken = await raw(kWhoAmI, { body: frame(field(large)), headers: { authorization: `Bearer ${admin}` } });
  assert.equal(taken.trailers['grpc-status'], '0', taken.trailers['grpc-message']);
  const announced = await raw(kWhoAmI, { body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff]) });
  assert.equal(announced.trailers['grpc-status'], '8');
});

test('gzip in both directions', async () => {
  const zipped = connect(gateway.address, 'countersign.authn.v1.KeyService', { 'grpc.default_compression_algorithm': 2 });
  const { value } = await call(zipped, 'ListKeys', { page_size: 100 }, { token: admin });
  assert.ok(value.items.length > 0);
  zipped.close();
  const policies = connect(gateway.address, 'countersign.policy.v1.ResourceService');
  const large = await call(policies, 'GetResources', {}, { token: admin });
  assert.ok(large.value.items.length > 5);
  policies.close();
  const headers = { authorization: `Bearer ${admin}`, 'grpc-accept-encoding': 'gzip' };
  const answer = await raw('/countersign.policy.v1.ResourceService/GetResources', { headers });
  assert.equal(answer.head['grpc-encoding'], 'gzip');
  assert.equal(frames(answer.body)[0].flags, 1);
  const other = await raw(kWhoAmI, { headers: { 'grpc-encoding': 'zstd' } });
  assert.equal(other.trailers['grpc-status'], '12');
  assert.match(other.head['grpc-accept-encoding'], /gzip/);
});

test('what is not gRPC over HTTP/2 gets a plain answer', async () => {
  const post = (type, path = kWhoAmI) =>
    fetch(`http://${gateway.address}${path}`, { method: 'POST', headers: { 'content-type': type }, body: '' });
  const old = await post('application/grpc');
  assert.equal(old.status, 505);
  assert.match(await old.text(), /HTTP\/2/);
  assert.equal((await post('application/grpc+json')).status, 415);
  assert.equal((await raw(kWhoAmI, { method: 'GET', body: null })).head[':status'], 405);
});

test('a watch sees a review opened and approved, and is resumed without a gap', async () => {
  const watch = stream(reviews, 'WatchReviews', {}, { token: rosa });
  const begun = (await watch.next()).message;
  assert.deepEqual(begun.items, []);
  const answer = ask(risky());
  const opened = (await watch.next()).message;
  assert.equal(opened.items[0].review.state, 'PENDING');
  watch.cancel();
  assert.equal((await watch.next()).end.code, 'CANCELLED');
  const { id, binding_hash: seen } = opened.items[0].review;
  const approved = await call(reviews, 'ApproveReview', { id, seen_hash: seen }, { token: rosa });
  assert.equal(approved.value.state, 'APPROVED');
  assert.equal((await answer).status, 200);
  const resumed = stream(reviews, 'WatchReviews', { resume_token: begun.resume_token }, { token: rosa });
  const states = [];
  while (!states.includes('CONSUMED') && !states.includes('EXHAUSTED')) {
    const { message, end } = await resumed.next();
    assert.ok(message, JSON.stringify(end));
    states.push(...message.items.filter((item) => item.review.id === id).map((item) => item.review.state));
  }
  assert.equal(states[0], 'PENDING');
  assert.ok(states.includes('APPROVED'), states.join());
  resumed.cancel();
});

test('a tail follows a session to its end', async () => {
  const answer = ask(risky());
  const item = await gateway.pendingReview(rosa);
  const [running] = (await call(sessions, 'ListSessions', { outcome: 'running' }, { token: audrey })).value.items;
  const tail = stream(sessions, 'TailSession', { id: running.id }, { token: audrey });
  const first = (await tail.next()).message;
  assert.equal(first.session.id, running.id);
  assert.ok(first.events.length > 0);
  await call(reviews, 'ApproveReview', { id: item.id, seen_hash: item.bindingHash }, { token: rosa });
  await answer;
  const events = [...first.events];
  let last;
  for (last = await tail.next(); last.message; last = await tail.next()) events.push(...last.message.events);
  assert.equal(last.end.code, 'OK');
  assert.deepEqual(events.map((event) => event.index), events.map((_, at) => at + 1));
});

test('a caller that leaves cancels its call at the owner', async () => {
  const counted = async () => {
    const address = gateway.shape === 'standalone'
      ? gateway.metrics
      : JSON.parse(await readFile(join(gateway.process.dir, 'run/approval.json'), 'utf8')).metrics;
    const metrics = await (await fetch(`http://${address}/metrics`)).text();
    const line = metrics.match(/^grpc_server_handled_total\{[^}]*grpc_code="Canceled"[^}]*grpc_method="WatchReviews"[^}]*\} (\d+)/m);
    return Number(line?.[1] ?? 0);
  };
  const before = await counted();
  const watch = stream(reviews, 'WatchReviews', {}, { token: rosa });
  await watch.next();
  watch.cancel();
  await eventually('the owner counted a cancelled watch', async () => (await counted()) > before);
});

test('health is open, like the probes', async () => {
  assert.equal((await call(health, 'Check', {})).value.status, 'SERVING');
  assert.equal((await call(health, 'Check', { service: 'countersign.authn.v1.KeyService' })).value.status, 'SERVING');
  assert.equal((await call(health, 'Check', { service: 'none' })).error.code, 'NOT_FOUND');
  const watch = stream(health, 'Watch', { service: 'none' });
  assert.equal((await watch.next()).message.status, 'SERVICE_UNKNOWN');
  watch.cancel();
});

test('Python, knowing the messages from reflection alone', async () => {
  const python = join(import.meta.dirname, '.venv/bin/python');
  const service = 'countersign.authn.v1.IdentityService';
  const calls = [
    { method: `${service}/WhoAmI`, token: rosa },
    { method: `${service}/WhoAmI`, token: rosa, gzip: true },
    { method: `${service}/WhoAmI`, token: 'wrong' },
    { method: 'countersign.authn.v1.KeyService/ListKeys', token: rosa },
    { method: 'countersign.authn.v1.KeyService/RevokeKey', token: admin, request: { id: 'none' } },
    { method: 'countersign.approval.v1.ReviewService/WatchReviews', token: rosa, timeout: 1 },
    { method: 'countersign.approval.v1.ReviewService/WatchReviews', token: rosa, take: 1 },
    { method: 'grpc.health.v1.Health/Check' },
  ];
  const { stdout, stderr, code } = await run(python, [join(import.meta.dirname, 'grpc_caller.py'), gateway.address], {
    input: JSON.stringify(calls),
  });
  assert.equal(code, 0, stderr);
  const [{ services }, ...results] = JSON.parse(stdout);
  assert.deepEqual(services, ['countersign.approval.v1.ReviewService', 'countersign.authn.v1.IdentityService',
    'countersign.authn.v1.KeyService', 'countersign.inference.v1.Inference', 'countersign.policy.v1.ResourceService',
    'countersign.recorder.v1.SessionService', 'envoy.service.ext_proc.v3.ExternalProcessor', 'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection']);
  assert.deepEqual(results.map((one) => one.code), ['OK', 'OK', 'UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND',
    'DEADLINE_EXCEEDED', 'CANCELLED', 'OK']);
  assert.equal(results[1].messages[0].identity, 'rosa');
  assert.equal(results[3].reason, 'permission_denied');
  assert.equal(results[7].messages[0].status, 'SERVING');
});

test('gRPC-Web, binary and as text, over HTTP/1.1 and HTTP/2', async () => {
  const trailersOf = (payload) => Object.fromEntries(payload.toString().trim().split('\r\n').map((line) => line.split(': ')));
  for (const text of [false, true]) {
    const type = `application/grpc-web${text ? '-text' : ''}+proto`;
    const encode = (bytes) => (text ? bytes.toString('base64') : bytes);
    const decode = (bytes) => (text ? Buffer.concat(bytes.toString().match(/[^=]+=*/g).map((part) => Buffer.from(part, 'base64'))) : bytes);
    for (const [token, status] of [[rosa, '0'], ['wrong', '16']]) {
      const headers = { 'content-type': type, authorization: `Bearer ${token}` };
      const body = encode(frame(Buffer.alloc(0)));
      const one = await fetch(`http://${gateway.address}${kWhoAmI}`, { method: 'POST', headers, body });
      assert.equal(one.status, 200);
      assert.equal(one.headers.get('content-type'), type);
      const two = await raw(kWhoAmI, { headers, body });
      for (const bytes of [Buffer.from(await one.arrayBuffer()), two.body]) {
        const all = frames(decode(bytes));
        assert.equal(all.length, status === '0' ? 2 : 1);
        assert.equal(all.at(-1).flags, 0x80);
        assert.equal(trailersOf(all.at(-1).payload)['grpc-status'], status);
        if (status === '0') assert.match(all[0].payload.toString(), /rosa/);
      }
    }
  }
});

test("Connect's streams, as JSON", async () => {
  const post = (path, body, token = rosa, headers = {}) =>
    fetch(`http://${gateway.address}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/connect+json', authorization: `Bearer ${token}`, ...headers },
      body: frame(Buffer.from(body)),
    }).then(async (answer) => ({ answer, all: frames(Buffer.from(await answer.arrayBuffer())) }));
  const { answer, all } = await post(kWatch, '{}', rosa, { 'connect-timeout-ms': '700' });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/connect+json');
  assert.deepEqual(JSON.parse(all[0].payload).items, []);
  assert.equal(all.at(-1).flags, 2);
  assert.equal(JSON.parse(all.at(-1).payload).error.code, 'deadline_exceeded');
  const codeOf = async (...request) => JSON.parse((await post(...request)).all.at(-1).payload).error.code;
  assert.equal(await codeOf(kWatch, '{}', 'wrong'), 'unauthenticated');
  assert.equal(await codeOf(kWatch, '{}', bot), 'permission_denied');
  assert.equal(await codeOf(kWatch, '{"no":1}'), 'invalid_argument');
  assert.equal(await codeOf(kWhoAmI, '{}'), 'unimplemented');
  const unary = await fetch(`http://${gateway.address}${kWatch}`, {
    method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${rosa}` }, body: '{}',
  });
  assert.equal(unary.status, 415);
  const [session] = await gateway.sessions();
  const tail = await post('/countersign.recorder.v1.SessionService/TailSession', JSON.stringify({ id: session.id }), audrey);
  assert.equal(JSON.parse(tail.all[0].payload).session.id, session.id);
  assert.deepEqual(JSON.parse(tail.all.at(-1).payload), {});
});

test('a stopping gateway ends its streams, so that their callers go elsewhere', async () => {
  const watch = stream(reviews, 'WatchReviews', {}, { token: rosa });
  await watch.next();
  const stopped = gateway.process.stop();
  let last = {};
  while (!last.end) last = await watch.next();
  assert.equal(last.end.code, 'UNAVAILABLE');
  assert.ok(last.end.details.RetryInfo);
  await stopped;
  await gateway.resume();  // for the end of this file
});
