// OpenAI's responses API and its operations without messages, by the official SDK, unmodified, through the gateway.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import PreviousOpenAI from 'openai-previous';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { Gateway, resources } from '../harness/gateway.mjs';
import { eventually, run, startDemoModel } from '../harness/processes.mjs';

let model, gateway, openai, rosa;

const ask = (input, more = {}, options = {}) => openai.responses.create({ model: 'demo-1', input, ...more }, options);
const stream = (input, more = {}) => ask(input, { stream: true, ...more });
async function collect(events) {
  const all = [];
  for await (const event of events) all.push(event);
  return all;
}
const deltas = (events, type = 'response.output_text.delta') =>
  events
    .filter((event) => event.type === type)
    .map((event) => event.delta)
    .join('');
const received = async () => (await model.log()).filter((entry) => entry.target.startsWith('/v1/responses') && !entry.left);
const masked = 'The customer is Jane Doe: card <CREDIT_CARD>, SSN <US_SSN>, contract <PROJECT>. Is there anything else?';

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(`${resources(model.url)}---
apiVersion: countersign/v1
kind: Policy
metadata: {name: unmasked}
spec: {priority: 50, match: {identities: [alice]}, then: {allow: {}, masking: none}}
`);
  openai = new OpenAI({ baseURL: gateway.baseURL, apiKey: await gateway.createKey('ci-bot') });
  rosa = await gateway.createKey('rosa');
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('a plain response is masked and keeps its usage', async () => {
  const { data, response } = await ask('the customer file').withResponse();
  assert.equal(data.output_text, masked);
  assert.equal(data.status, 'completed');
  assert.ok(data.usage.output_tokens > 10);
  assert.match(response.headers.get('x-countersign-session'), /^[0-9a-f-]{36}$/);
  const session = await gateway.ended((entry) => entry.id === response.headers.get('x-countersign-session'));
  assert.equal(session.outcome, 'completed');
  const shown = await gateway.cliJson(['sessions', 'show', session.id]);
  assert.equal(shown.masked.credit_card, 1);
});

test('a response passes byte for byte: without a match, and as a stream where no profile masks', async () => {
  for (const [streamed, key] of [[false, openai.apiKey], [false, await gateway.createKey('alice')], [true, await gateway.createKey('alice')]]) {
    const init = {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'demo-1', input: 'say exactly: no. no. no. ', stream: streamed }),
    };
    const direct = await fetch(`${model.url}/v1/responses`, init);
    const through = await fetch(`${gateway.baseURL}/responses`, init);
    assert.equal(await through.text(), await direct.text());
  }
});

test('every copy of a text in a stream equals its masked pieces, and events are numbered in order', async () => {
  const events = await collect(await stream('the customer file'));
  assert.equal(deltas(events), masked);
  const of = (type) => events.find((event) => event.type === type);
  assert.equal(of('response.output_text.done').text, masked);
  assert.equal(of('response.content_part.done').part.text, masked);
  assert.equal(of('response.output_item.done').item.content[0].text, masked);
  assert.equal(of('response.completed').response.output[0].content[0].text, masked);
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, i) => i));
  assert.ok(events.length > 15, `only ${events.length} events: the stream was buffered`);
  const session = await gateway.ended();
  const shown = await gateway.cliJson(['sessions', 'show', session.id]);
  assert.equal(shown.masked.credit_card, 1, 'copies are not counted again');
});

test('the stream helper puts a masked response together', async () => {
  const running = openai.responses.stream({ model: 'demo-1', input: 'the customer file' });
  let text = '';
  running.on('response.output_text.delta', (event) => (text += event.delta));
  const final = await running.finalResponse();
  assert.equal(text, masked);
  assert.equal(final.output_text, masked);
});

test('a secret is masked however the stream is cut', async () => {
  const said = 'card 4111 1111 1111 1111 end';
  for (let bytes = 1; bytes <= said.length; ++bytes) {
    const events = await collect(await stream(`in pieces of ${bytes} say exactly: ${said}`));
    assert.equal(deltas(events), 'card <CREDIT_CARD> end');
    assert.equal(events.at(-1).response.output[0].content[0].text, 'card <CREDIT_CARD> end');
  }
});

