// Trying policies from the command line: what a running gateway would decide and why, test cases, and invalid input.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import { startDemoModel } from './harness/processes.mjs';

let model, gateway, key;

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  key = await gateway.createKey('ci-bot');
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

const asked = ['policy', 'explain', '--connection', 'openai', '--as', 'ci-bot'];
const explain = (input, ...more) => gateway.cliJson([...asked, ...more], { input });

test('explain predicts what the gateway does', async () => {
  const client = new OpenAI({ apiKey: key, baseURL: gateway.baseURL, maxRetries: 0 });
  const ask = (content) => client.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content }] });
  const harmless = await explain('how are you?');
  assert.equal(harmless.verdict, 'allow');
  assert.equal(harmless.policy, 'otherwise');
  assert.ok((await ask('how are you?')).choices[0].message.content);

  const hidden = 'tell me about Project\u200b NIGHTFALL now';
  const denied = await explain(hidden);
  assert.equal(denied.verdict, 'deny');
  assert.equal(denied.message, 'This must not leave the company.');
  const [first, ...others] = denied.policies;
  assert.equal(first.policy, 'denylist');
  assert.equal(first.outcome, 'decides');
  const { start, end, ...finding } = first.findings[0];
  assert.equal(Buffer.from(hidden).subarray(start, end).toString(), 'Project\u200b NIGHTFALL');
  assert.deepEqual(finding, { condition: 'keywords', rule: 'denylist', part: 0, role: 'user', text: 'Project\u200b NIGHTFALL' });
  assert.deepEqual(others.map((one) => [one.policy, one.outcome]), [
    ['regulated', 'conditions do not hold'],
    ['otherwise', 'matches'],
  ]);
  await assert.rejects(ask(hidden), (error) => error.status === 403 && error.code === 'policy_denied');
});

test('explain follows what is applied, and counts as the gateway does', async () => {
  const long = 'word '.repeat(450);
  const before = await explain(long);
  assert.equal(before.policy, 'regulated');
  assert.match(before.policies.find((one) => one.policy === 'regulated').findings[0].rule, /^45\d tokens over 400$/);
  await gateway.apply(resources(model.url).replace('{tokens: {over: 400}}', '{tokens: {over: 900}}'));
  assert.equal((await explain(long)).policy, 'otherwise');
  await gateway.apply(resources(model.url));
  assert.equal((await explain(long)).policy, 'regulated');
});

test('explain finds encoded text', async () => {
  const encoded = Buffer.from('the plan for project nightfall is this').toString('base64');
  const { policy, policies } = await explain(`decode ${encoded} for me`);
  assert.equal(policy, 'denylist');
  assert.equal(policies[0].findings[0].rule, 'denylist (encoded: base64)');
});

test('explain in words', async () => {
  const { stdout, stderr, code } = await gateway.cli(asked, { input: 'hello' });
  assert.equal(code, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /^allow by otherwise, 1 token, masking standard\n\npolicy +verdict +priority +outcome /);
});

test('explain shows refusals that come before the policies', async () => {
  const refused = async (...args) => {
    const { verdict, policy, code } = await gateway.cliJson(['policy', 'explain', '--connection', 'openai', ...args], { input: 'hello' });
    assert.deepEqual([verdict, policy], ['deny', '']);
    return code;
  };
  // As a call of the same kind is refused.
  const client = new OpenAI({ apiKey: key, baseURL: gateway.baseURL, maxRetries: 0 });
  const unserved = client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] });
  await assert.rejects(unserved, (error) => error.code === 'model_not_found');
  assert.equal(await refused('--as', 'ci-bot', '--model', 'gpt-4o'), 'model_not_found');
  const auditor = new OpenAI({ apiKey: await gateway.createKey('audrey'), baseURL: gateway.baseURL, maxRetries: 0 });
  const roleless = auditor.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content: 'hello' }] });
  await assert.rejects(roleless, (error) => error.code === 'permission_denied');
  assert.equal(await refused('--as', 'audrey'), 'permission_denied');
  assert.equal(await refused('--as', 'ci-bto'), 'permission_denied');
  assert.equal(await refused('--as', 'ci-bto', '--group', 'audit'), 'permission_denied');
  const known = await gateway.cli(['policy', 'explain', '--connection', 'openai', '--as', 'ci-bto', '--group', 'ci'], { input: 'hello' });
  assert.equal(known.stderr, 'countersign: note: there is no Identity "ci-bto": it has the groups given with --group alone\n');
  assert.match(known.stdout, /^allow by otherwise/);
});

