// The official OpenAI SDK, unmodified, through the gateway: only base_url and the key differ from a direct call.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import { eventually, startDemoModel } from './harness/processes.mjs';

let model, gateway, openai;

const ask = (text, more = {}) =>
  openai.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content: text }], ...more });

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
const textOf = (chunks, index = 0, member = 'content') =>
  chunks
    .flatMap((chunk) => chunk.choices)
    .filter((choice) => choice.index === index)
    .map((choice) => choice.delta[member] ?? '')
    .join('');
const chatRequests = async () => (await model.log()).filter((entry) => entry.target === '/v1/chat/completions' && !entry.left);

const masked = 'The customer is Jane Doe: card <CREDIT_CARD>, SSN <US_SSN>, contract <PROJECT>. Is there anything else?';

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  openai = new OpenAI({ baseURL: gateway.baseURL, apiKey: await gateway.createKey('ci-bot') });
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('models.list shows the models that the connection allows', async () => {
  const ids = (await openai.models.list()).data.map((entry) => entry.id);
  assert.deepEqual(ids.sort(), ['demo-1', 'demo-2']);
});

test('a plain answer is masked and keeps its usage', async () => {
  const { data, response } = await ask('the customer file').withResponse();
  assert.equal(data.choices[0].message.content, masked);
  assert.equal(data.choices[0].finish_reason, 'stop');
  assert.ok(data.usage.completion_tokens > 10);
  assert.match(response.headers.get('x-request-id'), /./);
  assert.match(response.headers.get('x-countersign-session'), /^[0-9a-f-]{36}$/);
  assert.equal(response.headers.get('x-upstream-request-id'), 'req_demo');
});