test('reasoning and refusals are masked', async () => {
  const thought = await collect(await stream('think about it'));
  assert.match(deltas(thought, 'response.reasoning_summary_text.delta'), /card <CREDIT_CARD>, SSN <US_SSN>/);
  assert.doesNotMatch(JSON.stringify(thought), /4111/);
  const declined = await collect(await stream('decline'));
  assert.equal(deltas(declined, 'response.refusal.delta'), 'I will not talk about card <CREDIT_CARD>.');
  assert.doesNotMatch(JSON.stringify(declined), /4111/);
});

const tools = [{ type: 'function', name: 'get_weather', strict: false, parameters: { type: 'object', properties: {} } }];

test('calls of functions keep their shape and their arguments stay JSON', async () => {
  const plain = await ask('the weather', { tools });
  const expected = { city: 'Oslo', card: '<CREDIT_CARD>', days: 3 };
  assert.equal(plain.output[0].name, 'get_weather');
  assert.deepEqual(JSON.parse(plain.output[0].arguments), expected);
  const events = await collect(await stream('the weather', { tools }));
  assert.deepEqual(JSON.parse(deltas(events, 'response.function_call_arguments.delta')), expected);
  assert.deepEqual(JSON.parse(events.at(-1).response.output[0].arguments), expected);
});

