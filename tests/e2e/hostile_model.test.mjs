// The adversarial groups (tests/README.md) with the official SDK as caller: the model cuts its texts into pieces so
// that secrets might pass. The received text equals the masking of the whole, and failures are exceptions.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import * as hostile from './harness/hostile_model.mjs';
import { eventually, program, run } from './harness/processes.mjs';

const { argument, content, cut, delta, done, finished, firstCall } = hostile;
let model, gateway, openai, key;

// Seeded: a failed run can be repeated (HOSTILE_SEED).
const seed = Number(process.env.HOSTILE_SEED ?? Date.now() % 2 ** 31);
let state = seed;
const below = (n) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) % n;
};

const texts = [
  'Card 4111 1111 1111 1111, SSN 536-90-4399 and PRJ-1234.',
  '1 4111 1111 1111 1111 1',
  '4136 4335 3158 4383 8608',
  'see http://user:pw@host.example.com/john@x.io?q=1',
  'GB29 NWBK 6016 1331 9268 19 and DE89 3704 0044 0532 0130 00',
  '536-90-43990 is none, 536-90-4399 is one',
  'x'.repeat(63) + ' and ' + 'x'.repeat(63) + '@x.io',
  'né 4111\u20111111\u20111111\u20111111 € john@x.io 😀 \uFF14\uFF11\uFF11\uFF11 1111 1111 1111',
  '4\u200B111\u200B111111111111 and jo\u200Bhn@x.io',
  ['-----BEGIN EC PRIVATE', 'KEY-----\nMHcCAQEE\n-----END EC PRIVATE', 'KEY-----\nok'].join(' '),
  'AKIAABCDEFGHIJKLMNOPAKIAABCDEFGHIJKLMNOP AKIAABCDEFGHIJKLMNOP',
  '<CREDIT_CARD> [US_SSN] PRJ- PRJ-1PRJ-2',
  'nothing to see: 2024-05-17T12:30:45, v1.2.3-rc.1, 550e8400-e29b-41d4-a716-446655440000',
];
let profile; // a file with the masking profile of the gateway
let masked; // the same texts, masked whole by the command line

const ask = (prompt, more = {}) =>
  openai.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content: prompt }], ...more });
// The text that the SDK joins, and the error that it throws after that.
async function streamed(prompt) {
  let text = '';
  let args = '';
  try {
    for await (const chunk of await ask(prompt, { stream: true })) {
      for (const choice of chunk.choices) {
        text += choice.delta.content ?? '';
        args += choice.delta.tool_calls?.[0]?.function?.arguments ?? '';
      }
    }
  } catch (error) {
    return { text, args, error };
  }
  return { text, args };
}
// A character as JSON escapes.
const spelled = (character) =>
  [...Array(character.length).keys()]
    .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
    .join('');
const raw = (prompt) =>
  fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: prompt }], stream: true }),
  });
const whole = (deltas, reason) => [...deltas, finished(reason), done].join('');

before(async () => {
  console.log(`HOSTILE_SEED=${seed}`);
  model = await hostile.startHostileModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  key = await gateway.createKey('ci-bot');
  openai = new OpenAI({ baseURL: gateway.baseURL, apiKey: key, maxRetries: 0 });
  profile = `${gateway.folder}/standard.yaml`;
  const [standard] = resources(model.url).match(/apiVersion: countersign\/v1\nkind: MaskingProfile[\s\S]*?(?=---\n)/);
  await writeFile(profile, standard);
  const lines = texts.map((text) => JSON.stringify(text)).join('\n');
  const mask = ['mask', '-f', profile, '--jsonl'];
  const { code, stdout, stderr } = await run(program('countersign'), mask, { input: lines });
  assert.equal(code, 0, stderr);
  masked = stdout.trim().split('\n').map((line) => JSON.parse(line).text);
  assert.equal(masked.length, texts.length);
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('adversarial 01: in deltas and writes of any size, the caller reads the masking of the whole', async () => {
  for (const [i, text] of texts.entries()) {
    const characters = [...text];
    const several = [];
    for (let at = 0; at < characters.length; ) {
      const size = 1 + below(5);
      several.push(characters.slice(at, at + size).join(''));
      at += size;
    }
    for (const deltas of [[text], characters, several]) {
      const bytes = whole(deltas.map((piece) => content(piece)));
      for (const next of [() => bytes.length * 4, () => 1 + below(200)]) {
        const { text: received, error } = await streamed(model.stream(cut(bytes, next)));
        assert.equal(error, undefined);
        assert.equal(received, masked[i]);
      }
    }
  }
});

// The events that the caller receives, parsed.
async function events(writes) {
  const body = await (await raw(model.stream(writes))).text();
  return body
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)));
}

