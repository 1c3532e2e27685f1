// Servers that differ from OpenAI's in details, and what is told and recorded of answers that fail or are given up: the
// official SDKs as callers, in both shapes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import * as hostile from './harness/hostile_model.mjs';
import { program, run } from './harness/processes.mjs';

const { content, delta, done, finished } = hostile;
let model, gateway, openai, key;

const ask = (prompt, more = {}, options = {}) =>
  openai.chat.completions.create(
    { model: 'demo-1', messages: [{ role: 'user', content: prompt }], ...more },
    options,
  );
// A stream's texts by member, and the reasons for which its choices finished.
async function streamed(prompt, more = {}) {
  const got = { content: '', reasoning_content: '', reasons: [] };
  for await (const chunk of await ask(prompt, { stream: true, ...more })) {
    for (const choice of chunk.choices) {
      got.content += choice.delta.content ?? '';
      got.reasoning_content += choice.delta.reasoning_content ?? '';
      if (choice.finish_reason) got.reasons.push(choice.finish_reason);
    }
  }
  return got;
}
// The text and the error that the Python SDK gets.
async function python(prompt) {
  const interpreter = resolve(import.meta.dirname, '.venv/bin/python');
  const script = resolve(import.meta.dirname, 'python_caller.py');
  const { code, stdout, stderr } = await run(interpreter, [script, gateway.baseURL, key], {
    input: JSON.stringify([prompt]),
  });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout)[0];
}
const raw = (body, headers = {}) =>
  fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body,
  });
const post = (prompt, more = {}) =>
  raw(JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: prompt }], ...more }));
const plain = (body, status = 200, headers = {}) =>
  model.play((response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  });
const withReason = (text, reason) =>
  delta(`{"content":${JSON.stringify(text)}}`).replace('"finish_reason":null', `"finish_reason":${reason}`);
const session = async (id) => {
  const { stdout, stderr } = await gateway.cli(['sessions', 'list', '-o', 'json']);
  const found = JSON.parse(stdout).items.find((item) => item.id === id);
  assert.ok(found, `${id} ${stderr}`);
  return found;
};

