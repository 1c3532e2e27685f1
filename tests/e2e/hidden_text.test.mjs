// Text in places and spellings that policies, the masking of prompts or reviewers might miss, checked with the demo
// model's log of received requests.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { eventually, startDemoModel } from './harness/processes.mjs';

let model, gateway, caller, rosa;
let serial = 0;

const picture = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from([0, 255, 254, 1, 128, 0])]);
const user = (content, more = {}) => ({ messages: [{ role: 'user', content, ...more }] });
const send = (members) =>
  fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
    body: typeof members === 'string' ? members : JSON.stringify({ model: 'demo-1', ...members }),
  });
const code = async (members) => {
  const answer = await send(members);
  const body = await answer.json();
  return answer.status === 200 ? 'allowed' : body.error.code;
};
const lastBody = async () => (await model.log()).at(-1).body;

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(
    resources(model.url)
      .replace('terms: [project nightfall]', 'terms: [plutonium, größe]')
      .replace("  response:\n", "  prompt:\n    - {entity: credit_card, action: replace}\n  response:\n"),
  );
  [caller, rosa] = await Promise.all(['ci-bot', 'rosa'].map((name) => gateway.createKey(name)));
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('no place for an identifier or a choice hides a word from a policy', async () => {
  const schema = (parameters) => ({ ...user('hi'), tools: [{ type: 'function', function: { name: 'f', parameters } }] });
  for (const members of [
    user('hi', { tool_call_id: 'plutonium' }),
    user('hi', { id: 'plutonium' }),
    user([{ type: 'plutonium', text: 'hi' }]),
    { ...user('hi'), tool_choice: 'plutonium' },
    { ...user('hi'), audio: { voice: 'plutonium', format: 'wav' } },
    { ...user('hi'), service_tier: 'plutonium' },
    schema({ type: 'object', properties: { a: { type: 'string', format: 'plutonium' } } }),
    schema({ type: 'object', properties: { a: { items: [{ type: 'plutonium' }] } } }),
    schema({ type: 'object', properties: { plutonium: { type: 'string' } } }),
  ]) {
    assert.equal(await code(members), 'policy_denied', JSON.stringify(members));
  }
  assert.equal(await code(schema({ type: 'object', properties: { a: { type: ['string', 'null'] } } })), 'allowed');
});

test('only media in its place is not judged', async () => {
  const word = Buffer.from('plutonium').toString('base64');
  const image = (url) => user([{ type: 'image_url', image_url: { url } }]);
  for (const members of [
    image('data:x,plutonium'),
    image('data:,pluton%69um'),
    image(`data:;base64,${word}`),
    image(`data:application/json;base64,${word}`),
    image(`data:image/svg+xml;base64,${word}`),
    image(`data:image/png;base64,${word}`),
    user([{ type: 'input_audio', input_audio: { data: 'a plutonium', format: 'wav' } }]),
    user([{ type: 'file', file: { file_data: word } }]),
    user([{ type: 'text', text: 'hi', url: 'plutonium' }]),
    { ...user('hi'), x: { file_data: 'plutonium' } },
  ]) {
    assert.equal(await code(members), 'policy_denied', JSON.stringify(members));
  }
  assert.equal(await code(image(`data:image/png;base64,${picture.toString('base64')}`)), 'allowed');
});

test('escapes of JSON in tool calls and tool results hide nothing', async () => {
  const call = (args) => ({
    messages: [
      { role: 'assistant', tool_calls: [{ id: 'call_a1b2c3d4', type: 'function', function: { name: 'f', arguments: args } }] },
      { role: 'tool', tool_call_id: 'call_a1b2c3d4', content: 'ok' },
    ],
  });
  const result = (content) => ({ messages: [{ role: 'tool', tool_call_id: 'call_a1b2c3d4', content }] });
  for (const text of ['{"q":"p\\u006cutonium"}', '{"title":"Gr\\u00f6\\u00dfe 5"}', '{"q":"{\\"r\\":\\"p\\\\u006cutonium\\"}"}']) {
    assert.equal(await code(call(text)), 'policy_denied', text);
    assert.equal(await code(result(text)), 'policy_denied', text);
  }
  assert.equal(await code(call('{"card":"4111 1111\\u00201111 1111"}')), 'allowed');
  assert.match(await lastBody(), /\{\\"card\\":\\"<CREDIT_CARD>\\"\}/);
});

test('the parts of a message, and messages of one role, are one text', async () => {
  assert.equal(await code(user(['plu', 'tonium'])), 'policy_denied');
  assert.equal(await code(user([{ type: 'text', text: 'plu' }, { type: 'text', text: 'tonium' }])), 'policy_denied');
  const parts = user([{ type: 'text', text: 'my card 4111 1111 ' }, { type: 'text', text: '1111 1111, thanks' }]);
  assert.equal(await code(parts), 'allowed');
  assert.deepEqual(
    JSON.parse(await lastBody()).messages[0].content.map((part) => part.text),
    ['my card <CREDIT_CARD>', ', thanks'],
  );
  // A card over two messages of one role, whatever stands between them.
  for (const [first, second] of [['4111 1111', '1111 1111'], ['41111111', '11111111'], ['4111 1111 ', '1111 1111']]) {
    const messages = [first, second].map((content) => ({ role: 'user', content }));
    assert.equal(await code({ messages: [...messages, { role: 'assistant', content: 'ok' }] }), 'allowed');
    const [one, two] = JSON.parse(await lastBody()).messages;
    assert.equal(one.content + two.content, '<CREDIT_CARD>', first);
  }
  const apart = ['user', 'assistant'].map((role) => ({ role, content: '4111 1111' }));
  assert.equal(await code({ messages: apart }), 'allowed');
  assert.deepEqual(JSON.parse(await lastBody()).messages.map((message) => message.content), ['4111 1111', '4111 1111']);
});