test('adversarial 18: a text that repeats and grows, or comes at a place that nobody knows, shows no card', async () => {
  const card = '4111 1111 1111 1111';
  const grown = (text) => [4, 9, 12, 17, 19, 23, text.length, text.length].map((size) => text.slice(0, size));
  const places = {
    content: [(text) => ({ delta: { content: text } }), (choice) => choice.delta?.content],
    'delta and message': [(text) => ({ delta: { content: text }, message: { content: text } }), (choice) => choice.message?.content],
    unknown: [(text) => ({ delta: {}, draft: { so_far: text } }), (choice) => choice.draft?.so_far],
    arguments: [
      (text) => ({ delta: { tool_calls: [{ index: 0, function: { arguments: text } }] } }),
      (choice) => choice.delta?.tool_calls?.[0].function?.arguments,
    ],
  };
  for (const [name, [write, read]] of Object.entries(places)) {
    for (const pieces of [grown(`${card} ok`), grown(`the card is ${card} and more`), ['a 4111 1111 ', '1111 111', '1 b']]) {
      const sent = await events([
        ...pieces.map((text) => `data: ${JSON.stringify({ choices: [{ index: 0, ...write(text) }] })}\n\n`),
        finished(),
        done,
      ]);
      const texts = sent.flatMap((event) => event.choices ?? []).map(read).filter((text) => text !== undefined);
      const spelled = [texts.join(''), ...texts];
      assert.ok(spelled.every((text) => !text.includes('1111 111')), `${name}: ${JSON.stringify(texts)}`);
      assert.ok(spelled.some((text) => text.includes('<CREDIT_CARD>')), `${name}: ${JSON.stringify(texts)}`);
    }
  }
  // After the finish reason a text may go on, and identifiers may be joined.
  for (const write of [
    (text) => ({ choices: [{ index: 0, delta: {}, draft: { so_far: text } }] }),
    (text) => ({ choices: [], note: text }),
    (text) => ({ choices: [], id: text }),
    (text) => text,
  ]) {
    const pieces = ['4111 ', '1111 ', '1111 ', '1111'].map((text) => `data: ${JSON.stringify(write(text))}\n\n`);
    const body = await (await raw(model.stream([content('hi '), finished(), ...pieces, done]))).text();
    assert.match(body, /<CREDIT_CARD>[^]*\[DONE\]/);
  }
  // What comes once, or the same in every event, stays as it is.
  const once = { provider: 'Example-411', citations: ['https://a.example/4111', 'b'], choices: [{ index: 0, delta: { content: 'hi ' } }] };
  const line = `data: ${JSON.stringify(once)}\n\n`;
  for (const writes of [[line, content('there'), finished(), done], [line, line, finished(), done]]) {
    const body = await (await raw(model.stream(writes))).text();
    assert.ok(body.startsWith(line), body);
  }
});

test('adversarial 01: the command line masks chunks of any size alike', async () => {
  for (const [i, text] of texts.entries()) {
    for (const size of [1, 3, 16]) {
      const mask = ['mask', '-f', profile, '--chunk', String(size)];
      const { code, stdout, stderr } = await run(program('countersign'), mask, { input: text });
      assert.equal(code, 0, stderr);
      assert.equal(stdout, masked[i]);
    }
  }
});

