// Paths of OpenAI's API that the gateway does not know and a connection passes through, with the official SDK.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { Gateway, resources } from '../harness/gateway.mjs';

const sound = Buffer.from([0x49, 0x44, 0x33, 0xff, 0xfb, 0x90, 0x00, 0x00]);
const received = [];
let upstream, gateway, client;

function answer(request, body) {
  const json = (value) => ({ type: 'application/json', body: JSON.stringify(value) });
  const file = { id: 'file-1', object: 'file', bytes: body.length, created_at: 1, filename: 'of jane@corp.example', purpose: 'batch' };
  if (request.url.endsWith('/audio/speech')) return { type: 'audio/mpeg', body: sound };
  if (request.url.endsWith('/audio/transcriptions')) return { type: 'text/plain', body: 'Her card is 4111 1111 1111 1111.' };
  if (request.url.endsWith('/content')) return { type: 'application/octet-stream', body: '{"mail":"jane@corp.example"}\n' };
  if (request.method === 'POST' && request.url.endsWith('/files')) return json(file);
  return json({ object: 'list', data: [file], has_more: false });
}

before(async () => {
  upstream = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    received.push({ method: request.method, url: request.url, type: request.headers['content-type'], body });
    const { type, body: text } = answer(request, body);
    response.writeHead(200, { 'content-type': type }).end(text);
  });
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  gateway = await Gateway.start();
  const listed = resources(`http://127.0.0.1:${upstream.address().port}`).replace(
    "models: ['demo-*']}",
    "models: ['demo-*'], passThrough: [/v1/files, '/v1/files/*', '/v1/audio/*']}",
  );
  await gateway.apply(`${listed}---
apiVersion: countersign/v1
kind: Policy
metadata: {name: no-large-files}
spec:
  priority: 900
  match: {operations: [passThrough]}
  when: {parameter: {name: body_bytes, over: 10000}}
  then: {deny: {message: Files have at most 10000 bytes.}}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: no-nightfall}
spec:
  priority: 800
  match: {operations: [passThrough]}
  when: {pattern: {regex: '(?i)nightfall'}}
  then: {deny: {message: This must not leave the company.}}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: large-files}
spec:
  priority: 700
  match: {operations: [passThrough]}
  when: {parameter: {name: body_bytes, over: 6000}}
  then: {review: {reviewers: [security], hold: 60s}, masking: standard}
`);
  client = new OpenAI({ baseURL: gateway.baseURL, apiKey: await gateway.createKey('ci-bot'), maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  upstream?.close();
});

test('a path that is not listed is not sent', async () => {
  await assert.rejects(client.images.generate({ prompt: 'a cat', model: 'demo-1' }), { status: 404, code: 'not_found' });
  await assert.rejects(client.get('/files/..%2fadmin'), { status: 404 });
  assert.equal(received.length, 0);
});

test('a list is masked, and the call is recorded as what it is', async () => {
  const page = await client.files.list({ purpose: 'batch' });
  assert.equal(page.data[0].filename, 'of <EMAIL>');
  assert.equal(received.at(-1).url, '/v1/files?purpose=batch');
  const session = await gateway.ended(({ operation }) => operation === undefined || operation === 'passThrough');
  assert.equal(session.outcome, 'completed');
  assert.equal((await gateway.sessions('--operation', 'passThrough')).length, 1);
});

test('sound goes through byte for byte, text in any type is masked', async () => {
  const speech = await client.audio.speech.create({ model: 'demo-1', voice: 'alloy', input: 'Hello.' });
  assert.deepEqual(Buffer.from(await speech.arrayBuffer()), sound);
  const said = await client.audio.transcriptions.create({
    model: 'demo-1',
    response_format: 'text',
    file: await toFile(sound, 'call.mp3'),
  });
  assert.equal(said, 'Her card is <CREDIT_CARD>.');
  assert.ok(received.at(-1).body.includes(sound));
  assert.match(received.at(-1).type, /^multipart\/form-data; ?boundary=/);
  assert.equal(await (await client.files.content('file-1')).text(), '{"mail":"<EMAIL>"}\n');
});

test('what is text in a request is judged: JSON, a file of text, the path', async () => {
  const before = received.length;
  const denied = { status: 403, code: 'policy_denied' };
  await assert.rejects(client.audio.speech.create({ model: 'demo-1', voice: 'alloy', input: 'Project Nightfall' }), denied);
  const file = await toFile(Buffer.from('{"prompt":"Project Nightfall"}\n'), 'batch.jsonl');
  await assert.rejects(client.files.create({ file, purpose: 'batch' }), denied);
  await assert.rejects(client.get('/files/project-nightfall'), denied);
  await assert.rejects(client.audio.speech.create({ model: 'other', voice: 'alloy', input: 'Hello.' }), { status: 404, code: 'model_not_found' });
  assert.equal(received.length, before);
});

test('a policy limits the size', async () => {
  const large = await toFile(Buffer.alloc(10_001, 0xff), 'large.bin');
  await assert.rejects(client.files.create({ file: large, purpose: 'batch' }), { status: 403, code: 'policy_denied', message: /at most 10000 bytes/ });
  const small = await toFile(Buffer.alloc(5_000, 0xff), 'small.bin');
  assert.equal((await client.files.create({ file: small, purpose: 'batch' })).id, 'file-1');
});

test('a reviewer sees bytes by their type, size and digest, and exactly these are sent', async () => {
  const rosa = await gateway.createKey('rosa');
  const file = await toFile(Buffer.alloc(8_000, 0xff), 'medium.bin');
  const upload = client.files.create({ file, purpose: 'batch' });
  const review = await gateway.pendingReview(rosa);
  const { stdout } = await gateway.cli(['reviews', 'show', review.id], { key: rosa });
  assert.equal((await gateway.cli(['reviews', 'approve', review.id], { key: rosa })).code, 0);
  assert.equal((await upload).id, 'file-1');
  const { body } = received.at(-1);
  assert.match(stdout, /multipart\/form-data/);
  assert.match(stdout, new RegExp(createHash('sha256').update(body).digest('hex')));
});