test('word edges of a policy know the words of other scripts', async () => {
  const deny = (name, regex) =>
    `\n---\napiVersion: countersign/v1\nkind: Policy\nmetadata: {name: ${name}}\nspec:\n` +
    `  when: {pattern: {regex: '${regex}'}}\n  then: {deny: {message: no}}\n`;
  const file = `${gateway.folder}/words.yaml`;
  await writeFile(file, deny('words', String.raw`(?i)\bпароль\b|\bключ\b\s*[:=]`).slice(5));
  assert.equal((await gateway.cli(['apply', '-f', file])).code, 0);
  for (const text of ['мой Пароль тут', 'КЛЮЧ : 7']) assert.equal(await code(user(text)), 'policy_denied', text);
  for (const text of ['парольщик', 'ключи: 7', 'суперключ=7']) assert.equal(await code(user(text)), 'allowed', text);
  await writeFile(file, deny('words', String.raw`foo\bбар`).slice(5));
  const refused = await gateway.cli(['validate', '-f', file]);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout + refused.stderr, /at byte 3: \\b can never match between these characters/);
  assert.equal((await gateway.cli(['delete', 'policy', 'words'])).code, 0);
});

test('a policy leaves out the models of exceptModels', async () => {
  const file = `${gateway.folder}/models.yaml`;
  await writeFile(
    file,
    'apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: models}\nspec:\n' +
      "  match: {exceptModels: ['demo-1*']}\n  then: {deny: {message: not this model}}\n",
  );
  assert.equal((await gateway.cli(['apply', '-f', file])).code, 0);
  assert.equal(await code(user('hi')), 'allowed');
  assert.equal(await code({ ...user('hi'), model: 'demo-2' }), 'policy_denied');
  const shown = await gateway.cli(['get', 'policy', 'models', '-o', 'yaml']);
  assert.match(shown.stdout, /exceptModels:\s+- ["']?demo-1\*/);
  await writeFile(file, shown.stdout);
  assert.match((await gateway.cli(['apply', '-f', file])).stdout, /unchanged/);
  const explain = (model) =>
    gateway.cli(['policy', 'explain', '--connection', 'openai', '--as', 'ci-bot', '--model', model], { input: 'hi' });
  assert.match((await explain('demo-1')).stdout, /models: not for these exceptModels|not for these exceptModels/);
  assert.equal((await gateway.cli(['delete', 'policy', 'models'])).code, 0);
});

test('a reviewer is shown everything that will be sent', async () => {
  const url = `data:image/png;base64,${picture.toString('base64')}`;
  const answer = send({
    ...user([{ type: 'text', text: `the patient record number ${++serial}` }, { type: 'image_url', image_url: { url } }]),
    tool_choice: 'none',
    temperature: 0.5,
    stream: true,
  });
  const item = await gateway.pendingReview(rosa);
  const review = await gateway.cliJson(['reviews', 'show', item.id], { key: rosa });
  const { createHash } = await import('node:crypto');
  assert.deepEqual(review.media, [
    {
      pointer: '/messages/0/content/1/image_url/url',
      type: 'image/png',
      size: picture.length,
      sha256: createHash('sha256').update(picture).digest('hex'),
    },
  ]);
  assert.equal(review.head.method, 'POST');
  assert.match(review.head.target, /\/chat\/completions$/);
  assert.ok(review.head.headers.some(({ name, value }) => name === 'content-type' && value === 'application/json'));
  const copy = `${gateway.folder}/picture.png`;
  const fetched = await gateway.cli(['reviews', 'show', item.id, '--media', '0', '-o', copy], { key: rosa });
  assert.equal(fetched.code, 0, fetched.stderr);
  assert.deepEqual(await readFile(copy), picture);
  assert.equal((await gateway.cli(['reviews', 'show', item.id, '--media', '0', '-o', copy], { key: caller })).code, 1);
  assert.equal((await gateway.cli(['reviews', 'show', item.id, '--media', '1', '-o', copy], { key: rosa })).code, 1);
  const members = Object.fromEntries(review.members.map(({ pointer, json }) => [pointer, json]));
  assert.equal(members['/model'], '"demo-1"');
  assert.equal(members['/tool_choice'], '"none"');
  assert.equal(members['/temperature'], '0.5');
  assert.equal(members['/stream'], 'true');
  assert.equal(members['/stream_options/include_usage'], 'true'); // the gateway's own addition, too
  const words = await gateway.cli(['reviews', 'show', item.id], { key: rosa });
  assert.match(words.stdout, /Request:\n {2}POST \/[^]*Media:\n {2}0: \/messages\/0\/content\/1\/image_url\/url image\/png, 14 bytes, SHA-256 [0-9a-f]{64}\n/);
  assert.match(words.stdout, /Also sent:\n[^]*\/tool_choice = "none"\n/);
  assert.equal((await gateway.cli(['reviews', 'approve', item.id], { key: rosa })).code, 0);
  assert.equal((await answer).status, 200);
  await eventually('the model saw it', async () => (await lastBody()).includes(url));
});