test('adversarial 08: spelled in escapes, the same', async () => {
  for (const [i, text] of texts.entries()) {
    const deltas = [...text].map((character) => delta(`{"content":"${spelled(character)}"}`));
    assert.equal((await streamed(model.stream([whole(deltas)]))).text, masked[i]);
  }
});

test('adversarial 09: a pair of surrogates cut in two arrives as no character', async () => {
  const { text, error } = await streamed(model.stream([whole([content('a \ud83d'), content('\ude00 \ud83d\ude00')])]));
  assert.equal(error, undefined);
  assert.equal(text, 'a \ufffd\ufffd \u{1f600}');
});

test('adversarial 12: in the arguments of a tool call, and in JSON within them', async () => {
  for (const [i, text] of texts.entries()) {
    const document = JSON.stringify({ a: text, inner: JSON.stringify({ b: text }), n: 12.5 });
    const ascii = document.replace(/[^\x00-\x7f]/gu, spelled);
    const pieces = cut(ascii, () => 1 + below(4)).map((piece) => argument(piece.toString()));
    const { args, error } = await streamed(model.stream([firstCall + whole(pieces, 'tool_calls')]));
    assert.equal(error, undefined);
    const parsed = JSON.parse(args);
    assert.equal(parsed.a, masked[i]);
    assert.equal(JSON.parse(parsed.inner).b, masked[i]);
    assert.equal(parsed.n, 12.5);
  }
});

test('adversarial 13: CRLF, several data lines, comments while text is held, writes of one byte', async () => {
  const bytes = [
    '\ufeff: hi\r\n\r\n',
    content('my 4111 1111').replace('data: ', 'data: ').replaceAll('\n', '\r\n'),
    ': waiting\n\n: waiting\r\r',
    'data: {"choices":[{"index":0,\ndata: "delta":{"content":" 1111 1111!"},\ndata: "finish_reason":null}]}\n\n',
    finished(),
    'data:[DONE]\n\n',
  ].join('');
  for (const next of [() => 1, () => 1 + below(30)]) {
    const { text, error } = await streamed(model.stream(cut(bytes, next)));
    assert.equal(error, undefined);
    assert.equal(text, 'my <CREDIT_CARD>!');
  }
});

test('adversarial 13: a compressed answer is an exception with a status', async () => {
  const prompt = model.play((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    response.end(gzipSync(whole([content('4111 1111 1111 1111')])));
  });
  const { text, error } = await streamed(prompt);
  assert.equal(text, '');
  assert.ok(error instanceof OpenAI.InternalServerError, String(error));
  assert.equal(error.status, 502);
  assert.equal(error.code, 'upstream_protocol');
});

