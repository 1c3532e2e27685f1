// Masking of prompts and answers: the model sees placeholders, the caller gets the original text.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import { startDemoModel } from './harness/processes.mjs';

const profile = `
---
apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: standard}
spec:
  response:
    - {entity: tier1}
  prompt:
    - {entity: email, action: placeholder}
    - {entity: credit_card, action: placeholder}
    - {entity: us_ssn, action: placeholder, restore: none}
    - {template: 'PRJ-####', label: PROJECT, action: placeholder, restore: {groups: [platform]}}
`;
const email = 'jane.doe@example.com';
const card = '4111 1111 1111 1111';
const ssn = '536-90-4399';
const emailToken = /<EMAIL_([a-z][0-9]){5}>/;
const cardToken = /<CREDIT_CARD_([a-z][0-9]){5}>/;

let model, gateway, bot, alice, rosa, botKey;

const client = (apiKey) => new OpenAI({ baseURL: gateway.baseURL, apiKey });
const ask = (openai, text, more = {}) =>
  openai.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content: text }], ...more });
const contentOf = async (answer) => (await answer).choices[0].message.content;
async function streamed(openai, text, more = {}) {
  let received = '';
  for await (const chunk of await ask(openai, text, { stream: true, ...more })) {
    received += chunk.choices[0]?.delta.content ?? '';
  }
  return received;
}
// The prompts that reached the model and contain `mark`, oldest first.
const seen = async (mark) =>
  (await model.log())
    .filter((entry) => entry.body?.includes(mark))
    .map((entry) => JSON.parse(entry.body).messages[0].content);

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  const standard = /---\napiVersion: countersign\/v1\nkind: MaskingProfile[\s\S]*?(?=---\n)/;
  await gateway.apply(resources(model.url).replace(standard, '') + profile);
  let aliceKey;
  [botKey, aliceKey, rosa] = await Promise.all(['ci-bot', 'alice', 'rosa'].map((name) => gateway.createKey(name)));
  bot = client(botKey);
  alice = client(aliceKey);
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('the model sees placeholders, the caller reads its own values', async () => {
  const text = `Mark-a. Say exactly: mail ${email}, card ${card}.`;
  assert.equal(await contentOf(ask(bot, text)), `mail ${email}, card ${card}.`);
  const [sent] = await seen('Mark-a');
  assert.match(sent, emailToken);
  assert.match(sent, cardToken);
  assert.ok(!(await model.raw()).includes(email), 'the model saw the address');
  assert.ok(!(await model.raw()).includes('4111 1111'), 'the model saw the card');
});

test('the same prompt is the same bytes again, another caller\'s is not', async () => {
  const text = `Mark-b. Say exactly: ${email}`;
  await ask(bot, text);
  await streamed(bot, text);
  await ask(alice, text);
  const [first, second, third] = await seen('Mark-b');
  assert.equal(first, second);
  assert.notEqual(first, third);
});

test('a streamed answer is restored wherever it is cut', async () => {
  for (const bytes of [1, 2, 3, 5, 7, 11, 64]) {
    const said = `to ${email}<${card}>, then ${email}`;
    assert.equal(await streamed(bot, `In pieces of ${bytes} say exactly: ${said}`), said, `pieces of ${bytes}`);
  }
});

test('a placeholder that the model re-cased and split is restored', async () => {
  const text = `shout: the mail is ${email}.`;
  assert.equal(await contentOf(ask(bot, text)), `THE MAIL IS ${email}.`);
  assert.equal(await streamed(bot, text), `THE MAIL IS ${email}.`);
});

test('arguments of a tool call are restored as JSON', async () => {
  const tools = [{ type: 'function', function: { name: 'send', parameters: { type: 'object' } } }];
  const text = `call with: {"to":"${email}","card":"${card}"}`;
  const plain = await ask(bot, text, { tools });
  const expected = { to: email, card };
  assert.deepEqual(JSON.parse(plain.choices[0].message.tool_calls[0].function.arguments), expected);
  let args = '';
  for await (const chunk of await ask(bot, text, { tools, stream: true })) {
    args += chunk.choices[0]?.delta.tool_calls?.[0].function.arguments ?? '';
  }
  assert.deepEqual(JSON.parse(args), expected);
});

