// KServe's V2 protocol through the built program: PyPI's grpcio on both sides.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { startKserveCaller, startKserveServer } from './harness/kserve.mjs';
import { eventually, startDemoModel } from './harness/processes.mjs';

let demo, model, dying, gateway, caller, rosa;
const call = (request) => caller.call(request);
const ask = (text, more = {}) => call({ texts: { text_input: [text] }, ...more });

const connection = (name, server) => `---
apiVersion: countersign/v1
kind: Connection
metadata: {name: ${name}}
spec: {protocol: kserve-v2, url: '${server.url}', credential: model-key}
`;

before(async () => {
  demo = await startDemoModel();
  [model, dying] = await Promise.all([startKserveServer(), startKserveServer()]);
  gateway = await Gateway.start();
  await gateway.apply(resources(demo.url) + connection('triton', model) + connection('dying', dying));
  rosa = await gateway.createKey('rosa');
  caller = startKserveCaller(gateway.address, await gateway.createKey('ci-bot'));
});
after(async () => {
  await caller?.stop();
  await gateway?.stop();
  await Promise.all([model?.stop(), dying?.stop(), demo?.stop()]);
});

test('health and metadata pass, and their texts are masked', async () => {
  assert.match((await call({ method: 'ServerLive' })).responses[0].text, /live: true/);
  assert.match((await call({ method: 'ModelReady', fields: { name: 'echo' } })).responses[0].text, /ready: true/);
  const { responses } = await call({ method: 'ModelMetadata', fields: { name: 'echo' } });
  assert.match(responses[0].text, /platform: "for <EMAIL>"/);
});

test('an allowed call, in both forms of BYTES, with numbers, compressed', async () => {
  for (const how of [{}, { raw: true }, { gzip: true }, { numbers: [1.5, 2.5] }]) {
    const result = await ask('hello', { id: 'r-1', parameters: { max_tokens: 5 }, ...how });
    assert.equal(result.code, 'OK', result.message);
    assert.deepEqual(result.responses[0].texts, { text_input: ['hello'] });
    assert.deepEqual(result.responses[0].numbers, how.numbers ? [how.numbers] : []);
    assert.equal(result.responses[0].id, 'r-1');
    const seen = model.log.at(-1);
    assert.deepEqual(seen.texts, { text_input: ['hello'] });
    assert.equal(seen.metadata.authorization, 'Bearer upstream-secret-key');
    assert.equal(seen.metadata['countersign-connection'], undefined);
    assert.equal((await gateway.ended(({ id }) => id === result.session)).outcome, 'completed');
  }
});

test('answers are masked, in both forms', async () => {
  for (const raw of [false, true]) {
    const { responses } = await call({ texts: { a: ['mail ada@example.com now', 'PRJ-1234'], b: ['plain'] }, raw });
    assert.deepEqual(responses[0].texts, { a: ['mail <EMAIL> now', '<PROJECT>'], b: ['plain'] });
  }
});

test('a denied call, and methods and memory that are never passed on', async () => {
  const before = model.log.length;
  const denied = await ask('about Project Nightfall');
  assert.deepEqual([denied.code, denied.reason], ['PERMISSION_DENIED', 'policy_denied']);
  const shared = await ask('x', { shared: 'region' });
  assert.deepEqual([shared.code, shared.reason], ['PERMISSION_DENIED', 'permission_denied']);
  assert.equal((await call({ method: 'RepositoryModelLoad' })).code, 'PERMISSION_DENIED');
  assert.equal((await call({ method: 'ModelTrain' })).code, 'UNIMPLEMENTED');
  assert.equal((await ask('x', { metadata: { 'countersign-connection': 'none' } })).reason, 'unknown_connection');
  assert.equal((await ask('x', { metadata: {} })).code, 'UNIMPLEMENTED'); // the default one speaks OpenAI's API
  assert.equal(model.log.length, before);
});

test('a held call is approved, or denied, and a short deadline is told at once', async () => {
  const held = ask('the patient record of Ada');
  const review = await gateway.pendingReview(rosa);
  const shown = await gateway.cliJson(['reviews', 'show', review.id], { key: rosa });
  assert.match(JSON.stringify(shown), /the patient record of Ada/);
  await gateway.cli(['reviews', 'approve', review.id], { key: rosa });
  const approved = await held;
  assert.equal(approved.code, 'OK', approved.message);
  assert.deepEqual(approved.responses[0].texts, { text_input: ['the patient record of Ada'] });

  const refused = ask('the patient record of Bob');
  await gateway.cli(['reviews', 'deny', (await gateway.pendingReview(rosa)).id, '--reason', 'no'], { key: rosa });
  const denied = await refused;
  assert.deepEqual([denied.code, denied.reason], ['PERMISSION_DENIED', 'review_denied']);

  const short = await ask('the patient record of Eve', { timeout: 10 });
  assert.deepEqual([short.code, short.reason], ['FAILED_PRECONDITION', 'review_pending']);
  assert.equal((await gateway.pendingReview(rosa)).id, short.review);
  await gateway.cli(['reviews', 'deny', short.review, '--reason', 'no'], { key: rosa });
});