before(async () => {
  model = await hostile.startHostileModel();
  gateway = await Gateway.start();
  const usual = resources(model.url);
  await gateway.apply(`${usual}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: simple}
spec: {protocol: openai, url: '${model.url}/v1', usage: asIs}
`);
  key = await gateway.createKey('ci-bot');
  openai = new OpenAI({ baseURL: gateway.baseURL, apiKey: key, maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('an empty finish reason, or one in every event, ends no text', async () => {
  for (const reason of ['""', '"stop"']) {
    const events = ['my 4111 1111 ', '1111 1111', ' is', ' a card 4111'].map((text) => withReason(text, reason));
    const prompt = model.stream([...events, done]);
    const { content: text } = await streamed(prompt);
    assert.equal(text, 'my <CREDIT_CARD> is a card 4111');
    assert.deepEqual(await python(prompt), { text, arguments: '', error: null });
  }
});

test('a finish reason and a clean end are a complete answer, without [DONE] and blank line too', async () => {
  const last = withReason('me@x.io', '"stop"');
  for (const writes of [
    [content('write to '), content('me@x.io'), finished()],
    [content('write to '), last],
    [content('write to '), last.trimEnd()],
    [content('write to '), last, 'data: [DONE]'],
    [content('write to '), last, 'data: [DONE]\n'],
  ]) {
    const prompt = model.stream(writes);
    const { content: text, reasons } = await streamed(prompt);
    assert.equal(text, 'write to <EMAIL>');
    assert.deepEqual(reasons, ['stop']);
    assert.equal((await python(prompt)).text, text);
    const response = await post(prompt, { stream: true });
    const body = await response.text();
    assert.ok(body.endsWith('data: [DONE]\n\n'), body);
    const id = response.headers.get('x-countersign-session');
    assert.equal((await gateway.ended((item) => item.id === id)).outcome, 'completed');
  }
  await assert.rejects(streamed(model.stream([content('cut')])), (error) => error.code === 'upstream_error');
});

test('of members that an upstream repeats the last is delivered, and all are masked', async () => {
  const twice = delta(
    '{"reasoning_content":"card 4111 1111 1111 1111","content":"a","reasoning_content":"me@x.io "}',
  );
  const prompt = model.stream([twice, twice, finished(), done]);
  const got = await streamed(prompt);
  assert.equal(got.content, 'aa');
  assert.equal(got.reasoning_content, '<EMAIL> <EMAIL> ');
  assert.ok(!(await (await post(prompt, { stream: true })).text()).includes('4111'));
  const body = '{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"4111 1111 1111 1111",' +
    '"content":"b"},"finish_reason":"stop"}]}';
  assert.equal((await ask(plain(body))).choices[0].message.content, 'b');
});

test('numbers of any size pass as they are written, in schemas and in answers', async () => {
  let seen;
  const answer = '{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"ok",' +
    '"n":123456789012345678901234567890},"finish_reason":"stop"}],"far":1e400,"created":-1E+999}';
  const prompt = model.play(async (response, request, body) => {
    seen = body;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answer);
  });
  const schema = '{"type":"object","properties":{"a":{"type":"integer","maximum":99999999999999999999999,' +
    '"minimum":-1e400}}}';
  const request = `{"model":"demo-1","messages":[{"role":"user","content":"${prompt}"}],"tools":[{"type":"function",` +
    `"function":{"name":"f","parameters":${schema}}}]}`;
  const response = await raw(request);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), answer);
  assert.ok(seen.includes(schema), seen);
});

test('a connection whose usage stays as it is asks for none, and tokens are counted here', async () => {
  let seen;
  const prompt = model.play(async (response, request, body) => {
    seen = JSON.parse(body);
    if (seen.stream_options) {
      response.writeHead(400, { 'content-type': 'application/json' });
      return response.end('{"error":{"message":"unknown field stream_options"}}');
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end([content('Hello wonder'), content('ful world'), finished(), done].join(''));
  });
  await assert.rejects(streamed(prompt), (error) => error.status === 400);
  const simple = new OpenAI({ baseURL: `http://${gateway.address}/simple/v1`, apiKey: key, maxRetries: 0 });
  const request = { model: 'demo-1', messages: [{ role: 'user', content: prompt }], stream: true };
  const { data, response } = await simple.chat.completions.create(request).withResponse();
  let text = '';
  for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? '';
  assert.equal(text, 'Hello wonderful world');
  const id = response.headers.get('x-countersign-session');
  await gateway.ended((item) => item.id === id);
  const { outputTokens, inputTokens } = await session(id);
  const counted = await run(program('countersign'), ['tokens', '--tokenizer', 'estimate'], { input: text });
  assert.equal(outputTokens, Number(counted.stdout));
  assert.ok(inputTokens > 0);
});

test('a cancelled stream has its prompt\'s and its delivered tokens on record', async () => {
  const prompt = model.play(async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(content('Hello wonderful world, '));
    await once(response, 'close');
  });
  const { data: stream, response } = await ask(prompt, { stream: true }).withResponse();
  const id = response.headers.get('x-countersign-session');
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) stream.controller.abort();
  }
  assert.equal((await gateway.ended((item) => item.id === id)).outcome, 'cancelled');
  const { inputTokens, outputTokens } = await session(id);
  assert.ok(inputTokens > 0 && outputTokens >= 4, `${inputTokens} ${outputTokens}`);
});

test('a redirect is an error with its code, sent once', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    let calls = 0;
    const prompt = model.play((response) => {
      ++calls;
      response.writeHead(status, { location: `${model.url}/elsewhere` });
      response.end();
    });
    const error = await ask(prompt, {}, { maxRetries: 2 }).catch((caught) => caught);
    assert.equal(error.status, 502);
    assert.equal(error.code, 'upstream_protocol');
    assert.match(error.message, /redirects/);
    assert.equal(calls, 1);
    const id = error.headers.get('x-countersign-session');
    assert.equal((await gateway.ended((item) => item.id === id)).outcome, 'upstream_error');
  }
});

