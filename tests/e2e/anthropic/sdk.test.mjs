// The official Anthropic SDKs, unmodified, through the gateway: only base_url and the key differ from a direct call.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import http from 'node:http';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { Gateway, resources } from '../harness/gateway.mjs';
import { connect, stream } from '../harness/grpc.mjs';
import { cut, startHostileModel } from '../harness/hostile_model.mjs';
import { eventually, run, startDemoModel } from '../harness/processes.mjs';

let model, hostile, batches, gateway, client, wild, key, rosa;

const connections = () => `---
apiVersion: countersign/v1
kind: Credential
metadata: {name: anthropic-key}
spec: {header: {name: x-api-key, value: {inline: upstream-secret-key}}}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: claude}
spec: {protocol: anthropic, url: '${model.url}', credential: anthropic-key, models: ['demo-*']}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: bare}
spec: {protocol: anthropic, url: '${model.url}'}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: wild}
spec: {protocol: anthropic, url: '${hostile.url}/v1'}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: batches}
spec: {protocol: anthropic, url: 'http://127.0.0.1:${batches.address().port}'}
---
apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: exact}
spec:
  unknownEvents: refuse
  response: [{entity: tier1, action: replace}]
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: exact}
spec:
  priority: 50
  when: {pattern: {regex: 'be exact'}}
  then: {allow: {}, masking: exact}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: untouched}
spec:
  priority: 60
  match: {connections: [bare]}
  then: {allow: {}, masking: none}
`;

const params = (text, more = {}) => ({
  model: 'demo-1',
  max_tokens: 1024,
  messages: [{ role: 'user', content: text }],
  ...more,
});
const ask = (text, more, options) => client.messages.create(params(text, more), options);
async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}
const deltas = (events, index, member) =>
  events
    .filter((event) => event.type === 'content_block_delta' && event.index === index)
    .map((event) => event.delta[member] ?? '')
    .join('');
const received = async (path = '/v1/messages') => (await model.log()).filter((entry) => entry.target === path && !entry.left);
const post = (base, body, headers = {}) =>
  fetch(`${base}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const masked = 'The customer is Jane Doe: card <CREDIT_CARD>, SSN <US_SSN>, contract <PROJECT>. Is there anything else?';
const tools = [{ name: 'get_weather', description: 'Tells it', input_schema: { type: 'object', properties: {} } }];

before(async () => {
  model = await startDemoModel();
  hostile = await startHostileModel();
  batches = http.createServer((request, response) => {
    const line = (id, text) =>
      `${JSON.stringify({ custom_id: id, result: { type: 'succeeded', message: { type: 'message', content: [{ type: 'text', text }] } } })}\n`;
    const results = request.url.endsWith('/results');
    response.writeHead(200, { 'content-type': results ? 'application/x-jsonl' : 'application/json' });
    const batch = { id: 'msgbatch_1', type: 'message_batch', processing_status: 'ended', results_url: 'http://127.0.0.1:1/elsewhere' };
    response.end(results ? line('a', 'card 4111 1111 1111 1111') + line('b', 'fine') : JSON.stringify(batch));
  });
  batches.listen(0, '127.0.0.1');
  await once(batches, 'listening');
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url) + connections());
  [key, rosa] = await Promise.all([gateway.createKey('ci-bot'), gateway.createKey('rosa')]);
  const open = (name) => new Anthropic({ baseURL: `http://${gateway.address}/${name}`, apiKey: key });
  client = open('claude');
  wild = open('wild');
});
after(async () => {
  await gateway?.stop();
  await hostile?.stop();
  batches?.closeAllConnections();
  batches?.close();
  await model?.stop();
});

test('models are those that the connection allows', async () => {
  const page = await client.models.list();
  assert.deepEqual(page.data.map((entry) => entry.id), ['demo-1', 'demo-2']);
  assert.deepEqual([page.has_more, page.first_id, page.last_id], [false, 'demo-1', 'demo-2']);
  assert.equal((await client.models.retrieve('demo-1')).display_name, 'Demo demo-1');
  await assert.rejects(client.models.retrieve('other-1'), Anthropic.NotFoundError);
});

test('a plain answer is masked and keeps its usage and ids', async () => {
  const { data, response, request_id: id } = await ask('the customer file').withResponse();
  assert.equal(data.content[0].text, masked);
  assert.equal(data.stop_reason, 'end_turn');
  assert.ok(data.usage.output_tokens > 10);
  assert.match(id, /^req_/);
  assert.equal(response.headers.get('x-request-id'), id);
  assert.equal(response.headers.get('x-upstream-request-id'), 'req_demo');
  const session = await gateway.ended((entry) => entry.id === response.headers.get('x-countersign-session'));
  assert.equal(session.outcome, 'completed');
});