test('a stream is masked at every cut, one logical text per output', async () => {
  const text = 'mail ada@example.com now';
  const cuts = [...text].map((_, cut) => cut);
  const results = await Promise.all(cuts.map((cut) => call({
    method: 'ModelStreamInfer',
    requests: [{ model: 'pieces', id: `r-${cut}`, texts: { text_output: [text] }, parameters: { cut }, raw: cut % 2 === 1 }],
  })));
  for (const { code, message, responses } of results) {
    assert.equal(code, 'OK', message);
    assert.equal(responses.map((one) => one.texts.text_output?.[0] ?? '').join(''), 'mail <EMAIL> now');
    assert.deepEqual(responses.map((one) => one.final), [...responses.slice(1).map(() => false), true]);
  }
});

test('each message of a stream is a call of its own; one that fails does not end the others', async () => {
  const piece = (id, text, model = 'pieces') => ({ model, id, texts: { t: [text] }, parameters: { cut: 1 } });
  const { code, responses } = await call({
    method: 'ModelStreamInfer',
    requests: [piece('a', 'hello'), piece('b', 'Project Nightfall'), piece('c', 'x', 'fails'), piece('d', 'bye')],
  });
  assert.equal(code, 'OK');
  const of = (wanted) => responses.filter((one) => one.id === wanted);
  assert.equal(of('a').map((one) => one.texts.t?.[0] ?? '').join(''), 'hello');
  assert.match(of('b')[0].error, /^policy_denied: /);
  assert.equal(of('c')[0].error, 'failed for <EMAIL>');
  assert.equal(of('d').map((one) => one.texts.t?.[0] ?? '').join(''), 'bye');
});

test('the status of the model passes masked, its refusal of the gateway does not', async () => {
  const failed = await ask('x', { model: 'fails' });
  assert.deepEqual([failed.code, failed.message], ['INVALID_ARGUMENT', 'no such thing as <EMAIL>']);
  const refused = await ask('x', { model: 'refuses' });
  assert.deepEqual([refused.code, refused.reason], ['ABORTED', 'upstream_auth']);
});

test('the model is cancelled when its caller leaves, and when the deadline is over', async () => {
  const cancelled = () => model.log.filter((one) => one.cancelled).length;
  const before = cancelled();
  const late = await ask('x', { model: 'slow', timeout: 2 });
  assert.equal(late.code, 'DEADLINE_EXCEEDED');
  await eventually('the model is cancelled', () => cancelled() > before);
  // What was left of the two seconds; the model's library rounds by milliseconds.
  const { seconds } = model.log.findLast((one) => one.model === 'slow');
  assert.ok(seconds <= 2.05, `the model was given ${seconds} s`);
  const left = await call({
    method: 'ModelStreamInfer',
    requests: [{ model: 'pieces', id: 'p', texts: { t: ['ab'] }, parameters: { cut: 1 } }, { model: 'slow', texts: { t: ['x'] } }],
    cancel: 3,
  });
  assert.equal(left.code, 'CANCELLED');
  await eventually('the model is cancelled', () => cancelled() > before + 1);
});

test('a model that breaks off', async () => {
  const metadata = { 'countersign-connection': 'dying' };
  const { code, responses } = await call({
    method: 'ModelStreamInfer', metadata, requests: [{ model: 'dies', id: 'r', texts: { t: ['ab'] }, parameters: { cut: 1 } }],
  });
  assert.equal(code, 'OK');
  assert.match(responses.at(-1).error, /^upstream_error: /);
  await dying.gone;
  const gone = await ask('x', { metadata });
  assert.deepEqual([gone.code, gone.reason], ['UNAVAILABLE', 'upstream_unreachable']);
});

test('a message that is too large', async () => {
  const result = await ask('x'.repeat(33 << 20));
  assert.equal(result.code, 'RESOURCE_EXHAUSTED');
});

test('the record has every message, and shows it', async () => {
  const { session } = await ask('hello record');
  const { stdout } = await gateway.cli(['sessions', 'show', session]);
  assert.match(stdout, /hello record/);
});