test('explain refuses wrong input in one line', async () => {
  const wrong = [
    [['policy', 'explain', '--connection', 'nowhere', '--as', 'ci-bot'], 1, /there is no connection "nowhere"/],
    [['policy', 'explain', '--connection', 'openai'], 2, /--as is required/],
    [[...asked, '--parameter', 'max_tokens'], 2, /"max_tokens" is not NAME=NUMBER/],
    [[...asked, '--parameter', '=5'], 2, /"=5" is not NAME=NUMBER/],
    [[...asked, '--parameter', 'max_tokens=nan'], 2, /"max_tokens=nan" is not NAME=NUMBER/],
    [[...asked, '-f', '/no/such/file'], 2, /cannot read \/no\/such\/file/],
  ];
  for (const [args, exit, message] of wrong) {
    const { code, stdout, stderr } = await gateway.cli(args, { input: 'x' });
    assert.equal(code, exit, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.equal(stderr.trim().split('\n').length, 1);
  }
  const stranger = await gateway.cli(asked, { input: 'x', key });
  assert.equal(stranger.code, 1);
  assert.match(stranger.stderr, /ci-bot does not have the role admin/);
});

const connection =
  'resources:\n  - {apiVersion: countersign/v1, kind: Connection, metadata: {name: c}, spec: {protocol: openai, url: "https://a.example/v1"}}\n';
const policyTest = async (text) => {
  const path = join(gateway.folder, 'cases.yaml');
  await writeFile(path, text);
  const result = await gateway.cli(['policy', 'test', path]);
  return { ...result, stderr: result.stderr.replaceAll(path, 'FILE') };
};

test('policy test runs cases and fails when one does', async () => {
  const text = (expect) => `${connection}cases: [{name: nobody may, as: {identity: x}, connection: c, prompt: hi, expect: ${expect}}]\n`;
  const passed = await policyTest(text('deny'));
  assert.equal(passed.code, 0);
  assert.match(passed.stdout, /^PASS +nobody may +deny: permission_denied: x may not call connection "c": .+ -$/m);
  const failed = await policyTest(text('allow'));
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /^FAIL +nobody may +deny: permission_denied: .+ expected allow$/m);
  assert.equal(failed.stderr, 'countersign: 1 of 1 case failed\n');
});

test('policy test says what is wrong with a file, and where', async () => {
  const one = (fields) => `${connection}cases: [{name: a, as: {identity: x}, connection: c, ${fields}}]\n`;
  const wrong = [
    ['cases: []', /FILE:1: policy test: cases: needs at least one/],
    ['nonsense: 1', /FILE:1: policy test: nonsense: unknown field/],
    [one('prompt: x, expect: perhaps'), /FILE:3: .*expect: must be one of allow, deny, review, not "perhaps"/],
    [one('prompt: x'), /FILE:3: .*expect: is required/],
    [one('expect: deny'), /FILE:3: .*needs exactly one of prompt, messages/],
    [one('prompt: x, expect: deny, parameters: {max_tokens: many}'), /FILE:3: .*max_tokens: must be a number, not "many"/],
    [`resources: [missing.yaml]\ncases: []`, /FILE:2: policy test: cases: needs at least one/],
    [one('prompt: x, expect: deny').replace('kind: Connection', 'kind: Conection'), /kind: must be one of .*, not "Conection"/],
    ['cases:\n\t- a', /FILE:2: /],
  ];
  for (const [text, message] of wrong) {
    const { code, stdout, stderr } = await policyTest(text);
    assert.equal(code, 2, text);
    assert.equal(stdout, '');
    assert.match(stderr, message);
  }
});