test('each cause has its code and message, and no retry where it would fail again', async () => {
  const text = { 'content-type': 'text/event-stream' };
  const causes = [
    [plain('no json'), 502, 'upstream_protocol', /not JSON/],
    [plain('{}', 401), 502, 'upstream_auth', /credential/],
    [plain('{}', 407), 502, 'upstream_auth', /credential/],
    [plain('x', 200, { 'content-encoding': 'gzip' }), 502, 'upstream_protocol', /compressed/],
    [plain('', 302, { location: '/x' }), 502, 'upstream_protocol', /redirects/],
    [model.play((response) => response.destroy()), 502, 'upstream_error', /broke off/],
    [model.play((response) => response.socket.end('no http\r\n\r\n')), 502, 'upstream_protocol', /not HTTP/],
    [
      model.play((response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
        response.write('{');
        setTimeout(() => response.destroy(), 50);
      }),
      502,
      'upstream_error',
      /broke off/,
    ],
    [plain('data: x', 200, text), 200, undefined, undefined],
  ];
  for (const [prompt, status, code, message] of causes) {
    const response = await post(prompt);
    assert.equal(response.status, status);
    if (!code) continue;
    const { error } = await response.json();
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.equal(response.headers.get('x-should-retry'), 'false');
  }
});

test('pictures and sound in answers are not damaged', async () => {
  const bytes = Buffer.alloc(3 << 20);
  for (let i = 0, state = 7; i < bytes.length; ++i) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  const sound = bytes.toString('base64');
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(bytes);
  const url = `data:image/png;base64,${bytes.toString('base64')}`;
  const message = {
    role: 'assistant',
    content: 'a card 4111 1111 1111 1111',
    images: [{ type: 'image_url', image_url: { url } }],
    audio: { id: 'audio_1', data: sound, expires_at: 1, transcript: 'me@x.io' },
  };
  const got = (await ask(plain(JSON.stringify({ id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }] }))))
    .choices[0].message;
  assert.ok(got.images[0].image_url.url === url);
  assert.ok(got.audio.data === sound);
  assert.equal(got.audio.transcript, '<EMAIL>');
  assert.equal(got.content, 'a card <CREDIT_CARD>');
  // Above 8 MiB in one event of a stream.
  const large = `data:image/png;base64,${Buffer.concat([bytes, bytes, bytes]).toString('base64')}`;
  const event = delta(JSON.stringify({ images: [{ image_url: { url: large } }], content: 'see' }));
  let seen;
  for await (const chunk of await ask(model.stream([event, finished(), done]), { stream: true })) {
    seen ??= chunk.choices[0]?.delta.images?.[0].image_url.url;
  }
  assert.ok(seen === large);
  // A picture within a text.
  const markdown = `![it](${url})`;
  const body = JSON.stringify({ id: 'c', choices: [{ index: 0, message: { role: 'assistant', content: markdown } }] });
  assert.ok((await ask(plain(body))).choices[0].message.content === markdown);
});

test('any role, and a byte order mark before the body, are taken', async () => {
  const messages = [
    { role: 'ipython', content: 'result' },
    { role: 'critic', content: 'well' },
    { role: 'user', content: plain('{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}]}') },
  ];
  const reply = await openai.chat.completions.create({ model: 'demo-1', messages });
  assert.equal(reply.choices[0].message.content, 'ok');
  const marked = await raw(`\ufeff${JSON.stringify({ model: 'demo-1', messages })}`);
  assert.equal(marked.status, 200);
  messages[0].content = 'project nightfall';
  await assert.rejects(openai.chat.completions.create({ model: 'demo-1', messages }), OpenAI.PermissionDeniedError);
});
