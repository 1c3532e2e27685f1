// Clients that nobody here wrote call the gateway: grpcurl, ghz, a plain program of grpc++, nghttp, h2load, and OpenAI's
// Python SDK over HTTP/2. grpcurl and ghz are skipped where scripts/install-go-tools cannot build them.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { startKserveServer } from './harness/kserve.mjs';
import { run, startDemoModel } from './harness/processes.mjs';

const root = resolve(import.meta.dirname, '../..');
const kMasked = 'mail <EMAIL> now';
const go = await run(join(root, 'scripts/install-go-tools'), []);
const tool = (name) => go.stdout.split('\n').filter(Boolean).map((folder) => join(folder, name)).find(existsSync);
const [grpcurl, ghz] = [tool('grpcurl'), tool('ghz')];
const kOkCodes = { unary: 0, stream: 0, denied: 7, large: 8, deadline: 4, cancel: 1 };
let demo, model, gateway, bot, rosa;

before(async () => {
  [demo, model] = await Promise.all([startDemoModel(), startKserveServer()]);
  gateway = await Gateway.start();
  await gateway.apply(`${resources(demo.url)}---
apiVersion: countersign/v1
kind: Connection
metadata: {name: triton}
spec: {protocol: kserve-v2, url: '${model.url}', credential: model-key}
`);
  [bot, rosa] = await Promise.all(['ci-bot', 'rosa'].map((name) => gateway.createKey(name)));
});
after(async () => {
  await gateway?.stop();
  await Promise.all([model?.stop(), demo?.stop()]);
});

const kserve = ['-import-path', import.meta.dirname, '-proto', 'foreign/inference.proto'];
// grpcurl with `args` before the address and the method after it.
const curl = (method, { key, args = [], data = '{}' } = {}) =>
  run(grpcurl, ['-plaintext', '-max-time', '60', ...(key ? ['-H', `authorization: Bearer ${key}`] : []), ...args,
    ...(data ? ['-d', data] : []), gateway.address, ...method]);
const infer = (text) =>
  JSON.stringify({ model_name: 'echo', inputs: [{ name: 't', datatype: 'BYTES', shape: [1],
    contents: { bytes_contents: [Buffer.from(text).toString('base64')] } }] });
const onTriton = [...kserve, '-H', 'countersign-connection: triton'];

test('grpcurl: health, what reflection lists, reviews', { skip: !grpcurl }, async () => {
  const health = await curl(['grpc.health.v1.Health/Check']);
  assert.match(health.stdout, /SERVING/, health.stderr);
  const listed = await curl(['list'], { data: '' });
  for (const service of ['grpc.health.v1.Health', 'countersign.approval.v1.ReviewService', 'countersign.inference.v1.Inference']) {
    assert.ok(listed.stdout.split('\n').includes(service), listed.stdout + listed.stderr);
  }
  const reviews = await curl(['countersign.approval.v1.ReviewService/ListReviews'], { key: rosa });
  assert.equal(reviews.code, 0, reviews.stderr);
  const refused = await curl(['countersign.approval.v1.ReviewService/ListReviews']);
  assert.match(refused.stderr, /Unauthenticated/);
});

test('grpcurl: ModelInfer is masked, denied, held and approved', { skip: !grpcurl }, async () => {
  const method = ['inference.GRPCInferenceService/ModelInfer'];
  const ask = (text) => curl(method, { key: bot, args: onTriton, data: infer(text) });
  const masked = await ask('mail ada@example.com now');
  assert.equal(masked.code, 0, masked.stderr);
  const [text] = JSON.parse(masked.stdout).outputs[0].contents.bytesContents;
  assert.equal(Buffer.from(text, 'base64').toString(), kMasked);
  const denied = await ask('about Project Nightfall');
  assert.match(denied.stderr, /PermissionDenied/);
  assert.match(denied.stderr, /must not leave the company/);
  const held = ask('the patient record of Ada');
  await gateway.cli(['reviews', 'approve', (await gateway.pendingReview(rosa)).id], { key: rosa });
  assert.equal((await held).code, 0);
});

test('grpcurl: Inference.Generate streams events', { skip: !grpcurl }, async () => {
  const data = JSON.stringify({ settings: { model: 'demo-1' }, messages: [{ role: 'ROLE_USER', text: 'Say exactly: hello' }] });
  const { code, stdout, stderr } = await curl(['countersign.inference.v1.Inference/Generate'], { key: bot, data });
  assert.equal(code, 0, stderr);
  for (const event of ['started', 'decided', 'text_delta', 'finished', 'end']) assert.match(stdout, new RegExp(`"${event}"`));
});

test('ghz: many calls at once, to the model and to the gateway itself', { skip: !ghz }, async () => {
  const load = async (call, key, data, more = []) => {
    const { stdout, stderr } = await run(ghz, ['--insecure', '--call', call, '-n', '200', '-c', '20', '--connections', '4', '-O', 'json',
      '-m', JSON.stringify({ authorization: `Bearer ${key}`, 'countersign-connection': 'triton' }), '-d', data, ...more, gateway.address]);
    assert.ok(stdout, stderr);
    const report = JSON.parse(stdout);
    assert.deepEqual(report.statusCodeDistribution, { OK: 200 });
  };
  await load('inference.GRPCInferenceService.ModelInfer', bot, infer('hello'),
    ['-i', import.meta.dirname, '--proto', join(import.meta.dirname, 'foreign/inference.proto')]);
  await load('countersign.authn.v1.IdentityService.WhoAmI', bot, '{}');
});

test('grpc++: unary, server stream, denial, a message too large, deadline, cancellation', async () => {
  const { code, stdout, stderr } = await run(process.env.COUNTERSIGN_GRPC_CLIENT, [gateway.address, bot, rosa]);
  assert.equal(code, 0, stderr);
  const lines = stdout.trim().split('\n').map((line) => line.match(/^(\w+) (\d+) (.*)$/).slice(1));
  assert.deepEqual(Object.fromEntries(lines.map(([name, status]) => [name, Number(status)])), kOkCodes);
  const got = Object.fromEntries(lines.map(([name, , text]) => [name, text]));
    assert.match(got.stream, /<US_SSN>/);
  assert.equal(got.unary, 'ci-bot');
  assert.equal(got.cancel, 'token');
});

const kNghttp2 = existsSync('/usr/bin/nghttp') && existsSync('/usr/bin/h2load');
test('nghttp and h2load', { skip: !kNghttp2 }, async () => {
  const url = `${gateway.baseURL}/models`;
  const one = await run('nghttp', ['-v', '-H', `authorization: Bearer ${bot}`, url]);
  assert.match(one.stdout, /:status: 200/, one.stderr);
  const many = await run('h2load', ['-n', '500', '-c', '4', '-m', '20', '-H', `authorization: Bearer ${bot}`, url]);
  assert.match(many.stdout, /status codes: 500 2xx/, many.stdout);
});

test("OpenAI's Python SDK over HTTP/2", async () => {
  const python = join(import.meta.dirname, '.venv/bin/python');
  const { code, stdout, stderr } = await run(python, [join(import.meta.dirname, 'foreign/http2_caller.py'), gateway.baseURL, bot, 'the customer file']);
  assert.equal(code, 0, stderr);
  const [version, text] = stdout.split('\n');
  assert.equal(version, 'HTTP/2');
  assert.match(text, /<US_SSN>/);
});
