// Everything but the conversation that passes between a caller and an upstream, in both shapes: the gateway's credential,
// the billed account, headers, queries and paths; and unusual but valid uses of connections.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import * as hostile from './harness/hostile_model.mjs';

const { content, done, finished } = hostile;
const secret = 'upstream-secret-key'; // of resources()
let model, gateway, openai, key;

const ask = (prompt, more = {}, options = {}) =>
  openai.chat.completions.create(
    { model: 'demo-1', messages: [{ role: 'user', content: prompt }], ...more },
    options,
  );
const answer = (message, more = {}) =>
  JSON.stringify({
    id: 'c-1',
    object: 'chat.completion',
    created: 1,
    model: 'demo-1',
    choices: [{ index: 0, message: { role: 'assistant', content: message }, finish_reason: 'stop' }],
    ...more,
  });
// Sends `bytes` on a new connection, then half-closes it; returns everything received.
const exchange = (bytes) =>
  new Promise((resolve, reject) => {
    const [host, port] = gateway.address.split(':');
    const socket = net.connect(Number(port), host);
    let all = '';
    socket.setEncoding('utf8').on('data', (piece) => (all += piece));
    socket.on('error', reject).on('close', () => resolve(all));
    socket.end(bytes);
  });

before(async () => {
  model = await hostile.startHostileModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  key = await gateway.createKey('ci-bot');
  openai = new OpenAI({ baseURL: gateway.baseURL, apiKey: key, maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('a credential that the upstream repeats reaches nobody', async () => {
  const forms = [
    secret,
    Buffer.from(`Bearer ${secret}`).toString('base64'),
    Buffer.from(`Bearer ${secret}`).toString('base64url'),
    Buffer.from(secret).toString('hex'),
    secret.replaceAll('-', '%2D'),
  ];
  for (const form of forms) {
    const prompt = model.play((response, request) => {
      assert.equal(request.headers.authorization, `Bearer ${secret}`);
      response.writeHead(200, { 'content-type': 'application/json', 'openai-version': secret });
      response.end(answer(`the key is ${form}.`, { system_fingerprint: secret }));
    });
    const { data, response } = await ask(prompt).withResponse();
    const said = JSON.stringify(data) + JSON.stringify([...response.headers]);
    assert.ok(!said.includes(secret) && !said.includes(form), said);
    assert.ok(data.choices[0].message.content.startsWith('the key is '), said);
  }
});

test('a stream never contains the credential, however it is cut', async () => {
  for (let cut = 1; cut < secret.length; cut += 3) {
    const deltas = [content(`a ${secret.slice(0, cut)}`), content(`${secret.slice(cut)} b`)];
    let text = '';
    for await (const chunk of await ask(model.stream([...deltas, finished(), done]), { stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, 'a <UPSTREAM_CREDENTIAL> b');
  }
});

test('a provider that refuses the credential is reported as the gateway\'s fault, once', async () => {
  for (const status of [401, 403]) {
    let calls = 0;
    const prompt = model.play((response) => {
      ++calls;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(`{"error":{"message":"Incorrect API key provided: ${secret}","code":"invalid_api_key"}}`);
    });
    const error = await ask(prompt, {}, { maxRetries: 2 }).catch((caught) => caught);
    assert.equal(error.status, 502);
    assert.equal(error.code, 'upstream_auth');
    assert.ok(!error.message.includes('Incorrect'), error.message);
    assert.equal(calls, 1);
  }
});

test('a caller cannot set who pays, or send text in headers that nothing judges', async () => {
  let seen;
  const prompt = model.play((response, request) => {
    seen = request.headers;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answer('fine'));
  });
  const headers = {
    'openai-organization': 'org-other',
    'openai-project': 'proj_other',
    'openai-note': 'the patient is john',
    'openai-beta': 'assistants=v2',
    tracestate: 'vendor=4111111111111111',
    'idempotency-key': '4111111111111111',
    'user-agent': 'john smith 4111111111111111',
  };
  await ask(prompt, {}, { headers });
  assert.equal(seen['openai-beta'], 'assistants=v2');
  for (const name of Object.keys(headers)) {
    if (name !== 'openai-beta') assert.equal(seen[name], undefined, name);
  }
});

test('a model\'s id cannot address another resource, and a query is known or judged', async () => {
  const get = (path) =>
    fetch(`http://${gateway.address}${path}`, { headers: { authorization: `Bearer ${key}` } });
  for (const path of [
    '/v1/models/x/files/secret',
    '/v1/models/x%3fy',
    '/v1/models/%252e%252e',
    '/v1/models/gpt-4111111111111111',
  ]) {
    const response = await get(path);
    assert.equal(response.status, 404, path);
    assert.equal((await response.json()).error.code, 'not_found');
  }
  assert.equal((await get('/v1/models?note=%2541')).status, 400);
  const judged = await get('/v1/models?note=project%20nightfall');
  assert.equal(judged.status, 403);
  assert.equal((await judged.json()).error.code, 'policy_denied');
});

test('a large prompt of many numbers is refused, and one with a picture is not', async () => {
  const refused = await ask('x', { metadata: Array(2_000_000).fill(1) }).catch((caught) => caught);
  assert.equal(refused.status, 400);
  assert.equal(refused.code, 'invalid_request');
  const prompt = model.play((response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answer('fine'));
  });
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(300_000, 7)]);
  const url = `data:image/png;base64,${png.toString('base64')}`;
  const picture = { role: 'user', content: [{ type: 'image_url', image_url: { url } }] };
  const messages = [picture, { role: 'assistant', content: 'yes' }, { role: 'user', content: prompt }];
  const reply = await openai.chat.completions.create({ model: 'demo-1', messages });
  assert.equal(reply.choices[0].message.content, 'fine');
});

test('absolute targets, paths that end with a slash, and half-closed callers', async () => {
  const body = JSON.stringify({
    model: 'demo-1',
    messages: [
      {
        role: 'user',
        content: model.play(async (response) => {
          await new Promise((soon) => setTimeout(soon, 50));
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(answer('here you are'));
        }),
      },
    ],
  });
  for (const target of [`http://${gateway.address}/v1/chat/completions`, '/v1/chat/completions/']) {
    const head = [`POST ${target} HTTP/1.1`, 'host: x', `authorization: Bearer ${key}`];
    const all = await exchange(`${head.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    assert.match(all, /HTTP\/1.1 200 OK/);
    assert.match(all, /here you are/);
  }
});
