// countersign.inference.v1.Inference: prompts with types, through the same pipeline as all others, with official gRPC
// clients for Node and Python.

import assert from 'node:assert/strict';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { connect, stream } from './harness/grpc.mjs';
import { makeFolder, removeFolder, run, startDemoModel } from './harness/processes.mjs';

const root = resolve(import.meta.dirname, '../..');
let model, gateway, bot, rosa, inference;
let serial = 0;

const risky = () => `Shorten this patient record number ${++serial} over types.`;
const say = (text) => [{ role: 'ROLE_USER', text }];
const settings = { model: 'demo-1' };
const generate = (text, { more = {}, ...options } = {}) =>
  stream(inference, 'Generate', { settings, messages: say(text), ...more }, { token: bot, ...options });
const kinds = (messages) => messages.map((message) => message.event);
const textOf = (messages, choice = 0) =>
  messages.filter((one) => one.text_delta?.choice === choice).map((one) => one.text_delta.text).join('');
const timesSeen = async (text) => (await model.log()).filter((entry) => entry.body?.includes(text)).length;
// Reads events until one of this kind, which it returns.
async function until(call, kind) {
  for (;;) {
    const { message, end } = await call.next();
    assert.equal(end, undefined, `the call ended before ${kind}: ${JSON.stringify(end)}`);
    if (message.event === kind) return message[kind];
  }
}

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  [bot, rosa] = await Promise.all(['ci-bot', 'rosa'].map((name) => gateway.createKey(name)));
  inference = connect(gateway.address, 'countersign.inference.v1.Inference');
});
after(async () => {
  inference?.close();
  await gateway?.stop();
  await model?.stop();
});

test('an allowed prompt: started, decided, its text, usage, end', async () => {
  const { messages, end } = await generate('Say exactly: hello, types').all();
  assert.equal(end.code, 'OK', end.message);
  assert.deepEqual(kinds(messages).slice(0, 2), ['started', 'decided']);
  assert.equal(messages[1].decided.verdict, 'VERDICT_ALLOW');
  assert.equal(textOf(messages), 'hello, types');
  assert.deepEqual(kinds(messages).slice(-3), ['finished', 'usage', 'end']);
  assert.equal(messages.at(-3).finished.reason, 'stop');
  assert.ok(Number(messages.at(-2).usage.output_tokens) > 0);
  const session = await gateway.ended((one) => one.id === messages[0].started.session_id);
  assert.equal(session.outcome, 'completed');
});

test('the model gets what the settings say', async () => {
  const text = `Say exactly: settings ${++serial}`;
  const more = {
    settings: { ...settings, temperature: 0.5, top_p: 0.9, max_tokens: 50, stop: ['END'], seed: '7', user: 'u-1' },
    messages: [{ role: 'ROLE_SYSTEM', text: 'Be short.' }, ...say(text)],
    choices: 2,
  };
  const { messages, end } = await generate(text, { more, headers: { 'countersign-connection': 'openai' } }).all();
  assert.equal(end.code, 'OK', end.message);
  for (const choice of [0, 1]) assert.equal(textOf(messages, choice), `settings ${serial}`);
  const [{ body }] = (await model.log()).filter((entry) => entry.body?.includes(text));
  assert.deepEqual(JSON.parse(body), {
    model: 'demo-1', temperature: 0.5, top_p: 0.9, max_tokens: 50, stop: ['END'], seed: 7, user: 'u-1', n: 2, stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'system', content: 'Be short.' }, { role: 'user', content: text }],
  });
});

test('refusals are statuses with reasons', async () => {
  const refused = async (text, options) => {
    const { messages, end } = await generate(text, options).all();
    assert.deepEqual(messages, []);
    return [end.code, end.details.ErrorInfo?.reason];
  };
  assert.deepEqual(await refused('Tell me about Project Nightfall.'), ['PERMISSION_DENIED', 'policy_denied']);
  assert.deepEqual(await refused('Hello.', { token: 'wrong' }), ['UNAUTHENTICATED', 'unauthenticated']);
  assert.deepEqual(await refused('Hello.', { headers: { 'countersign-connection': 'none' } }), ['NOT_FOUND', 'unknown_connection']);
  assert.deepEqual(await refused('Hello.', { more: { settings: { model: 'other' } } }), ['NOT_FOUND', 'model_not_found']);
  assert.deepEqual(await refused('Hello.', { more: { messages: [] } }), ['INVALID_ARGUMENT', 'invalid_request']);
  assert.equal(await timesSeen('Nightfall'), 0);
});

