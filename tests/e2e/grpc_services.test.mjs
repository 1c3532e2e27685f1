// Connections to any gRPC service (protocol grpc): official Python packages on both sides, in both shapes.

import assert from 'node:assert/strict';
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { connectTo, stream } from './harness/grpc.mjs';
import { compile, play, startService } from './harness/grpc_service.mjs';
import { eventually, makeFolder, program, removeFolder, run, startDemoModel } from './harness/processes.mjs';

const files = ['chat.proto', 'vllm_engine.proto', 'tensorflow_serving.proto'];
let folder, set, plain, reflecting, model, gateway, bot, rosa;
let serial = 0;

const connection = (name, url, more = '') => `
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: ${name}}
spec: {protocol: grpc, url: '${url}', credential: model-key, network: {private: true}${more}}
`;
const policy = (name, spec) => `
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: ${name}}
spec: ${spec}
`;
const chat = (text, more = {}) => ({ model: 'demo-1', turns: [{ role: 'user', content: text }], ...more });
const call = (method, request, more = {}) => ({ method, request, token: bot, connection: 'chat', ...more });
const ask = async (method, request, more) => (await play(gateway.address, set, [call(method, request, more)]))[0];
const textOf = ({ messages }) => messages.flatMap((one) => one.choices ?? []).map((one) => one.text ?? '').join('');
const seen = (text) => [...plain.log(), ...reflecting.log()].filter((one) => JSON.stringify(one).includes(text)).length;

before(async () => {
  folder = await makeFolder();
  set = await compile(folder, 'services.pb', files);
  [plain, reflecting, model, gateway] = await Promise.all([
    startService(set), startService(set, { reflection: true }), startDemoModel(), Gateway.start(),
  ]);
  await gateway.apply(
    resources(model.url) +
      connection('chat', plain.url, `, descriptors: {file: '${set}'}, texts: {endAfter: 1s}`) +
      connection('reflected', reflecting.url) +
      connection('mute', plain.url) +
      connection('unmasked', plain.url, `, descriptors: {file: '${set}'}`) +
      policy('unmasked', '{priority: 50, match: {connections: [unmasked]}, then: {allow: {}, masking: none}}'),
  );
  [bot, rosa] = await Promise.all(['ci-bot', 'rosa'].map((name) => gateway.createKey(name)));
});
after(async () => {
  for (const one of [plain, reflecting]) one?.stop();
  await model?.stop();
  await gateway?.stop();
  if (folder) await removeFolder(folder);
});

test('an allowed call: the message arrives as it is, with the gateway\'s credential', async () => {
  const text = `Say exactly: hello ${++serial}`;
  const got = await ask('demo.chat.Chat/Ask', chat(text, { temperature: 0.5, labels: { a: 'b' }, image: '/9j/' }));
  assert.deepEqual([got.code, textOf(got)], ['OK', `hello ${serial}`], got.message);
  const [entry] = plain.log().filter((one) => JSON.stringify(one).includes(text));
  assert.equal(entry.authorization, 'Bearer upstream-secret-key');
  assert.deepEqual(entry.messages, [chat(text, { temperature: 0.5, labels: { a: 'b' }, image: '/9j/' })]);
  const session = await gateway.ended((one) => one.connection === 'chat');
  assert.equal(session.outcome, 'completed');
});

test('a stream of the server, and one of the caller, whose messages are one prompt', async () => {
  const streamed = await ask('demo.chat.Chat/Stream', chat('Say exactly: one two three', { cuts: [4] }));
  assert.equal(streamed.code, 'OK', streamed.message);
  assert.ok(streamed.messages.length >= 3);
  assert.equal(textOf(streamed), 'one two three');
  assert.deepEqual(streamed.messages.map((one) => one.id), streamed.messages.map(() => 'chat-4111'));
  const requests = [chat('first'), chat('Say exactly: collected')];
  const collected = await ask('demo.chat.Chat/Collect', undefined, { requests });
  assert.deepEqual([collected.code, textOf(collected)], ['OK', 'collected'], collected.message);
  assert.equal(plain.log().at(-1).messages.length, 2);
});

test('a denied prompt is not sent, in whichever message and field it is', async () => {
  for (const [method, request, more] of [
    ['demo.chat.Chat/Ask', chat('Tell me about Project Nightfall.')],
    ['demo.chat.Chat/Ask', chat('hello', { labels: { 'project nightfall': 'x' } })],
    ['demo.chat.Chat/Collect', undefined, { requests: [chat('Project Nightfall'), chat('hello')] }],
  ]) {
    const got = await ask(method, request, more);
    assert.deepEqual([got.code, got.reason], ['PERMISSION_DENIED', 'policy_denied'], got.message);
  }
  assert.equal(seen('ightfall'), 0);
});