test('an answer without a match passes byte for byte', async () => {
  const direct = await fetch(`${model.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: 'hello' }] }),
  });
  const through = await fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${openai.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: 'hello' }] }),
  });
  assert.equal(await through.text(), await direct.text());
});

test('a stream is masked and still streams', async () => {
  const stream = await ask('the customer file', { stream: true });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.equal(textOf(chunks), masked);
  assert.ok(chunks.length > 10, `only ${chunks.length} chunks: the stream was buffered`);
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
  assert.ok(chunks.every((chunk) => !chunk.usage), 'nobody asked for usage');
});

test('usage comes at the end of a stream when it was asked for', async () => {
  const chunks = await collect(await ask('hello', { stream: true, stream_options: { include_usage: true } }));
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.ok(chunks.at(-1).usage.total_tokens > 0);
});

test('every choice of n is masked on its own', async () => {
  const chunks = await collect(await ask('the customer file', { stream: true, n: 2 }));
  assert.equal(textOf(chunks, 0), masked);
  assert.equal(textOf(chunks, 1), masked);
  const plain = await ask('the customer file', { n: 3 });
  assert.deepEqual(plain.choices.map((choice) => choice.message.content), [masked, masked, masked]);
});

test('refusals and reasoning are masked too', async () => {
  const refusal = await collect(await ask('decline', { stream: true }));
  assert.equal(textOf(refusal, 0, 'refusal'), 'I will not talk about card <CREDIT_CARD>.');
  const reasoning = await collect(await ask('think about it', { stream: true }));
  assert.match(textOf(reasoning, 0, 'reasoning_content'), /card <CREDIT_CARD>, SSN <US_SSN>, contract <PROJECT>/);
  const plain = await ask('think about it');
  assert.match(plain.choices[0].message.reasoning_content, /card <CREDIT_CARD>/);
});

test('log probabilities do not repeat masked text', async () => {
  const { data, response } = await ask('the customer file', { logprobs: true }).withResponse();
  assert.equal(response.status, 200);
  const tokens = (data.choices[0].logprobs?.content ?? []).map((entry) => entry.token).join('');
  assert.doesNotMatch(tokens, /4111/);
  const chunks = await collect(await ask('the customer file', { logprobs: true, stream: true }));
  const streamed = chunks
    .flatMap((chunk) => chunk.choices.flatMap((choice) => choice.logprobs?.content ?? []))
    .map((entry) => entry.token)
    .join('');
  assert.doesNotMatch(streamed, /1111/);
});

const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } }];

test('tool calls keep their shape and their arguments stay JSON', async () => {
  const plain = await ask('the weather', { tools });
  const call = plain.choices[0].message.tool_calls[0];
  assert.equal(call.function.name, 'get_weather');
  assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Oslo', card: '<CREDIT_CARD>', days: 3 });

  const chunks = await collect(await ask('the weather', { tools, stream: true }));
  const deltas = chunks.flatMap((chunk) => chunk.choices).flatMap((choice) => choice.delta.tool_calls ?? []);
  assert.equal(deltas[0].id, 'call_demo');
  assert.equal(deltas[0].function.name, 'get_weather');
  const joined = deltas.map((delta) => delta.function.arguments ?? '').join('');
  assert.deepEqual(JSON.parse(joined), { city: 'Oslo', card: '<CREDIT_CARD>', days: 3 });
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'tool_calls');
});

test('a denied prompt is a typed error, is not retried and never reaches the model', async () => {
  const earlier = (await chatRequests()).length;
  const error = await ask('tell me about Project\u200b Nightfall').catch((caught) => caught);
  assert.ok(error instanceof OpenAI.PermissionDeniedError, String(error));
  assert.equal(error.status, 403);
  assert.equal(error.code, 'policy_denied');
  assert.match(error.message, /must not leave the company/);
  assert.equal((await chatRequests()).length, earlier);
  assert.doesNotMatch(await model.raw(), /Nightfall/);
});

test('an unknown model, a wrong key and an unknown path are typed errors', async () => {
  const unknown = await ask('hello', { model: 'gpt-9' }).catch((caught) => caught);
  assert.ok(unknown instanceof OpenAI.NotFoundError, String(unknown));
  assert.equal(unknown.code, 'model_not_found');
  const stranger = new OpenAI({ baseURL: gateway.baseURL, apiKey: 'cs_nobody', maxRetries: 0 });
  const refused = await stranger.models.list().catch((caught) => caught);
  assert.ok(refused instanceof OpenAI.AuthenticationError, String(refused));
  assert.equal(refused.code, 'unauthenticated');
  const lost = await openai.images.generate({ prompt: 'x' }).catch((caught) => caught);
  assert.ok(lost instanceof OpenAI.NotFoundError, String(lost));
});

test('an error of the model passes with its status, and the SDK retries it', async () => {
  const earlier = (await chatRequests()).length;
  const error = await ask('fail with 500', {}).catch((caught) => caught);
  assert.ok(error instanceof OpenAI.InternalServerError, String(error));
  assert.equal((await chatRequests()).length - earlier, 3);
  const limited = await openai.chat.completions
    .create({ model: 'demo-1', messages: [{ role: 'user', content: 'fail with 429' }] }, { maxRetries: 0 })
    .catch((caught) => caught);
  assert.ok(limited instanceof OpenAI.RateLimitError, String(limited));
});

test('a stream that the model breaks off ends with an error, never as complete', async () => {
  const stream = await ask('break off', { stream: true });
  await assert.rejects(collect(stream));
  const session = await gateway.ended((entry) => entry.outcome === 'upstream_error');
  assert.equal(session.model, 'demo-1');
});

test('aborting a stream cancels the model at once and the session ends as cancelled', async () => {
  const leftBefore = (await model.log()).filter((entry) => entry.left).length;
  const stream = await ask('count', { stream: true });
  let seen = 0;
  for await (const chunk of stream) {
    void chunk;
    if (++seen === 5) stream.controller.abort();
  }
  await eventually('the model saw its caller leave', async () => (await model.log()).filter((entry) => entry.left).length > leftBefore);
  await gateway.ended((entry) => entry.outcome === 'cancelled');
});

test('the model gets its own credential and never the caller\'s', async () => {
  await ask('hello');
  const raw = await model.raw();
  assert.ok(!raw.includes(openai.apiKey));
  const headers = new Map((await chatRequests()).at(-1).headers.map(([name, value]) => [name.toLowerCase(), value]));
  assert.equal(headers.get('authorization'), 'Bearer upstream-secret-key');
  assert.ok(![...headers.keys()].some((name) => name.startsWith('x-stainless') || name === 'x-api-key'));
});

test('concurrent calls do not mix', async () => {
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, i) => ask(`say exactly: answer number ${i}.`, { stream: i % 2 === 0 })),
  );
  for (const [i, answer] of answers.entries()) {
    const text = i % 2 === 0 ? textOf(await collect(answer)) : answer.choices[0].message.content;
    assert.equal(text, `answer number ${i}.`);
  }
});

test('the bytes that callers received are recorded, and an export proves it', async () => {
  const stream = await ask('the customer file', { stream: true }).withResponse();
  const id = stream.response.headers.get('x-countersign-session');
  const received = textOf(await collect(stream.data));
  await gateway.ended((entry) => entry.id === id);
  const replay = await gateway.cli(['sessions', 'replay', id, '--no-wait']);
  assert.equal(replay.code, 0, replay.stderr);
  const replayed = replay.stdout
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)));
  assert.equal(textOf(replayed), received);

  const shown = await gateway.cliJson(['sessions', 'show', id]);
  assert.equal(shown.identity, 'ci-bot');
  assert.equal(shown.outcome, 'completed');
  assert.equal(shown.masked.credit_card, 1);
  const file = `${gateway.folder}/export.jsonl`;
  const exported = await gateway.cli(['sessions', 'export', id, '-o', file]);
  assert.equal(exported.code, 0, exported.stderr);
  const verified = await gateway.cli(['verify', file]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.match(verified.stdout, new RegExp(id));
});