test('a held prompt: held, then approved by whom, and it goes on', async () => {
  const text = risky();
  const call = generate(text);
  const held = await until(call, 'held');
  const review = await gateway.pendingReview(rosa);
  assert.deepEqual([held.review_id, held.binding_hash], [review.id, review.bindingHash]);
  assert.ok(Number(held.expires_at.seconds) * 1000 > Date.now());
  assert.equal(await timesSeen(text), 0, 'the model saw a prompt that nobody approved');
  assert.equal((await gateway.cli(['reviews', 'approve', review.id, '--reason', 'known'], { key: rosa })).code, 0);
  const approved = await until(call, 'approved');
  assert.deepEqual([approved.review_id, approved.approvers], [review.id, ['rosa']]);
  const { messages, end } = await call.all();
  assert.equal(end.code, 'OK', end.message);
  assert.match(textOf(messages), /demo model/);
  assert.equal(await timesSeen(text), 1);
});

test('a prompt that reviewers deny is PERMISSION_DENIED, with its review', async () => {
  const text = risky();
  const call = generate(text);
  const { review_id: id } = await until(call, 'held');
  assert.equal((await gateway.cli(['reviews', 'deny', id, '--reason', 'no'], { key: rosa })).code, 0);
  const { end } = await call.all();
  assert.equal(end.code, 'PERMISSION_DENIED');
  assert.equal(end.details.ErrorInfo.reason, 'review_denied');
  assert.equal(end.details.ErrorInfo.metadata.review_id, id);
  assert.equal(await timesSeen(text), 0);
});

test('a deadline before the end of the hold is FAILED_PRECONDITION at once, and the review stays', async () => {
  const { messages, end } = await generate(risky(), { deadline: Date.now() + 15_000 }).all();
  assert.equal(end.code, 'FAILED_PRECONDITION');
  assert.equal(end.details.ErrorInfo.reason, 'review_pending');
  const id = end.details.ErrorInfo.metadata.review_id;
  assert.equal(messages.at(-1).held.review_id, id);
  assert.equal((await gateway.pendingReview(rosa)).id, id);
  assert.equal((await gateway.cli(['reviews', 'deny', id], { key: rosa })).code, 0);
});

test('masked spans are told by entity and place', async () => {
  const { messages, end } = await generate('Show me the customer file.').all();
  assert.equal(end.code, 'OK', end.message);
  const text = textOf(messages);
  assert.doesNotMatch(text, /4111 1111|536-90|PRJ-2291/);
  const masked = messages.filter((one) => one.event === 'masked').map((one) => one.masked);
  assert.deepEqual(masked.map((one) => one.entity).sort(), ['credit_card', 'project', 'us_ssn']);
  for (const { entity, begin, end: stop } of masked) {
    assert.equal(Buffer.from(text).subarray(Number(begin), Number(stop)).toString(), `<${entity.toUpperCase()}>`);
  }
});

test('the model\'s own errors are statuses', async () => {
  const { end } = await generate('fail with 429').all();
  assert.deepEqual([end.code, end.details.ErrorInfo.reason], ['RESOURCE_EXHAUSTED', 'upstream_error']);
  const broken = await generate('break off').all();
  assert.equal(broken.end.code, 'ABORTED');
  assert.equal(broken.end.details.ErrorInfo.reason, 'upstream_error');
});

test('a caller that cancels cancels the model', async () => {
  const call = generate('Count.');
  const { session_id: id } = await until(call, 'started');
  await until(call, 'text_delta');
  call.cancel();
  const session = await gateway.ended((one) => one.id === id);
  assert.equal(session.outcome, 'cancelled');
});

test('a conversation: each turn is a call, and carries the turns before', async () => {
  const chat = stream(inference, 'Chat', undefined, { token: bot });
  chat.send({ open: { settings, messages: say('Say exactly: the card is 4111 1111 1111 1111') } });
  const turn = async () => {
    const messages = [];
    while (messages.at(-1)?.event !== 'end') {
      const { message, end } = await chat.next();
      assert.equal(end, undefined, JSON.stringify(end));
      messages.push(message);
    }
    return messages;
  };
  const first = await turn();
  assert.ok(first.every((message) => message.turn === 1));
  assert.equal(textOf(first), 'the card is <CREDIT_CARD>');
  const text = `Say exactly: and now ${++serial}`;
  chat.send({ user_text: text });
  const second = await turn();
  assert.ok(second.every((message) => message.turn === 2));
  assert.equal(textOf(second), `and now ${serial}`);
  assert.notEqual(first[0].started.session_id, second[0].started.session_id);
  const [{ body }] = (await model.log()).filter((entry) => entry.body?.includes(text));
  assert.deepEqual(JSON.parse(body).messages.map(({ role }) => role), ['user', 'assistant', 'user']);
  assert.equal(JSON.parse(body).messages[1].content, 'the card is <CREDIT_CARD>');
  chat.send({ user_text: 'Tell me about Project Nightfall.' });
  const { end } = await chat.all();
  assert.deepEqual([end.code, end.details.ErrorInfo.reason], ['PERMISSION_DENIED', 'policy_denied']);
  chat.close();
});

