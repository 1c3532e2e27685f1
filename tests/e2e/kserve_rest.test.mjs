// KServe's V2 protocol over REST through the built program: JSON, binary data, and Triton's generate extension.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { readBody, startKserveRestServer, writeBody } from './harness/kserve_rest.mjs';
import { eventually, startDemoModel } from './harness/processes.mjs';

let demo, model, gateway, bot, rosa;
const mail = 'mail ada@example.com now';
const kMasked = 'mail <EMAIL> now';

const connection = (name, url, more = '') => `---
apiVersion: countersign/v1
kind: Connection
metadata: {name: ${name}}
spec: {protocol: kserve-v2, url: '${url}', credential: model-key${more}}
`;
// A profile that masks prompts, too.
const masking = `---
apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: both}
spec:
  prompt:
    - {entity: tier1, action: replace}
  response:
    - {entity: tier1, action: replace}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: masked}
spec:
  priority: 500
  match: {connections: [masked]}
  then: {allow: {}, masking: both}
`;

const ask = (path, { body, headers = {}, method = body ? 'POST' : 'GET', on = 'triton', signal } = {}) =>
  fetch(`http://${gateway.address}/${on}${path}`, { method, body, headers: { authorization: `Bearer ${bot}`, ...headers }, signal });

// An inference; what it answered.
async function infer(texts, { binary, more, headers, on, model: name = 'echo' } = {}) {
  const written = writeBody(texts, { binary, more });
  const response = await ask(`/v2/models/${name}/infer`, { ...written, headers: { ...written.headers, ...headers }, on });
  const bytes = Buffer.from(await response.arrayBuffer());
  const answer = readBody(Object.fromEntries(response.headers), bytes);
  return { status: response.status, headers: response.headers, ...answer };
}

async function generate(text, parameters = {}, how = {}) {
  const response = await ask('/v2/models/pieces/generate_stream', {
    body: JSON.stringify({ text_input: text, stream: true, parameters }), ...how });
  const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: '));
  return { status: response.status, headers: response.headers, events: events.map((event) => JSON.parse(event.slice(6))) };
}
const joined = (events) => events.map((event) => event.text_output ?? '').join('');

before(async () => {
  [demo, model] = await Promise.all([startDemoModel(), startKserveRestServer()]);
  gateway = await Gateway.start();
  await gateway.apply(resources(demo.url) + connection('triton', model.url) + connection('masked', model.url) +
    connection('few', model.url, ", models: ['echo']") + connection('gone', 'http://127.0.0.1:1') +
    connection('rpc', model.url.replace('http', 'grpc')) + masking);
  [bot, rosa] = await Promise.all(['ci-bot', 'rosa'].map((name) => gateway.createKey(name)));
});
after(async () => {
  await gateway?.stop();
  await Promise.all([model?.stop(), demo?.stop()]);
});

test('health and metadata pass, and their texts are masked', async () => {
  const live = await ask('/v2/health/live');
  assert.deepEqual([live.status, await live.text()], [200, '']);
  assert.equal((await ask('/v2/health/ready')).status, 400);
  assert.deepEqual((await (await ask('/v2')).json()).extensions, ['for <EMAIL>']);
  const metadata = await (await ask('/v2/models/echo')).json();
  assert.deepEqual([metadata.name, metadata.platform], ['echo', 'for <EMAIL>']);
  assert.equal((await ask('/v2/models/echo/versions/1')).status, 200);
});

test('an allowed call and its answer, masked, in both forms', async () => {
  for (const binary of [false, true]) {
    const result = await infer({ a: [mail, 'PRJ-1234'], b: ['plain', ''] }, { binary, more: { id: 'r-1', parameters: { max_tokens: 5 } } });
    assert.equal(result.status, 200);
    assert.deepEqual(result.texts, { a: [kMasked, '<PROJECT>'], b: ['plain', ''] });
    assert.equal(result.json.id, 'r-1');
    const seen = model.log.at(-1);
    assert.deepEqual(seen.texts, { a: [mail, 'PRJ-1234'], b: ['plain', ''] });
    assert.equal(seen.headers.authorization, 'Bearer upstream-secret-key');
    assert.match(seen.headers['content-type'], binary ? /octet-stream/ : /json/);
    const session = result.headers.get('x-countersign-session');
    assert.equal((await gateway.ended(({ id }) => id === session)).outcome, 'completed');
    const { stdout } = await gateway.cli(['sessions', 'show', session]);
    assert.match(stdout, /<EMAIL>/);
  }
});

test('a prompt is masked in both forms, its sizes are written anew', async () => {
  for (const binary of [false, true]) {
    const result = await infer({ a: [mail, 'x'], b: [mail] }, { binary, on: 'masked', more: { id: 'for bob@example.com' } });
    assert.equal(result.status, 200, JSON.stringify(result.json));
    const seen = model.log.at(-1);
    assert.equal(seen.texts.a[1], 'x');
    assert.ok(!JSON.stringify([seen.texts, seen.json]).includes('example.com'), JSON.stringify(seen.texts));
  }
});