test('answers without a match pass byte for byte, and so do prompts', async () => {
  // A masker, of the leased credential too, divides the text of a stream otherwise: streams are compared without one.
  for (const [stream, name] of [[false, 'claude'], [true, 'bare']]) {
    const body = `{ "model":"demo-1", "messages":[{"role":"user","content":"h\\u00e9llo"}],"max_tokens":5,"stream":${stream}}`;
    const direct = await post(model.url, body, { 'x-api-key': 'none' });
    const through = await post(`http://${gateway.address}/${name}`, body);
    assert.equal(await through.text(), await direct.text());
    assert.equal((await received()).at(-1).body, body);
  }
});

test('the stream helper gives the same message as a plain call', async () => {
  const final = await client.messages.stream(params('the customer file')).finalMessage();
  assert.equal(final.content[0].text, masked);
  assert.equal(final.stop_reason, 'end_turn');
  const events = await collect(await ask('the customer file', { stream: true }));
  assert.ok(events.length > 10, `only ${events.length} events: the stream was buffered`);
  assert.equal(deltas(events, 0, 'text'), masked);
  assert.equal(events.at(-1).type, 'message_stop');
});

test('tool calls keep their shape and their input stays JSON', async () => {
  const expected = { city: 'Oslo', card: '<CREDIT_CARD>', days: 3 };
  const plain = await ask('the weather', { tools });
  assert.equal(plain.stop_reason, 'tool_use');
  assert.deepEqual(plain.content.at(-1).input, expected);
  const final = await client.messages.stream(params('the weather', { tools })).finalMessage();
  assert.deepEqual(final.content.at(-1).input, expected);
  assert.deepEqual([final.content.at(-1).name, final.content.at(-1).id], ['get_weather', 'toolu_demo']);
});

test('signed thinking is never rewritten: with a match it comes empty, and its signature stays', async () => {
  for (const answer of [await ask('think about it'), await client.messages.stream(params('think about it')).finalMessage()]) {
    assert.equal(answer.content[0].type, 'thinking');
    assert.equal(answer.content[0].thinking, '');
    assert.ok(answer.content[0].signature.length > 256);
    assert.equal(answer.content[1].text, 'I have thought about it.');
  }
});

test('a strict profile ends the answer instead', async () => {
  await assert.rejects(ask('be exact, think about it', {}, { maxRetries: 0 }), (error) => {
    assert.ok(error instanceof Anthropic.InternalServerError, String(error));
    assert.equal(error.error.error.code, 'upstream_error');
    return true;
  });
  const events = [];
  await assert.rejects(async () => {
    for await (const event of await ask('be exact, think about it', { stream: true })) events.push(event);
  }, Anthropic.APIError);
  assert.ok(events.every((event) => event.delta?.thinking === undefined));
});

test('a picture is recorded by type, size and digest, and reaches the model as it is', async () => {
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 37) % 256))]);
  const data = png.toString('base64');
  const text = 'shorten this patient record picture';
  const answer = ask([
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
    { type: 'text', text },
  ]);
  const item = await gateway.pendingReview(rosa);
  const shown = await gateway.cli(['reviews', 'show', item.id], { key: rosa });
  assert.match(shown.stdout, new RegExp(createHash('sha256').update(png).digest('hex')));
  assert.match(shown.stdout, /image\/png/);
  await gateway.cli(['reviews', 'approve', item.id], { key: rosa });
  await answer;
  assert.ok((await received()).at(-1).body.includes(data));
});

test('a denied prompt is a typed error, is not retried and never reaches the model', async () => {
  const earlier = (await received()).length;
  const hidden = [
    params('tell me about Project\u200b Nightfall'),
    params([{ type: 'text', text: 'about project ' }, { type: 'text', text: 'nightfall' }]),
    params([{ type: 'tool_result', tool_use_id: 'toolu_01A09q90qw90lq91', content: [{ type: 'text', text: 'project nightfall' }] }]),
    params([{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'project nightfall' } }]),
    params([{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: btoa('about project nightfall') } }]),
    params('hi', { system: [{ type: 'text', text: 'project nightfall', cache_control: { type: 'ephemeral' } }] }),
    params('hi', { tools: [{ ...tools[0], input_schema: { type: 'object', properties: { 'project nightfall': {} } } }] }),
    params('hi', { metadata: { user_id: 'project nightfall' } }),
    params('hi', { stop_sequences: ['project nightfall'] }),
  ];
  for (const request of hidden) {
    const error = await client.messages.create(request).catch((caught) => caught);
    assert.ok(error instanceof Anthropic.PermissionDeniedError, String(error));
    assert.equal(error.error.error.code, 'policy_denied');
    assert.equal(error.type, 'permission_error');
    assert.match(error.requestID, /^req_/);
    assert.match(error.message, /must not leave the company/);
  }
  const counted = await client.messages
    .countTokens({ model: 'demo-1', messages: [{ role: 'user', content: 'project nightfall' }] })
    .catch((caught) => caught);
  assert.ok(counted instanceof Anthropic.PermissionDeniedError, String(counted));
  assert.equal((await received()).length, earlier);
  assert.doesNotMatch(await model.raw(), /nightfall/i);
});