test('the answer of a tool is judged like any other text', async () => {
  const error = await ask([
    { role: 'user', content: 'what did the tool say?' },
    { type: 'function_call', call_id: 'call_0123456789ab', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_0123456789ab', output: 'about Project Nightfall' },
  ]).catch((caught) => caught);
  assert.equal(error.code, 'policy_denied');
});

test('structured output is parsed', async () => {
  const City = z.object({ city: z.string(), card: z.string() });
  const parsed = await openai.responses.parse({
    model: 'demo-1',
    input: 'say exactly: {"city":"Oslo","card":"4111 1111 1111 1111"}',
    text: { format: zodTextFormat(City, 'city') },
  });
  assert.deepEqual(parsed.output_parsed, { city: 'Oslo', card: '<CREDIT_CARD>' });
});

test('a denied prompt is a typed error, wherever the text stands, and never reaches the model', async () => {
  const earlier = (await received()).length;
  const secret = 'tell me about Project\u200b Nightfall';
  for (const request of [
    { input: secret },
    { input: 'hello', instructions: secret },
    { input: [{ role: 'user', content: [{ type: 'input_text', text: 'Project ' }, { type: 'input_text', text: 'Nightfall' }] }] },
    { input: [{ type: 'reasoning', id: 'rs_0123456789ab', summary: [{ type: 'summary_text', text: secret }] }] },
    { input: 'hello', prompt: { id: 'pmpt_1', variables: { name: secret } } },
    { input: 'hello', metadata: { note: secret } },
    { input: 'hello', text: { format: { type: 'json_schema', name: 'x', schema: { type: 'object', description: secret } } } },
    { input: 'hello', stream: true, tools: [{ type: 'mcp', server_label: 'x', server_url: 'https://x.example', server_description: secret }] },
  ]) {
    const error = await ask('', request).catch((caught) => caught);
    assert.ok(error instanceof OpenAI.PermissionDeniedError, `${JSON.stringify(request)}: ${error}`);
    assert.equal(error.code, 'policy_denied');
  }
  assert.equal((await received()).length, earlier);
  assert.doesNotMatch(await model.raw(), /Nightfall/);
});

test('a held response is sent once it is approved, and refused once it is denied', async () => {
  for (const streamed of [false, true]) {
    for (const verdict of ['approve', 'deny']) {
      const answer = ask(`the customer file of a patient record, ${verdict} ${streamed}`, { stream: streamed }).then(
        async (value) => (streamed ? deltas(await collect(value)) : value.output_text),
        (caught) => caught,
      );
      const review = await gateway.pendingReview(rosa);
      assert.equal((await gateway.cli(['reviews', verdict, review.id], { key: rosa })).code, 0);
      const outcome = await answer;
      if (verdict === 'approve') {
        assert.equal(outcome, masked);
      } else {
        assert.equal(outcome.code, 'review_denied', String(outcome));
      }
    }
  }
});

test('the refusal of a stream that was held so long that it began is raised by the SDK', async () => {
  const [running, held] = await Promise.all([
    stream('a patient record, slowly'),
    fetch(`${gateway.baseURL}/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${openai.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ stream: true, model: 'demo-1', input: 'a patient record, raw' }),
    }),
  ]);
  assert.equal(held.status, 200, 'the head goes out after 10 s');
  const { items } = await gateway.cliJson(['reviews', 'list'], { key: rosa });
  assert.equal(items.length, 2);
  for (const { id } of items) assert.equal((await gateway.cli(['reviews', 'deny', id], { key: rosa })).code, 0);
  const error = await collect(running).catch((caught) => caught);
  assert.ok(error instanceof OpenAI.APIError, String(error));
  assert.equal(error.code, 'review_denied');
  const lines = (await held.text()).split('\n');
  assert.ok(lines.includes('event: error'));
  const event = JSON.parse(lines.find((line) => line.startsWith('data: ')).slice(6));
  assert.deepEqual([event.type, event.code, event.sequence_number], ['error', 'review_denied', 0]);
  assert.ok(items.some(({ id }) => id === event.error.review_id));
});

test('an error of the model passes with its status', async () => {
  const error = await ask('fail with 429', {}, { maxRetries: 0 }).catch((caught) => caught);
  assert.ok(error instanceof OpenAI.RateLimitError, String(error));
});

test('a stream that the model breaks off ends with an error, never as complete', async () => {
  const seen = [];
  await assert.rejects(
    async () => {
      for await (const event of await stream('break off')) seen.push(event);
    },
    (error) => error instanceof OpenAI.APIError && /upstream/.test(error.code),
  );
  assert.ok(seen.length > 0 && seen.every((event) => event.type !== 'response.completed'));
  const session = await gateway.ended((entry) => entry.outcome === 'upstream_error');
  assert.equal(session.model, 'demo-1');
});

test('aborting a stream cancels the model at once', async () => {
  const leftBefore = (await model.log()).filter((entry) => entry.left).length;
  const events = await stream('count');
  let seen = 0;
  for await (const event of events) {
    void event;
    if (++seen === 8) events.controller.abort();
  }
  await eventually('the model saw its caller leave', async () => (await model.log()).filter((entry) => entry.left).length > leftBefore);
  await gateway.ended((entry) => entry.outcome === 'cancelled');
});

test('the Python SDK gets the same, by events and by its stream helper', async () => {
  const python = resolve(import.meta.dirname, '../.venv/bin/python');
  assert.ok(existsSync(python), `${python} is missing: scripts/install-python-packages makes it`);
  const prompts = ['plain', 'stream', 'helper'].flatMap((how) => [
    { how, prompt: 'the customer file' },
    { how, prompt: 'tell me about Project Nightfall' },
  ]);
  prompts.push({ how: 'stream', prompt: 'the weather' }, { how: 'stream', prompt: 'break off' });
  const { code, stdout, stderr } = await run(
    python,
    [resolve(import.meta.dirname, 'responses_caller.py'), gateway.baseURL, openai.apiKey],
    { input: JSON.stringify(prompts) },
  );
  assert.equal(code, 0, stderr);
  const got = JSON.parse(stdout);
  for (let i = 0; i < 6; i += 2) {
    assert.deepEqual(got[i], { text: masked, arguments: '', copies: masked, error: null });
    assert.deepEqual([got[i + 1].error.type, got[i + 1].error.code], ['PermissionDeniedError', 'policy_denied']);
  }
  assert.deepEqual(JSON.parse(got[6].arguments), { city: 'Oslo', card: '<CREDIT_CARD>', days: 3 });
  assert.deepEqual([got[7].error.type, got[7].copies], ['APIError', '']);
});

test('the SDK before the newest gets the same', async () => {
  const previous = new PreviousOpenAI({ baseURL: gateway.baseURL, apiKey: openai.apiKey });
  assert.equal((await previous.responses.create({ model: 'demo-1', input: 'the customer file' })).output_text, masked);
  const final = await previous.responses.stream({ model: 'demo-1', input: 'the customer file' }).finalResponse();
  assert.equal(final.output[0].content[0].text, masked);
  const denied = await previous.responses.create({ model: 'demo-1', input: 'Project Nightfall' }).catch((caught) => caught);
  assert.equal(denied.code, 'policy_denied');
  await assert.rejects(
    async () => collect(await previous.responses.create({ model: 'demo-1', input: 'break off', stream: true })),
    PreviousOpenAI.APIError,
  );
});

test('what is kept of a response is masked, and recorded', async () => {
  const id = 'resp_0123456789abcdef';
  assert.equal((await openai.responses.retrieve(id)).output_text, masked);
  const events = await collect(await openai.responses.retrieve(id, { stream: true }));
  assert.equal(deltas(events), masked);
  assert.equal(events.at(-1).response.output[0].content[0].text, masked);
  const items = await openai.responses.inputItems.list(id);
  assert.equal(items.data[0].content[0].text, 'card <CREDIT_CARD>');
  assert.equal((await openai.responses.cancel(id)).status, 'cancelled');
  await openai.responses.delete(id);
  const log = (await received()).slice(-5).map((entry) => `${entry.method} ${entry.target}`);
  assert.deepEqual(log, [
    `GET /v1/responses/${id}`,
    `GET /v1/responses/${id}?stream=true`,
    `GET /v1/responses/${id}/input_items`,
    `POST /v1/responses/${id}/cancel`,
    `DELETE /v1/responses/${id}`,
  ]);
  const resumed = await openai.responses.retrieve(id, { stream: true, starting_after: 3 }).catch((caught) => caught);
  assert.equal(resumed.code, 'invalid_request');
  assert.match(resumed.message, /starting_after/);
});

test('policies name these operations', async () => {
  await gateway.apply(`
apiVersion: countersign/v1
kind: Policy
metadata: {name: nothing-kept}
spec:
  priority: 2000
  match: {operations: [responses.get, responses.delete]}
  then: {deny: {message: What is kept stays there.}}
`);
  const error = await openai.responses.retrieve('resp_0123456789abcdef').catch((caught) => caught);
  assert.equal(error.code, 'policy_denied');
  assert.equal((await openai.responses.cancel('resp_0123456789abcdef')).status, 'cancelled');
  await gateway.cli(['delete', 'policy', 'nothing-kept']);
});

test('completions are judged and masked, streamed too', async () => {
  const prompt = 'the customer file';
  assert.equal((await openai.completions.create({ model: 'demo-1', prompt })).choices[0].text, masked);
  const chunks = await collect(await openai.completions.create({ model: 'demo-1', prompt, stream: true }));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join(''), masked);
  const denied = await openai.completions.create({ model: 'demo-1', prompt: ['x', 'Project Nightfall'] }).catch((caught) => caught);
  assert.equal(denied.code, 'policy_denied');
});

test('token ids in the place of text are refused', async () => {
  for (const call of [
    () => openai.completions.create({ model: 'demo-1', prompt: [9906, 1917] }),
    () => openai.embeddings.create({ model: 'demo-1', input: [[9906, 1917]] }),
  ]) {
    const error = await call().catch((caught) => caught);
    assert.ok(error instanceof OpenAI.BadRequestError, String(error));
    assert.match(error.message, /token ids/);
  }
});

test('embeddings pass in both forms, and their texts are judged', async () => {
  const floats = await openai.embeddings.create({ model: 'demo-1', input: ['a', 'b'], encoding_format: 'float' });
  assert.deepEqual(floats.data[1].embedding, [0.1, -0.2, 0.25]);
  const packed = await openai.embeddings.create({ model: 'demo-1', input: 'a' });
  assert.equal(packed.data[0].embedding.length, 3);
  const denied = await openai.embeddings.create({ model: 'demo-1', input: ['a', 'Project Nightfall'] }).catch((caught) => caught);
  assert.equal(denied.code, 'policy_denied');
});

test('moderations pass, and their texts are judged', async () => {
  const passed = await openai.moderations.create({ model: 'demo-1', input: 'hello' });
  assert.equal(passed.results[0].category_scores.hate, 0.0000411111111111111);
  const denied = await openai.moderations
    .create({ model: 'demo-1', input: [{ type: 'text', text: 'Project Nightfall' }] })
    .catch((caught) => caught);
  assert.equal(denied.code, 'policy_denied');
  const unnamed = await openai.moderations.create({ input: 'hello' }).catch((caught) => caught);
  assert.ok(unnamed instanceof OpenAI.BadRequestError, 'a connection with a list of models wants a model');
});

test('a model is found by its id', async () => {
  assert.equal((await openai.models.retrieve('demo-1')).id, 'demo-1');
  const hidden = await openai.models.retrieve('other-1').catch((caught) => caught);
  assert.ok(hidden instanceof OpenAI.NotFoundError, String(hidden));
});
