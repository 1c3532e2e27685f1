// Effects of an administrator's masking profile on answers: unknown events, dictionaries, and mistakes.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import * as hostile from './harness/hostile_model.mjs';

const { content, done, finished } = hostile;
let model, gateway, openai, key;

const card = '4111 1111 1111 1111';
const profile = (spec) => `apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: standard}
spec:
${spec}
`;
// Replaces the profile in the resources; everything else is unchanged.
async function applyProfile(yaml) {
  const file = `${gateway.folder}/profile.yaml`;
  await writeFile(file, yaml);
  return gateway.cli(['apply', '-f', file]);
}
async function serve(yaml) {
  const { code, stderr } = await applyProfile(yaml);
  assert.equal(code, 0, stderr);
}
const raw = (prompt, stream = true) =>
  fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: prompt }], stream }),
  });
async function streamed(text) {
  const deltas = [...text].map((character) => content(character));
  let received = '';
  const messages = [{ role: 'user', content: model.stream([...deltas, finished(), done]) }];
  for await (const chunk of await openai.chat.completions.create({ model: 'demo-1', stream: true, messages })) {
    received += chunk.choices[0]?.delta.content ?? '';
  }
  return received;
}
const odd = (members) => `event: odd\ndata: {"type":"odd"${members}}\n\n`;

before(async () => {
  model = await hostile.startHostileModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  key = await gateway.createKey('ci-bot');
  openai = new OpenAI({ baseURL: gateway.baseURL, apiKey: key, maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('an unknown event is masked in every string, also if a text continues', async () => {
  await serve(profile('  response: [{entity: tier1}]'));
  const prompt = model.stream([
    odd(`,"note":"${card}","deep":{"list":["a@b.io",{"x":"\\u0034111 1111 1111 1111"}]}`),
    odd(',"delta":"my card 4111 1111"'),
    odd(',"delta":" 1111 1111 it is"'),
    content('hello'),
    finished(),
    done,
  ]);
  const received = await (await raw(prompt)).text();
  assert.match(received, /"note":"<CREDIT_CARD>","deep":\{"list":\["<EMAIL>",\{"x":"<CREDIT_CARD>"\}\]\}/);
  assert.ok(!received.includes('1111'), received);
  assert.match(received, /"delta":"<CREDIT_CARD>/);
  assert.ok(received.includes(content('hello')), 'what needs no masking stays byte for byte');
  assert.ok(received.endsWith(done));
});

test('an unknown event ends the answer if the profile refuses it', async () => {
  await serve(profile('  response: [{entity: tier1}]\n  unknownEvents: refuse'));
  const received = await (
    await raw(
      model.play(async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(content('hello'));
        await new Promise((resolve) => response.write(content(' there.'), resolve));
        response.end(odd(',"note":"harmless"') + finished() + done);
      }),
    )
  ).text();
  assert.ok(!received.includes('harmless') && !received.includes('[DONE]'), received);
  assert.match(received, /"code":"upstream_error"/);
  assert.match(received, /unknownEvents: refuse/);
  assert.equal((await gateway.ended()).outcome, 'aborted');

  const answer = await raw(
    model.play((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"output":"harmless"}');
    }),
    false,
  );
  assert.equal(answer.status, 502);
  assert.equal(answer.headers.get('x-should-retry'), 'false');
  assert.ok(!(await answer.text()).includes('harmless'));

  assert.equal(await streamed(`all is well: ${card}`), 'all is well: <CREDIT_CARD>');
});

test('terms of a dictionary are found however they are spaced, cased and accented', async () => {
  await serve(`${profile('  response: [{dictionary: people, label: PERSON}]')}---
apiVersion: countersign/v1
kind: Dictionary
metadata: {name: people}
spec: {terms: [Élodie Martin, Weißkopf, Анна]}
`);
  assert.equal(
    await streamed('ÉLODIE\n  Martin, E\u0301lodie\u00A0MARTIN, elodie martin; WEISSKOPF; «анна»; Ｅlodie Martin!'),
    '<PERSON>, <PERSON>, <PERSON>; <PERSON>; «<PERSON>»; <PERSON>!',
  );
  assert.equal(await streamed('Élodie M. and elodiemartin'), 'Élodie M. and elodiemartin');
});

test('calls go on while a profile with 20,000 names comes', async () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `Zoe${(i * 7919).toString(26)} Quill${i.toString(36)}`);
  await writeFile(`${gateway.folder}/names.txt`, names.join('\n'));
  let serving = true;
  const calls = (async () => {
    let answered = 0;
    for (; serving || answered < 3; ++answered) assert.match(await streamed(`tell ${names[5]}.`), /^tell .*\.$/);
    return answered;
  })();
  await serve(`${profile('  response: [{dictionary: names}]')}---
apiVersion: countersign/v1
kind: Dictionary
metadata: {name: names}
spec: {file: names.txt}
`);
  serving = false;
  assert.ok((await calls) >= 3);
  for (const i of [0, 9_999, 19_999]) assert.equal(await streamed(`tell ${names[i]}.`), 'tell <NAMES>.');
});

test('a profile with a mistake is refused with its place, and the old one is still served', async () => {
  for (const [spec, says] of [
    ['  response:\n    - {pattern: "a(b"}', /profile\.yaml:6: .*spec\.response\[0\]\.pattern: at byte 1: the group/],
    ['  response:\n    - {entity: email, validator: lunh}', /validator: unknown validator 'lunh'; did you mean luhn\?/],
    ['  response:\n    - {entity: email, actoin: redact}', /actoin: unknown field; did you mean action\?/],
    ['  response:\n    - {dictionary: nowhere}', /there is no Dictionary "nowhere"/],
    ['  response: []\n  unknownEvents: drop', /unknownEvents: must be one of mask, refuse/],
  ]) {
    const { code, stderr } = await applyProfile(profile(spec));
    assert.equal(code, 1, stderr);
    assert.match(stderr, says);
  }
  assert.equal(await streamed('a@b.io Zoe0 Quill0'), 'a@b.io <NAMES>');
});