test('count_tokens answers, and is decided like a prompt', async () => {
  const { input_tokens: tokens } = await client.messages.countTokens({ model: 'demo-1', messages: [{ role: 'user', content: 'hello there' }] });
  assert.ok(tokens > 0);
});

test('a held stream is kept alive by pings, and completes once it is approved', async () => {
  const answer = ask('shorten this patient record', { stream: true });
  const item = await gateway.pendingReview(rosa);
  // Until a stream's head is sent, after 10 s, nothing can be seen of it.
  await new Promise((wake) => setTimeout(wake, 11_000));
  const stream = await answer;
  await gateway.cli(['reviews', 'approve', item.id], { key: rosa });
  const events = await collect(stream);
  assert.match(deltas(events, 0, 'text'), /demo model/);
});

test('a held call that is denied is a typed error, in-band too', async () => {
  const plain = ask('shorten this patient record now').catch((caught) => caught);
  const first = await gateway.pendingReview(rosa);
  await gateway.cli(['reviews', 'deny', first.id], { key: rosa });
  const error = await plain;
  assert.ok(error instanceof Anthropic.PermissionDeniedError, String(error));
  assert.equal(error.error.error.code, 'review_denied');
  assert.equal(error.error.error.review_id, first.id);

  const response = await post(`http://${gateway.address}/claude`, params('shorten this patient record in-band', { stream: true }));
  const second = await gateway.pendingReview(rosa);
  await gateway.cli(['reviews', 'deny', second.id], { key: rosa });
  const body = await response.text();
  assert.match(body, /^(: waiting\nevent: ping\ndata: \{"type": "ping"\}\n\n)+event: error\n/);
  assert.match(body, /"code":"review_denied"/);
});

test('errors of each kind are the SDK\'s classes', async () => {
  const failed = (status, more = { maxRetries: 0 }) => ask(`fail with ${status}`, {}, more).catch((caught) => caught);
  for (const [status, type] of [
    [400, Anthropic.BadRequestError],
    [404, Anthropic.NotFoundError],
    [409, Anthropic.ConflictError],
    [413, Anthropic.APIError],
    [422, Anthropic.UnprocessableEntityError],
    [429, Anthropic.RateLimitError],
    [500, Anthropic.InternalServerError],
    [529, Anthropic.InternalServerError],
  ]) {
    const error = await failed(status);
    assert.ok(error instanceof type, `${status}: ${error}`);
    assert.equal(error.status, status);
  }
  assert.equal((await failed(529)).type, 'overloaded_error');
  // The provider refused the gateway's credential, not the caller's.
  const refused = await failed(401);
  assert.equal(refused.status, 502);
  assert.equal(refused.error.error.code, 'upstream_auth');
  const earlier = (await received()).length;
  await failed(529, { maxRetries: 2 });
  assert.equal((await received()).length - earlier, 3);

  const unknown = await ask('hello', { model: 'claude-9' }).catch((caught) => caught);
  assert.ok(unknown instanceof Anthropic.NotFoundError, String(unknown));
  const stranger = new Anthropic({ baseURL: client.baseURL, apiKey: 'cs_nobody', maxRetries: 0 });
  const rejected = await stranger.messages.create(params('hi')).catch((caught) => caught);
  assert.ok(rejected instanceof Anthropic.AuthenticationError, String(rejected));
  assert.equal(rejected.type, 'authentication_error');
  const bad = await client.messages.create({ model: 'demo-1', max_tokens: 'x', messages: [] }).catch((caught) => caught);
  assert.ok(bad instanceof Anthropic.BadRequestError, String(bad));
  const files = await client.beta.files.list().then(() => undefined, (caught) => caught);
  assert.ok(files instanceof Anthropic.PermissionDeniedError, String(files));
});