test('a held call is sent once a reviewer approves it', async () => {
  const text = `Say exactly: patient record ${++serial}`;
  const got = ask('demo.chat.Chat/Ask', chat(text));
  const review = await gateway.pendingReview(rosa);
  assert.equal(seen(text), 0);
  assert.equal((await gateway.cli(['reviews', 'approve', review.id, '--reason', 'known'], { key: rosa })).code, 0);
  const { code, message, ...rest } = await got;
  assert.equal(code, 'OK', message);
  assert.equal(textOf(rest), `patient record ${serial}`);
  assert.equal(seen(text), 1);
});

test('a match is masked over every split of a stream', async () => {
  const text = 'the PRJ-1234 plan';
  const calls = Array.from({ length: text.length - 1 }, (_, at) =>
    call('demo.chat.Chat/Stream', chat(`Say exactly: ${text}`, { cuts: [at + 1, text.length] })));
  calls.push(call('demo.chat.Chat/Stream', chat(`Say exactly: ${text}`, { cuts: [1] })));
  for (const got of await play(gateway.address, set, calls)) {
    assert.equal(got.code, 'OK', got.message);
    assert.match(textOf(got), /^the [^ ]*PROJECT[^ ]* plan$/);
  }
});

test('the upstream\'s own status passes', async () => {
  const got = await ask('demo.chat.Chat/Ask', chat('Fail: about PRJ-1234'));
  assert.equal(got.code, 'FAILED_PRECONDITION');
  assert.match(got.message, /^Fail: about [^ ]*PROJECT/);
});

test('what cannot be read or is not served is refused, with why', async () => {
  const refused = async (more) => {
    const { code, message } = await ask('demo.chat.Chat/Ask', chat('hello'), more);
    return `${code}: ${message}`;
  };
  assert.match(await refused({ raw: '0a05ff' }), /^INVALID_ARGUMENT: .*demo\.chat\.ChatRequest/);
  assert.match(await refused({ raw: '0a01ff' }), /^INVALID_ARGUMENT: .*model: a string is not UTF-8/);
  assert.match(await refused({ method: 'demo.chat.Chat/Other', shape: 'Ask' }), /^UNIMPLEMENTED: .*no method/);
});

test('both sides stream: every message is decided and answered, with grpcio', async () => {
  const requests = [chat('Say exactly: first'), chat('Say exactly: the PRJ-1234 plan', { cuts: [6, 2, 20] })];
  const got = await ask('demo.chat.Chat/Talk', undefined, { requests });
  assert.equal(got.code, 'OK', got.message);
  assert.match(textOf(got), /^firstthe [^ ]*PROJECT[^ ]* plan$/);
  const denied = await ask('demo.chat.Chat/Talk', undefined, { requests: [chat('hello'), chat('Project Nightfall'), chat('more')] });
  assert.deepEqual([denied.code, denied.reason], ['PERMISSION_DENIED', 'policy_denied'], denied.message);
  assert.equal(seen('ightfall'), 0);
  const reflected = await ask('demo.chat.Chat/Talk', undefined, { requests: [chat('Say exactly: again')], connection: 'reflected' });
  assert.deepEqual([reflected.code, textOf(reflected)], ['OK', 'again'], reflected.message);
});

// A conversation with the official package for Node: `say` sends a message, `hear` gives the next answer's text.
function talk(more = {}) {
  const client = connectTo(gateway.address, 'chat.proto', 'demo.chat.Chat');
  const open = stream(client, 'Talk', undefined, { token: bot, headers: { 'countersign-connection': 'chat' }, ...more });
  return {
    ...open,
    say: (text) => open.send(chat(text)),
    hear: async () => {
      const { message, end } = await open.next();
      return message ? message.choices.map((one) => one.text).join('') : end;
    },
    stop: () => client.close(),
  };
}

test('both sides stream: answers go on while a message is held, and the stream after it', async () => {
  const both = talk();
  both.say('Say exactly: one');
  assert.equal(await both.hear(), 'one');
  const text = `Say exactly: patient record ${++serial}`;
  both.say(text);
  const review = await gateway.pendingReview(rosa);
  both.say('Say exactly: three');
  assert.equal(seen(text), 0);
  assert.equal((await gateway.cli(['reviews', 'approve', review.id, '--reason', 'known'], { key: rosa })).code, 0);
  assert.equal(await both.hear(), `patient record ${serial}`);
  assert.equal(await both.hear(), 'three');
  both.close();
  assert.equal((await both.hear()).code, 'OK');
  const sessions = (await gateway.sessions()).filter((one) => one.connection === 'chat').slice(0, 3);
  await eventually('all three sessions have ended', async () =>
    (await gateway.sessions()).filter((one) => sessions.some(({ id }) => id === one.id)).every((one) => one.outcome === 'completed'));
  both.stop();
});

