// Callers that speak HTTP/2 without TLS (prior knowledge): Node's client and curl.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { run, startDemoModel } from './harness/processes.mjs';

let model, gateway, key, connection;

const chat = (text, more = {}) => JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: text }], ...more });
const masked = 'The customer is Jane Doe: card <CREDIT_CARD>, SSN <US_SSN>, contract <PROJECT>. Is there anything else?';

// Sends a request on a stream of `over`; resolves to the stream, with its response's head.
async function ask(path, { body, token = key, over = connection } = {}) {
  const stream = over.request({
    ':method': body ? 'POST' : 'GET', ':path': path, authorization: `Bearer ${token}`, 'content-type': 'application/json',
  });
  stream.end(body);
  const [head] = await once(stream, 'response');
  return { stream, head };
}
async function textOf({ stream }) {
  let text = '';
  for await (const piece of stream) text += piece;
  return text;
}
const contentOf = (events) =>
  events
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? '')
    .join('');

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  key = await gateway.createKey('ci-bot');
  connection = http2.connect(`http://${gateway.address}`);
  await once(connection, 'connect');
});
after(async () => {
  connection?.close();
  await gateway?.stop();
  await model?.stop();
});

test('an allowed call is answered, and recorded', async () => {
  const answer = await ask('/v1/chat/completions', { body: chat('hello') });
  assert.equal(answer.head[':status'], 200);
  assert.ok(JSON.parse(await textOf(answer)).choices[0].message.content.length > 0);
  const ended = await gateway.ended((entry) => entry.id === answer.head['x-countersign-session']);
  assert.equal(ended.outcome, 'completed');
});

test('a denied call is refused, and so is an unknown caller', async () => {
  const denied = await ask('/v1/chat/completions', { body: chat('tell me about project nightfall') });
  assert.equal(denied.head[':status'], 403);
  assert.ok(JSON.parse(await textOf(denied)).error.code);
  const unknown = await ask('/v1/models', { token: 'nobody' });
  assert.equal(unknown.head[':status'], 401);
});

test('a stream is masked, beside others on the same connection', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask('/v1/chat/completions', { body: chat('the customer file', { stream: true }) })),
  );
  for (const events of await Promise.all(answers.map(textOf))) {
    assert.equal(contentOf(events), masked);
    assert.match(events, /data: \[DONE\]\n\n$/);
  }
});

test('a caller that resets its stream is noticed, and its connection goes on', async () => {
  const { stream, head } = await ask('/v1/chat/completions', { body: chat('count', { stream: true }) });
  await once(stream, 'data');
  stream.close(http2.constants.NGHTTP2_CANCEL);
  const ended = await gateway.ended((entry) => entry.id === head['x-countersign-session']);
  assert.equal(ended.outcome, 'cancelled');
  assert.equal((await ask('/v1/models')).head[':status'], 200);
});

test('a body above the limit is 413, after as many windows as the limit takes', async () => {
  const answer = await ask('/v1/chat/completions', { body: chat('x'.repeat(33 << 20)) }).catch((error) => error);
  assert.equal(answer.head?.[':status'], 413, String(answer));
});

test('curl with prior knowledge, and with an upgrade that is not taken', async () => {
  const call = (option) =>
    run('curl', ['-s', option, '-w', '\n%{http_version}', '-H', `authorization: Bearer ${key}`, '-H',
      'content-type: application/json', '-d', chat('hello'), `${gateway.baseURL}/chat/completions`]);
  for (const [option, version] of [['--http2-prior-knowledge', '2'], ['--http2', '1.1'], ['--http1.1', '1.1']]) {
    const { code, stdout } = await call(option);
    assert.equal(code, 0);
    const [body, used] = stdout.split(/\n(?=[\d.]+$)/);
    assert.equal(used, version);
    assert.ok(JSON.parse(body).choices[0].message.content.length > 0);
  }
});

test('a drain lets a stream finish and says that the connection ends', async () => {
  const over = http2.connect(`http://${gateway.address}`);
  const goaway = once(over, 'goaway');
  const answer = await ask('/v1/chat/completions', { body: chat('the customer file', { stream: true }), over });
  await once(answer.stream, 'data');
  const stopped = gateway.process.stop();
  const events = textOf(answer);
  const [code] = await goaway;
  assert.equal(code, http2.constants.NGHTTP2_NO_ERROR);
  assert.match(await events, /data: \[DONE\]\n\n$/);
  await stopped;
  await gateway.resume();  // for the end of this file
});