test('a bearer token is a credential, too, and the model gets the connection\'s', async () => {
  const bearer = new Anthropic({ baseURL: client.baseURL, apiKey: null, authToken: key });
  await bearer.messages.create(params('hello'));
  const headers = new Map((await received()).at(-1).headers.map(([name, value]) => [name.toLowerCase(), value]));
  assert.equal(headers.get('x-api-key'), 'upstream-secret-key');
  assert.equal(headers.get('authorization'), undefined);
  assert.match(headers.get('anthropic-version'), /^20[0-9-]+$/);
  assert.ok(!(await model.raw()).includes(key));
});

test('what Claude Code sends arrives as it was sent', async () => {
  const body = JSON.stringify({
    model: 'demo-1',
    messages: [
      { role: 'user', content: [{ type: 'text', text: '<system-reminder>be brief</system-reminder>' }, { type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 'EqQB' }, { type: 'tool_use', id: 'toolu_01A09q90qw90lq91', name: 'Bash', input: { command: 'ls' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_01A09q90qw90lq91', content: 'a.txt', is_error: false }] },
    ],
    system: [{ type: 'text', text: 'You are Claude Code.', cache_control: { type: 'ephemeral' } }],
    tools: [{ name: 'Bash', description: 'Runs it', input_schema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] } }],
    metadata: { user_id: 'user_1_account__session_2' },
    max_tokens: 32000,
    thinking: { type: 'enabled', budget_tokens: 31999 },
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
    stream: true,
  });
  const betas = 'claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27';
  const response = await fetch(`${client.baseURL}/v1/messages?beta=true`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`, 'anthropic-version': '2023-06-01', 'content-type': 'application/json',
      'anthropic-beta': betas, 'user-agent': 'claude-cli/2.1.0 (external, cli)', 'x-app': 'cli',
      'anthropic-dangerous-direct-browser-access': 'true',
    },
    body,
  });
  assert.equal(response.status, 200);
  assert.match(await response.text(), /event: message_stop\n/);
  const sent = (await received('/v1/messages?beta=true')).at(-1);
  assert.equal(sent.body, body);
  const headers = new Map(sent.headers.map(([name, value]) => [name.toLowerCase(), value]));
  assert.equal(headers.get('anthropic-beta'), betas);
});

test('aborting a stream cancels the model at once, and a timeout is the SDK\'s', async () => {
  const left = async () => (await model.log()).filter((entry) => entry.left).length;
  const before = await left();
  const stream = await ask('count', { stream: true });
  let seen = 0;
  for await (const event of stream) {
    void event;
    if (++seen === 5) stream.controller.abort();
  }
  await eventually('the model saw its caller leave', async () => (await left()) > before);
  const silent = hostile.play(() => new Promise(() => {}));
  const late = await wild.messages.create(params(silent), { timeout: 300, maxRetries: 0 }).catch((caught) => caught);
  assert.ok(late instanceof Anthropic.APIConnectionTimeoutError, String(late));
});

// Events as a server writes them.
const event = (type, members = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
const begin = event('message_start', {
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'demo-1', content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 5, output_tokens: 1 } },
});
const start = (index, block) => event('content_block_start', { index, content_block: block });
const piece = (index, type, member, text) => event('content_block_delta', { index, delta: { type, [member]: text } });
const stop = (index) => event('content_block_stop', { index });
const end = event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 9 } }) + event('message_stop');

test('a stream cut at every byte gives the same bytes', async () => {
  const stream =
    begin + start(0, { type: 'text', text: '' }) + [...'card 4111 1111 1111 1111 and'].map((c) => piece(0, 'text_delta', 'text', c)).join('') + stop(0) +
    start(1, { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }) + piece(1, 'input_json_delta', 'partial_json', '{"a":"4111 1111') + piece(1, 'input_json_delta', 'partial_json', ' 1111 1111"}') + stop(1) + end;
  const play = async (writes) => {
    const response = await post(wild.baseURL, params(hostile.stream(writes), { stream: true }));
    return response.text();
  };
  const whole = await play([stream]);
  assert.doesNotMatch(whole, /1111 1111/);
  assert.match(whole, /<CREDIT_CARD>/);
  const size = Buffer.byteLength(stream);
  assert.equal(await play(cut(stream, () => 1)), whole);
  for (let at = 1; at < size; at += 61) {
    let first = true;
    const pieces = cut(stream, () => (first ? ((first = false), at) : size));
    assert.equal(await play(pieces), whole, `cut at ${at}`);
  }
});

test('a stream that breaks off, or reports an error, is never complete', async () => {
  for (const [writes, code] of [
    [[begin, piece(0, 'text_delta', 'text', 'see 4111 1111 1111')], 'upstream_error'],
    [[begin, piece(0, 'text_delta', 'text', 'see'), event('error', { error: { type: 'overloaded_error', message: 'mail a@b.io' } })], undefined],
  ]) {
    const events = [];
    const error = await (async () => {
      for await (const each of await wild.messages.create(params(hostile.stream(writes), { stream: true }))) events.push(each);
    })().catch((caught) => caught);
    assert.ok(error instanceof Anthropic.APIError, String(error));
    assert.equal(error.error?.error?.code, code);
    assert.ok(events.every((each) => each.type !== 'message_stop'));
    assert.doesNotMatch(JSON.stringify([events, error.error]), /4111|a@b\.io/);
  }
  const broken = await ask('break off', { stream: true });
  await assert.rejects(collect(broken));
});

test('a batch is decided as a whole, and its results are masked through the gateway', async () => {
  const entry = (id, text) => ({ custom_id: id, params: params(text) });
  await assert.rejects(
    client.messages.batches.create({ requests: [entry('a', 'hello'), entry('b', 'project nightfall')] }),
    Anthropic.PermissionDeniedError,
  );
  await assert.rejects(
    client.messages.batches.create({ requests: [entry('a', 'hello'), { custom_id: 'b', params: params('x', { model: 'demo-2' }) }] }),
    Anthropic.BadRequestError,
  );
  const other = new Anthropic({ baseURL: `http://${gateway.address}/batches`, apiKey: key });
  const { id } = await other.messages.batches.create({ requests: [entry('a', 'hello')] });
  const results = await collect(await other.messages.batches.results(id));
  assert.deepEqual(results.map((each) => [each.custom_id, each.result.message.content[0].text]), [
    ['a', 'card <CREDIT_CARD>'],
    ['b', 'fine'],
  ]);
});

test('a typed prompt over gRPC goes to the same connection', async () => {
  const inference = connect(gateway.address, 'countersign.inference.v1.Inference');
  try {
    const request = { settings: { model: 'demo-1' }, messages: [{ role: 'ROLE_SYSTEM', text: 'Be short.' }, { role: 'ROLE_USER', text: 'the customer file' }] };
    const { messages, end } = await stream(inference, 'Generate', request, { token: key, headers: { 'countersign-connection': 'claude' } }).all();
    assert.equal(end.code, 'OK', end.message);
    const text = messages.filter((one) => one.text_delta).map((one) => one.text_delta.text).join('');
    assert.equal(text, masked);
    assert.ok(messages.some((one) => one.masked?.entity === 'credit_card'));
    assert.deepEqual(messages.slice(-3).map((one) => one.event), ['finished', 'usage', 'end']);
    const { body } = (await received()).at(-1);
    assert.deepEqual(JSON.parse(body), {
      model: 'demo-1', system: [{ type: 'text', text: 'Be short.' }], messages: [{ role: 'user', content: 'the customer file' }],
      max_tokens: 4096, stream: true,
    });
  } finally {
    inference.close();
  }
});

test('the Python SDK gets the same, and raises the right exceptions', async () => {
  const python = resolve(import.meta.dirname, '../.venv/bin/python');
  assert.ok(existsSync(python), `${python} is missing: scripts/install-python-packages makes it`);
  const prompts = ['the customer file', 'think about it', 'the weather', 'fail with 429', 'fail with 529', 'project nightfall', 'break off'];
  const { code, stdout, stderr } = await run(
    python,
    [resolve(import.meta.dirname, 'caller.py'), client.baseURL, key],
    { input: JSON.stringify(prompts) },
  );
  assert.equal(code, 0, stderr);
  const [file, thought, weather, limited, overloaded, denied, broken] = JSON.parse(stdout);
  assert.deepEqual([file.text, file.plain], [masked, masked]);
  assert.deepEqual([thought.text, thought.thinking], ['I have thought about it.', '']);
  assert.deepEqual(weather.input, { city: 'Oslo', card: '<CREDIT_CARD>', days: 3 });
  assert.deepEqual([limited.error.type, limited.error.status], ['RateLimitError', 429]);
  assert.deepEqual([overloaded.error.type, overloaded.error.status], ['OverloadedError', 529]);
  assert.deepEqual([denied.error.type, denied.error.status], ['PermissionDeniedError', 403]);
  assert.equal(broken.error.type, 'APIStatusError');
});