test('who may not see a value again gets the placeholder', async () => {
  assert.match(await contentOf(ask(bot, `Say exactly: ${ssn}`)), /^<US_SSN_([a-z][0-9]){5}>$/);
  assert.match(await streamed(bot, 'Say exactly: PRJ-1234'), /^<PROJECT_([a-z][0-9]){5}>$/);
  assert.equal(await streamed(alice, 'Say exactly: PRJ-1234'), 'PRJ-1234', 'alice is of the platform group');
});

test('a token of another caller, or an invented one, is unchanged', async () => {
  await ask(alice, `Mark-c. Say exactly: ${email}`);
  const [token] = (await seen('Mark-c'))[0].match(emailToken);
  const text = `Say exactly: ${token} and <EMAIL_a0a0a0a0a0>`;
  assert.equal(await contentOf(ask(bot, text)), `${token} and <EMAIL_a0a0a0a0a0>`);
});

test('secrets that the model knows from elsewhere are masked beside restored text', async () => {
  const answer = await contentOf(ask(bot, `the customer file of ${email}`));
  assert.match(answer, /card <CREDIT_CARD>, SSN <US_SSN>/);
});

test('a reviewer sees the bytes that will be sent, and the held call passes with those bytes', async () => {
  const text = `Mark-d. This patient record: say exactly: ${email}`;
  const answer = contentOf(ask(bot, text));
  const item = await gateway.pendingReview(rosa);
  const shown = await gateway.cli(['reviews', 'show', item.id], { key: rosa });
  assert.match(shown.stdout, emailToken);
  assert.ok(!shown.stdout.includes(email), 'the reviewer saw the address');
  const approved = await gateway.cli(['reviews', 'approve', item.id], { key: rosa });
  assert.equal(approved.code, 0, approved.stderr);
  assert.equal(await answer, email);
  const [sent] = await seen('Mark-d');
  assert.ok(shown.stdout.includes(sent.match(emailToken)[0]), 'what was sent is not what was shown');
});

test('a review that was approved meanwhile fits the call that is sent again', async () => {
  const text = `Mark-e. This patient record: say exactly: ${card}`;
  const post = () =>
    fetch(`${gateway.baseURL}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${botKey}`, 'content-type': 'application/json', prefer: 'respond-async' },
      body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: text }] }),
    });
  const deferred = await post();
  assert.equal(deferred.status, 202);
  const { review_id: id } = await deferred.json();
  assert.equal((await gateway.cli(['reviews', 'approve', id], { key: rosa })).code, 0);
  const passed = await post();
  assert.equal(passed.status, 200, await passed.clone().text());
  assert.equal((await passed.json()).choices[0].message.content, card);
});

test('the record has the bytes that the caller received, and the masked spans of the prompt', async () => {
  const text = `Mark-f. Say exactly: ${email} and ${ssn}`;
  const { data, response } = await ask(bot, text).withResponse();
  const id = response.headers.get('x-countersign-session');
  await gateway.ended((entry) => entry.id === id);
  const replay = await gateway.cli(['sessions', 'replay', id, '--no-wait']);
  assert.equal(replay.code, 0, replay.stderr);
  assert.ok(replay.stdout.includes(data.choices[0].message.content), replay.stdout);
  const shown = await gateway.cliJson(['sessions', 'show', id]);
  assert.equal(shown.masked.email, 1);
  assert.equal(shown.masked.us_ssn, 1);
  const forward = JSON.parse(shown.events.find((event) => event.type === 'forward').payload);
  assert.deepEqual(
    forward.masked.map(({ field, entity, original }) => [field, entity, original]),
    [['/messages/0/content', 'email', email], ['/messages/0/content', 'us_ssn', ssn]],
  );
});
