// A model that speaks HTTP/2 over TLS (Node's server), behind the built program.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http2 from 'node:http2';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import { content, done, finished } from './harness/hostile_model.mjs';
import { eventually, makeFolder, removeFolder, run } from './harness/processes.mjs';

let folder, model, gateway, openai;

// Answers the prompt NAME as scripts.get(NAME) does.
const scripts = new Map();
async function startModel() {
  const key = join(folder, 'model.key');
  const certificate = join(folder, 'model.crt');
  const made = await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=model',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate,
  ]);
  assert.equal(made.code, 0, made.stderr);
  const server = http2.createSecureServer({ key: await readFile(key), cert: await readFile(certificate) });
  const sessions = new Set();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session)).on('error', () => {});
  });
  server.on('stream', async (stream) => {
    stream.on('error', () => {});
    let body = '';
    for await (const piece of stream) body += piece;
    await scripts.get(JSON.parse(body).messages.at(-1).content)?.(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    certificate,
    sessions,
    url: `https://127.0.0.1:${server.address().port}`,
    stop: () => {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}
function answerWith(stream, text) {
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.end(JSON.stringify({
    id: 'c-1', object: 'chat.completion', created: 1, model: 'demo-1',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  }));
}
function beginStream(stream) {
  stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
  return stream;
}
const ask = (prompt, more = {}, options = {}) =>
  openai.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content: prompt }], ...more }, options);
async function textOf(stream) {
  let text = '';
  for await (const event of stream) text += event.choices[0]?.delta.content ?? '';
  return text;
}

before(async () => {
  folder = await makeFolder();
  model = await startModel();
  gateway = await Gateway.start({ shape: 'standalone', env: () => ({ SSL_CERT_FILE: model.certificate }) });
  await gateway.apply(resources(model.url));
  const key = await gateway.createKey('ci-bot');
  openai = new OpenAI({ baseURL: gateway.baseURL, apiKey: key, maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  model?.stop();
  await removeFolder(folder);
});

test('an allowed call is answered over HTTP/2', async () => {
  scripts.set('hello', (stream) => answerWith(stream, 'over HTTP/2'));
  const answer = await ask('hello');
  assert.equal(answer.choices[0].message.content, 'over HTTP/2');
});

test('a stream is masked', async () => {
  scripts.set('card', (stream) => {
    beginStream(stream);
    for (const piece of ['card 4111 1111 ', '1111 1111', ' end']) stream.write(content(piece));
    stream.end(finished() + done);
  });
  assert.equal(await textOf(await ask('card', { stream: true })), 'card <CREDIT_CARD> end');
});

test('calls at once share connections', async () => {
  scripts.set('share', (stream) => answerWith(stream, 'shared'));
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask('share')));
  assert.ok(answers.every((answer) => answer.choices[0].message.content === 'shared'));
  assert.ok(model.sessions.size <= 2, `${model.sessions.size} connections of two threads`);
});

test('a caller that leaves resets the stream upstream, before and within the answer', async (t) => {
  for (const begun of [false, true]) {
    const times = [];
    for (let i = 0; i < 7; ++i) {
      let closed, arrived;
      const reset = new Promise((resolve) => (closed = resolve));
      const arrival = new Promise((resolve) => (arrived = resolve));
      scripts.set('wait', (stream) => {
        stream.on('close', () => closed({ code: stream.rstCode, at: performance.now() }));
        if (begun) beginStream(stream).write(content('A first sentence that is long enough. '.repeat(20)));
        arrived();
      });
      const abort = new AbortController();
      const call = ask('wait', { stream: true }, { signal: abort.signal });
      call.catch(() => {});
      await arrival;
      if (begun) await (await call)[Symbol.asyncIterator]().next();
      const left = performance.now();
      abort.abort();
      const { code, at } = await reset;
      assert.equal(code, http2.constants.NGHTTP2_CANCEL);
      times.push(at - left);
    }
    const median = times.sort((a, b) => a - b)[3].toFixed(1);
    t.diagnostic(`RST_STREAM ${median} ms (median) after the caller left ${begun ? 'within' : 'before'} the answer`);
  }
});

test('a model that dies in the middle of a stream is an error in-band', async () => {
  scripts.set('die', async (stream) => {
    beginStream(stream).write(content('begun '));
    await new Promise((resolve) => setImmediate(resolve));
    stream.session.destroy();
  });
  await assert.rejects(textOf(await ask('die', { stream: true })));
});

test('connections that end with GOAWAY lose no call', async () => {
  let count = 0;
  scripts.set('go', (stream) => {
    answerWith(stream, 'gone on');
    if (++count % 7 === 0) stream.session.close(); // GOAWAY, and the end when its streams have ended
  });
  for (let round = 0; round < 10; ++round) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('go')));
    assert.ok(answers.every((answer) => answer.choices[0].message.content === 'gone on'));
  }
  await eventually('every call was answered once', () => count === 200);
});
