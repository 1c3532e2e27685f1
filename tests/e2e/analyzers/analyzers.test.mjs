// Names are found by an analyzer: in prompts, in documents and in streams; and what happens when it fails.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from '../harness/gateway.mjs';
import { startFakePresidio } from '../harness/presidio.mjs';
import { makeFolder, removeFolder, startDemoModel } from '../harness/processes.mjs';

const name = 'Zoë Müller';
const card = '4111 1111 1111 1111';
// Each for the model of its name; `answers` leaves prompts as they are.
const profile = (name, analyzer) => `
---
apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: ${name}}
spec:
  response:
    - {entity: tier1}
    - {analyzer: ${analyzer}, entities: [person], minScore: 0.6}
${name === 'answers' ? '' : `  prompt: [{analyzer: ${analyzer}, entities: [person], action: placeholder, restore: none}]`}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: ${name}}
spec:
  priority: 50
  match: {models: [demo-${name}]}
  then: {allow: {}, masking: ${name}}
`;

let presidio, model, gateway, bot, folder;

const say = (text, { to = 'strict', bytes = 4, ...more } = {}) =>
  bot.chat.completions.create({
    model: `demo-${to}`,
    messages: [{ role: 'user', content: `In pieces of ${bytes} say exactly: ${text}` }],
    ...more,
  });
async function streamed(text, how) {
  let received = '';
  for await (const chunk of await say(text, { ...how, stream: true })) {
    received += chunk.choices[0]?.delta.content ?? '';
  }
  return received;
}
// The events of the newest session, by type.
async function events() {
  const { id } = await gateway.ended();
  const { events } = await gateway.cliJson(['sessions', 'show', id]);
  return (type) => events.filter((event) => event.type === type).map((event) => JSON.parse(event.payload));
}

before(async () => {
  presidio = await startFakePresidio([name]);
  model = await startDemoModel();
  folder = await makeFolder();
  const masking = join(folder, 'masking.yaml');
  const analyzer = (named, more) => `    - {name: ${named}, protocol: presidio, url: '${presidio.url}'${more}}\n`;
  await writeFile(masking, `service:\n  analyzers:\n${analyzer('strict', '')}${analyzer('lax', ', timeout: 500ms, onFailure: maskLess')}`);
  gateway = await Gateway.start({ masking });
  await gateway.apply(resources(model.url) + profile('strict', 'strict') + profile('lax', 'lax') + profile('answers', 'strict'));
  bot = new OpenAI({ baseURL: gateway.baseURL, apiKey: await gateway.createKey('ci-bot'), maxRetries: 0 });
});
beforeEach(() => {
  presidio.state.mode = 'answer';
  presidio.state.asked.length = 0;
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
  await presidio?.stop();
  if (folder) await removeFolder(folder);
});

test('the model does not see a name, and an answer does not tell it', async () => {
  const answer = await say(`I asked ${name}. She paid with ${card}.`);
  assert.match(answer.choices[0].message.content, /^I asked <PERSON_([a-z][0-9]){5}>\. She paid with <CREDIT_CARD>\.$/);
  assert.ok(!(await model.raw()).includes('Müller'), 'the model saw the name');
});

test('a streamed answer is masked sentence by sentence', async () => {
  for (const bytes of [1, 2, 7, 64]) {
    const text = await streamed(`One. ${name} is here. Two.`, { to: 'answers', bytes });
    assert.equal(text, 'One. <PERSON> is here. Two.', `pieces of ${bytes}`);
  }
  assert.ok(presidio.state.asked.some((sentence) => sentence === 'One. '), 'sentences were asked about');
});

test('arguments of a tool call are masked as JSON', async () => {
  const tools = [{ type: 'function', function: { name: 'send', parameters: { type: 'object' } } }];
  const messages = [{ role: 'user', content: 'call with: {"who":"Zo\\u00eb M\\u00fcller","n":12}' }];
  let args = '';
  for await (const chunk of await bot.chat.completions.create({ model: 'demo-answers', messages, tools, stream: true })) {
    args += chunk.choices[0]?.delta.tool_calls?.[0].function.arguments ?? '';
  }
  assert.deepEqual(JSON.parse(args), { who: '<PERSON>', n: 12 });
});

test('a draft that names an unknown analyzer is refused', async () => {
  await assert.rejects(gateway.apply(profile('unknown', 'unknown')), /analyzer 'unknown' is not in masking's configuration/);
});

for (const mode of ['fail', 'rubbish', 'hang']) {
  test(`an analyzer that does ${mode}: strict refuses`, async () => {
    presidio.state.mode = mode;
    await assert.rejects(say('anything.'), (error) => error.status === 503);
  });

  test(`an analyzer that does ${mode}: lax masks less, and the record says so`, async () => {
    presidio.state.mode = mode;
    const text = `${name} paid with ${card}. The end.`;
    const expected = `${name} paid with <CREDIT_CARD>. The end.`;
    assert.equal(await streamed(text, { to: 'lax' }), expected);
    const find = await events();
    assert.deepEqual(find('forward')[0].unanalyzed, ['lax']);
    const pieces = find('response.data').filter((payload) => payload.text.includes('paid'));
    assert.ok(pieces.length > 0);
    for (const piece of pieces) assert.deepEqual(piece.unanalyzed, ['lax']);
  });
}

test('what was analyzed does not say that it was not', async () => {
  await streamed('Good. Morning.', { to: 'lax' });
  const find = await events();
  assert.equal(find('forward')[0].unanalyzed, undefined);
  for (const piece of find('response.data')) assert.equal(piece.unanalyzed, undefined);
});