test('what is denied, controls the server, or is not served', async () => {
  const before = model.log.length;
  const refused = async (response, status, text) => {
    assert.equal(response.status, status);
    const body = await response.json();
    assert.match(body.error, text);
    assert.ok(response.headers.get('x-request-id'));
    return body;
  };
  const { body, headers } = writeBody({ t: ['about Project Nightfall'] }, { binary: true });
  const denied = await ask('/v2/models/echo/infer', { body, headers });
  assert.equal(denied.headers.get('x-should-retry'), 'false');
  assert.equal((await refused(denied, 403, /must not leave/)).code, 'policy_denied');
  for (const path of ['/v2/repository/index', '/v2/systemsharedmemory/region/a/register', '/v2/cudasharedmemory/status', '/v2/trace/setting']) {
    await refused(await ask(path, { body: '{}' }), 403, /never passed on/);
  }
  const shared = { inputs: [{ name: 'a', datatype: 'BYTES', shape: [1], parameters: { shared_memory_region: 'r' } }] };
  await refused(await ask('/v2/models/echo/infer', { body: JSON.stringify(shared) }), 403, /shared memory/);
  await refused(await ask('/v2', { headers: { authorization: 'Bearer nobody' } }), 401, /./);
  await refused(await ask('/v2', { on: 'nowhere' }), 404, /no connection "nowhere"/);
  await refused(await ask('/v2/models/echo/train', { body: '{}' }), 404, /unknown request/);
  await refused(await ask('/v2/models/other', { on: 'few' }), 404, /no model/);
  assert.equal((await ask('/v2/models/echo', { on: 'few' })).status, 200);
  await refused(await ask('/v2/health/live', { on: 'rpc' }), 404, /speaks gRPC/);
  await refused(await ask('/v2/models/echo/infer', { body: 'no JSON' }), 400, /not valid JSON/);
  await refused(await ask('/v2/models/echo/infer', { on: 'gone', body: '{"inputs":[]}' }), 502, /not be reached/);
  assert.equal(model.log.length, before + 1);
});

test('a held call is approved, or denied, and 202 says where to ask', async () => {
  const text = 'the patient record of Ada';
  for (const binary of [false, true]) {
    const held = infer({ t: [`${text} ${binary}`] }, { binary });
    const review = await gateway.pendingReview(rosa);
    assert.match(JSON.stringify(await gateway.cliJson(['reviews', 'show', review.id], { key: rosa })), /the patient record of Ada/);
    await gateway.cli(['reviews', 'approve', review.id], { key: rosa });
    const approved = await held;
    assert.equal(approved.status, 200, JSON.stringify(approved.json));
    assert.deepEqual(approved.texts, { t: [`${text} ${binary}`] });
  }
  const refused = infer({ t: ['the patient record of Bob'] });
  await gateway.cli(['reviews', 'deny', (await gateway.pendingReview(rosa)).id, '--reason', 'no'], { key: rosa });
  const denied = await refused;
  assert.deepEqual([denied.status, denied.json.code], [403, 'review_denied']);

  const eve = (how) => infer({ t: ['the patient record of Eve'] }, { binary: true, headers: { prefer: 'respond-async' }, ...how });
  const first = await eve();
  assert.equal(first.status, 202);
  await gateway.cli(['reviews', 'approve', first.json.review_id], { key: rosa });
  assert.deepEqual((await eve()).texts, { t: ['the patient record of Eve'] });
});

test('a held stream is kept alive, and masked after its approval', async () => {
  const held = generate(`the patient record: ${mail}`);
  await gateway.cli(['reviews', 'approve', (await gateway.pendingReview(rosa)).id], { key: rosa });
  assert.equal(joined((await held).events), `the patient record: ${kMasked}`);
});

test('a stream is masked however TCP cuts it', async () => {
  const whole = await generate(mail);
  assert.equal(joined(whole.events), kMasked);
  assert.match(whole.headers.get('content-type'), /text\/event-stream/);
  const length = JSON.stringify({ model_name: 'pieces', model_version: '1', text_output: '' }).length * 9;
  const cuts = Array.from({ length: 60 }, (_, i) => Math.round((i * length) / 60));
  for (const { events } of await Promise.all(cuts.map((cut) => generate(mail, { cut })))) {
    assert.deepEqual(events, whole.events);
  }
  assert.equal((await (await ask('/v2/models/echo/generate', { body: JSON.stringify({ text_input: mail }) })).json()).text_output, kMasked);
});

test("the model's errors pass masked, its refusal of the gateway does not", async () => {
  const failed = await infer({ t: ['x'] }, { model: 'fails' });
  assert.deepEqual([failed.status, failed.json.error], [400, 'no such thing as <EMAIL>']);
  const refused = await infer({ t: ['x'] }, { model: 'refuses' });
  assert.deepEqual([refused.status, refused.json.code], [502, 'upstream_auth']);
});

test('the model is cancelled when its caller leaves', async () => {
  const left = new AbortController();
  const call = ask('/v2/models/slow/infer', { body: writeBody({ t: ['x'] }).body, signal: left.signal });
  await eventually('the model is asked', () => model.log.at(-1).url.includes('slow'));
  left.abort();
  await assert.rejects(call);
  await eventually('the model is cancelled', () => model.log.findLast(({ url }) => url.includes('slow')).cancelled);
});

test('a model that breaks off, in its answer and in its stream', async () => {
  const body = JSON.stringify({ text_input: 'x' });
  const { status, json } = await infer({ t: ['x'] }, { model: 'dies' });
  assert.deepEqual([status, json.code], [502, 'upstream_error']);
  const response = await ask('/v2/models/dies/generate_stream', { body });
  const events = (await response.text()).split('\n\n').filter(Boolean).map((event) => JSON.parse(event.slice(6)));
  assert.equal(events[0].model_name, 'dies');
  assert.equal(events.at(-1).code, 'upstream_error');
});

test('a body that is too large', async () => {
  const { status, json } = await infer({ t: ['x'.repeat(33 << 20)] }, { binary: true });
  assert.deepEqual([status, json.code], [413, 'payload_too_large']);
});