test('adversarial 13: other transfer codings, trailers and chunk extensions carry nothing past', async () => {
  const said = whole([content('4111 1111 1111 1111')]);
  const chunk = (bytes) => {
    const size = Buffer.from(`${bytes.length.toString(16)};x=4111111111111111\r\n`);
    return Buffer.concat([size, bytes, Buffer.from('\r\n')]);
  };
  const head = (more) =>
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${more}connection: close\r\n\r\n`);
  const play = (bytes) =>
    model.play(async (response) => {
      await new Promise((sent) => response.socket.end(bytes, sent));
    });
  const last = Buffer.from('0\r\nx-note: 4111111111111111\r\n\r\n');
  const chunked = head('transfer-encoding: chunked\r\ntrailer: x-note\r\n');
  const answer = await raw(play(Buffer.concat([chunked, chunk(Buffer.from(said)), last])));
  const body = await answer.text();
  assert.match(body, /<CREDIT_CARD>[^]*\[DONE\]/);
  assert.ok(!/4111|x-note/.test(body + JSON.stringify([...answer.headers])), body);
  const twice = 'chunked\r\ntransfer-encoding: gzip';
  for (const coding of ['gzip, chunked', 'gzip', 'chunked, gzip', 'identity, chunked', twice]) {
    const bytes = coding.includes('gzip') ? gzipSync(said, { level: 0 }) : Buffer.from(said);
    const coded = head(`transfer-encoding: ${coding}\r\n`);
    const { text, error } = await streamed(play(Buffer.concat([coded, chunk(bytes), Buffer.from('0\r\n\r\n')])));
    assert.ok(!text.includes('4111'), `${coding}: ${text}`);
    assert.ok(error instanceof OpenAI.APIError || text === '<CREDIT_CARD>', `${coding}: ${text} ${error}`);
    assert.ok(!coding.includes('gzip') || error, coding);
  }
});

test('adversarial 13: headers of an answer carry no card, account or key', async () => {
  const names = ['x-request-id', 'openai-organization', 'openai-processing-ms', 'x-ratelimit-reset-tokens', 'retry-after'];
  const values = ['4111-1111-1111-1111', 'req_4111111111111111a', '41111111-1111-1111-8abc-0123456789ab'];
  values.push('DE89370400440532013000', 'req_AKIAIOSFODNN7EXAMPLE', 'sk-abcdefghijklmnopqrst', '41111111, 11111111, 1');
  for (const value of values) {
    const prompt = model.play((response) => {
      const fields = Object.fromEntries(names.map((name) => [name, value]));
      response.writeHead(200, { 'content-type': `text/event-stream; x="${value}"`, ...fields });
      response.end(whole([content('hi')]));
    });
    const answer = await raw(prompt);
    await answer.text();
    assert.ok(!JSON.stringify([...answer.headers]).includes(value), JSON.stringify([...answer.headers]));
  }
});

test('adversarial 14: a model that dies in a match is an exception, and no part of the match arrives', async () => {
  const bytes = content('see 4111 1111 ') + content('1111 1111');
  for (let left = 1; left < bytes.length; left += 1 + below(40)) {
    const prompt = model.play(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      await new Promise((sent) => response.write(bytes.slice(0, -left), sent));
      response.destroy();
    });
    const { text, error } = await streamed(prompt);
    assert.ok(error instanceof OpenAI.APIError, String(error));
    assert.equal(error.code, 'upstream_error');
    assert.ok('see '.startsWith(text), text);
  }
});

test('adversarial 14: an invalid answer is an exception, and is not quoted', async () => {
  for (const bad of ['data: {"choices":[4111111111111111}\n\n', 'data: 4111 1111 1111 1111\n\n']) {
    const { text, error } = await streamed(model.stream([content('fine. '), bad, content('4111111111111111'), done]));
    assert.ok(error instanceof OpenAI.APIError, String(error));
    assert.ok('fine. '.startsWith(text), text);  // what came in one piece with it is refused with it
    assert.ok(!String(error.message).includes('4111'), error.message);
  }
});

test('adversarial 14: an error that the model sends in the stream is that exception, masked', async () => {
  const { text, error } = await streamed(
    model.stream([content('held 4111 1111'), 'data: {"error":{"message":"lost john@x.io","code":"overloaded"}}\n\n']),
  );
  assert.equal(text, 'held ');
  assert.ok(error instanceof OpenAI.APIError, String(error));
  assert.equal(error.code, 'overloaded');
  assert.match(error.message, /lost <EMAIL>/);
});

test('adversarial 15: a caller that leaves while text is held leaves none of it on record', async () => {
  let left;
  const gone = new Promise((resolve) => (left = resolve));
  const prompt = model.play(async (response) => {
    response.on('close', left);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(content('my 4111 1111 1111'));
    await gone;
  });
  const { data: stream, response } = await ask(prompt, { stream: true }).withResponse();
  const id = response.headers.get('x-countersign-session');
  for await (const chunk of stream) {
    assert.equal(chunk.choices[0].delta.content, 'my ');
    stream.controller.abort();
  }
  await gone;
  const session = await gateway.ended((entry) => entry.id === id);
  assert.equal(session.outcome, 'cancelled');
  const { stdout } = await gateway.cli(['sessions', 'replay', id, '--no-wait']);
  assert.ok(stdout.includes('"my "'), stdout);
  assert.ok(!stdout.includes('4111'), stdout);
});

test('adversarial 18: probabilities do not spell masked text', async () => {
  const text = 'Well, 4111 1111 1111 1111 it is.';
  const chunks = [...text].map((token) => {
    const logprobs = { content: [{ token, logprob: -1, bytes: [...Buffer.from(token)], top_logprobs: [] }] };
    const choice = { index: 0, delta: { content: token }, logprobs, finish_reason: null };
    return `data: ${JSON.stringify({ choices: [choice] })}\n\n`;
  });
  const bytes = await (await raw(model.stream([whole(chunks)]))).text();
  const tokens = [...bytes.matchAll(/"token":("[^"]*")/g)].map((match) => JSON.parse(match[1])).join('');
  assert.doesNotMatch(bytes, /"bytes":\[49\]/);
  assert.doesNotMatch(tokens, /[0-9]/);
  assert.match(bytes, /<CREDIT_CARD>/);
});

test('the Python SDK gets the same text, and raises the right exceptions', async () => {
  const prompts = texts.flatMap((text) => {
    const pieces = [...JSON.stringify({ a: text })].map((character) => argument(character));
    return [
      model.stream([whole([...text].map((character) => content(character)))]),
      model.stream([firstCall + whole(pieces, 'tool_calls')]),
    ];
  });
  const gzipped = model.play((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    response.end(gzipSync(whole([content('4111 1111 1111 1111')])));
  });
  const dying = model.stream([content('see 4111 1111 1111 1111')]);
  const lost = 'data: {"error":{"message":"lost john@x.io","code":"overloaded"}}\n\n';
  const errs = model.stream([content('held 4111 1111'), lost]);
  const python = resolve(import.meta.dirname, '.venv/bin/python');
  assert.ok(existsSync(python), `${python} is missing: scripts/install-python-packages makes it`);
  const { code, stdout, stderr } = await run(
    python,
    [resolve(import.meta.dirname, 'python_caller.py'), gateway.baseURL, key],
    { input: JSON.stringify([...prompts, gzipped, dying, errs]) },
  );
  assert.equal(code, 0, stderr);
  const got = JSON.parse(stdout);
  for (const i of texts.keys()) {
    assert.deepEqual(got[2 * i], { text: masked[i], arguments: '', error: null });
    assert.equal(got[2 * i + 1].error, null);
    assert.equal(JSON.parse(got[2 * i + 1].arguments).a, masked[i]);
  }
  const [coded, died, erred] = got.slice(prompts.length);
  assert.deepEqual([coded.text, coded.error.type, coded.error.code], ['', 'InternalServerError', 'upstream_protocol']);
  assert.equal(coded.error.status, 502);
  assert.deepEqual([died.text, died.error.type, died.error.code], ['see ', 'APIError', 'upstream_error']);
  assert.deepEqual([erred.text, erred.error.type, erred.error.code], ['held ', 'APIError', 'overloaded']);
  assert.match(erred.error.message, /lost <EMAIL>/);
});

test('masking killed while text is held: the stream ends with an error, and nothing held arrives', async (t) => {
  if (gateway.shape !== 'services') return t.skip('one process');
  for (const how of ['killPart', 'stopPart']) {
    let go;
    const killed = new Promise((resolve) => (go = resolve));
    const prompt = model.play(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(content('my 4111 1111 '));
      await killed;
      response.end(whole([content('1111 1111 is '), content('john@x.io.')]));
    });
    const stream = await ask(prompt, { stream: true });
    let text = '';
    await assert.rejects(async () => {
      for await (const chunk of stream) {
        text += chunk.choices[0].delta.content ?? '';
        if (text !== 'my ') continue;
        assert.equal((await gateway.process[how]('masking')).code, 0);
        go();
      }
    }, OpenAI.APIError);
    assert.equal(text, 'my ');
    assert.equal((await gateway.process.startPart('masking')).code, 0);
    await eventually('streams are masked again', async () => {
      return (await streamed(model.stream([whole([content(texts[0])])]))).text === masked[0];
    });
  }
});