test("the same over Connect's streams, as JSON", async () => {
  const ask = async (text) => {
    const body = Buffer.from(JSON.stringify({ settings, messages: say(text) }));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    const answer = await fetch(`http://${gateway.address}/countersign.inference.v1.Inference/Generate`, {
      method: 'POST', headers: { 'content-type': 'application/connect+json', authorization: `Bearer ${bot}` },
      body: Buffer.concat([head, body]),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const messages = [];
    for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
      messages.push(JSON.parse(bytes.subarray(at + 5, at + 5 + bytes.readUInt32BE(at + 1))));
    }
    return messages;
  };
  const messages = await ask('Say exactly: hello, Connect');
  assert.equal(messages[1].decided.verdict, 'VERDICT_ALLOW');
  assert.equal(messages.map((one) => one.textDelta?.text ?? '').join(''), 'hello, Connect');
  assert.deepEqual(messages.at(-1), {});
  const [{ error }] = await ask('Project Nightfall?');
  assert.deepEqual([error.code, error.details[0].debug.reason], ['permission_denied', 'policy_denied']);
});

test('the block of the page', async () => {
  const page = await readFile(join(root, 'docs/inference.md'), 'utf8');
  const folder = await makeFolder();
  await symlink(join(root, 'proto'), join(folder, 'proto'));
  await symlink(join(import.meta.dirname, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'generate.mjs'), page.match(/^```js\n(.*?)^```$/ms)[1]);
  const { code, stdout, stderr } = await run('env', ['-C', folder, process.execPath, 'generate.mjs'], {
    env: { GATEWAY: gateway.address, COUNTERSIGN_TOKEN: bot },
  });
  await removeFolder(folder);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /The customer is Jane Doe: card <CREDIT_CARD>/);
  assert.match(stderr, /masked: credit_card/);
});

test('a client in Python that knows the messages from reflection', async () => {
  const python = join(import.meta.dirname, '.venv/bin/python');
  const service = 'countersign.inference.v1.Inference';
  const open = { settings, messages: say('Say exactly: one') };
  const calls = [
    { method: `${service}/Generate`, token: bot, request: { settings, messages: say('Say exactly: hello, Python') } },
    { method: `${service}/Generate`, token: bot, request: { settings, messages: say('Project Nightfall?') } },
    { method: `${service}/Chat`, token: bot, requests: [{ open }, { user_text: 'Say exactly: two' }] },
    { method: `${service}/Chat`, token: bot, requests: [{ user_text: 'Hello.' }] },
  ];
  const { stdout, stderr, code } = await run(python, [join(import.meta.dirname, 'grpc_caller.py'), gateway.address], {
    input: JSON.stringify(calls),
  });
  assert.equal(code, 0, stderr);
  const [, hello, denied, chat, unopened] = JSON.parse(stdout);
  const said = ({ messages }, turn) =>
    messages.filter((one) => one.turn === turn).map((one) => one.textDelta?.text ?? '').join('');
  assert.equal(hello.code, 'OK', hello.message);
  assert.equal(said(hello), 'hello, Python');
  assert.deepEqual([denied.code, denied.reason, denied.messages], ['PERMISSION_DENIED', 'policy_denied', []]);
  assert.equal(chat.code, 'OK', chat.message);
  assert.deepEqual([said(chat, 1), said(chat, 2)], ['one', 'two']);
  assert.deepEqual([unopened.code, unopened.reason], ['INVALID_ARGUMENT', 'invalid_request']);
});

test('a gateway that stops ends a conversation between its turns', async () => {
  const chat = stream(inference, 'Chat', undefined, { token: bot });
  chat.send({ open: { settings, messages: say('Say exactly: one') } });
  await until(chat, 'end');
  const stopped = gateway.process.stop();
  const { end } = await chat.all();
  assert.equal(end.code, 'UNAVAILABLE');
  assert.equal(end.details.ErrorInfo.reason, 'unavailable');
  await stopped;
  await gateway.resume();  // for the end of this file
});