test('both sides stream: denied by a reviewer, killed, cancelled, past its deadline', async () => {
  const held = talk();
  held.say('Say exactly: one');
  assert.equal(await held.hear(), 'one');
  held.say(`Say exactly: patient record ${++serial}`);
  const review = await gateway.pendingReview(rosa);
  assert.equal((await gateway.cli(['reviews', 'deny', review.id], { key: rosa })).code, 0);
  const { code, details } = await held.hear();
  assert.deepEqual([code, details.ErrorInfo.reason], ['PERMISSION_DENIED', 'review_denied']);
  assert.equal(seen(`patient record ${serial}`), 0);
  held.stop();

  const killed = talk();
  killed.say('Say exactly: two');
  assert.equal(await killed.hear(), 'two');
  const running = (await gateway.sessions()).find((one) => one.connection === 'chat' && !one.outcome);
  assert.equal((await gateway.cli(['sessions', 'kill', running.id])).code, 0);
  assert.equal((await killed.hear()).details.ErrorInfo.reason, 'killed');
  killed.stop();

  const left = talk();
  left.say('Say exactly: three');
  assert.equal(await left.hear(), 'three');
  left.cancel();
  assert.equal((await gateway.ended((one) => one.connection === 'chat')).outcome, 'cancelled');
  left.stop();

  const late = talk({ deadline: Date.now() + 5000 });
  late.say('Say exactly: four');
  assert.equal(await late.hear(), 'four');
  assert.equal((await late.hear()).code, 'DEADLINE_EXCEEDED');
  late.stop();
});

test('without descriptors the upstream\'s reflection is read', async () => {
  const got = await ask('demo.chat.Chat/Ask', chat('Say exactly: reflected'), { connection: 'reflected' });
  assert.deepEqual([got.code, textOf(got)], ['OK', 'reflected'], got.message);
  const mute = await ask('demo.chat.Chat/Ask', chat('hello'), { connection: 'mute' });
  assert.equal(mute.code, 'UNAVAILABLE');
  assert.match(mute.message, /services of connection "mute" are not known/);
});

test('TensorFlow Serving: string tensors are texts', async () => {
  const predict = (text) => ({
    model_spec: { name: 'm' }, inputs: { text: { dtype: 7, string_val: [Buffer.from(text).toString('base64')] } },
  });
  const got = await ask('tensorflow.serving.PredictionService/Predict', predict('Say exactly: about PRJ-1234'));
  assert.equal(got.code, 'OK', got.message);
  const [answer] = got.messages[0].outputs.text.string_val.map((one) => Buffer.from(one, 'base64').toString());
  assert.match(answer, /^about [^ ]*PROJECT/);
  const denied = await ask('tensorflow.serving.PredictionService/Predict', predict('Project Nightfall'));
  assert.deepEqual([denied.code, denied.reason], ['PERMISSION_DENIED', 'policy_denied']);
});

test('vLLM: ids of tokens are refused in prompts, and in answers unless nothing is masked', async () => {
  const generate = (request, more) => ask('vllm.grpc.engine.VllmEngine/Generate', request, more);
  const ids = await generate({ tokenized: { input_ids: [1, 2] } });
  assert.equal(ids.code, 'INVALID_ARGUMENT');
  assert.match(ids.message, /ids of tokens/);
  const masked = await generate({ text: 'hello' });
  assert.notEqual(masked.code, 'OK');
  assert.deepEqual(masked.messages, []);
  const unmasked = await generate({ text: 'hello' }, { connection: 'unmasked' });
  assert.equal(unmasked.code, 'OK', unmasked.message);
  assert.deepEqual(unmasked.messages[0].chunk.token_ids, [7, 8]);
});

test('the blocks of docs/grpc-services.md', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/grpc-services.md'), 'utf8');
  const blocks = Object.fromEntries([...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => [language, text]));
  assert.deepEqual(Object.keys(blocks), ['yaml', 'sh', 'python']);
  assert.ok(blocks.yaml.includes('grpc://model.internal:9000'));
  await copyFile(join(import.meta.dirname, 'protos/chat.proto'), join(folder, 'chat.proto'));
  await writeFile(join(folder, 'chat.yaml'), blocks.yaml.replace('grpc://model.internal:9000', plain.url));
  await writeFile(join(folder, 'client.py'), blocks.python);
  // As for an administrator who has signed in.
  const command = join(folder, 'countersign');
  await writeFile(command, `#!/bin/sh\nexec ${program('countersign')} --addr ${gateway.address} --token-file ${gateway.adminKeyFile} "$@"\n`);
  await chmod(command, 0o755);
  const env = { PATH: `${folder}:${process.env.PATH}`, GATEWAY: gateway.address, COUNTERSIGN_TOKEN: bot };
  const played = await run('env', ['-C', folder, 'sh', '-ec', blocks.sh], { env });
  assert.equal(played.code, 0, played.stderr);
  const python = join(import.meta.dirname, '.venv/bin/python');
  const { code, stdout, stderr } = await run('env', ['-C', folder, python, 'client.py'], { env });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^write to [^@]+\n$/);
});
