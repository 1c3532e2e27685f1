// What a draft of policies would have changed in recorded calls: `policy simulate`, with an auditor's rights.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from '../harness/gateway.mjs';
import { startDemoModel } from '../harness/processes.mjs';

let model, gateway, auditor, since;

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  auditor = await gateway.createKey('audrey');
  const key = await gateway.createKey('ci-bot');
  since = new Date(Date.now() - 3_600_000).toISOString();
  const client = new OpenAI({ apiKey: key, baseURL: gateway.baseURL, maxRetries: 0 });
  const ask = (content, more = {}) => client.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content }], ...more });
  await ask('about bluebird');
  await ask('about blue', { max_tokens: 9000 });
  await ask([{ type: 'text', text: 'about blue' }, { type: 'text', text: 'bird' }]);
  await ask('about nothing');
  await assert.rejects(ask('project nightfall'), (error) => error.code === 'policy_denied');
  await gateway.ended((one) => one.outcome === 'blocked');
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

const document = (kind, name, spec) => `---\napiVersion: countersign/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
const draft = async (text) => {
  const path = join(gateway.folder, 'draft.yaml');
  await writeFile(path, text);
  return path;
};
const simulate = async (text, args = [], key = auditor) =>
  gateway.cli(['policy', 'simulate', '-f', await draft(text), '--since', since, ...args], { key });

const bluebird =
  document('Dictionary', 'birds', '{terms: [bluebird]}') +
  document('Policy', 'birds', '{priority: 50, when: {keywords: {dictionary: birds}}, then: {review: {reviewers: [security]}}}');

test('an auditor sees which calls would have been reviewed', async () => {
  const { code, stdout, stderr } = await simulate(bluebird, ['-o', 'json']);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  const { items, summary } = JSON.parse(stdout);
  assert.equal(summary.calls, 5);
  assert.equal(summary.unchanged, 3);
  assert.deepEqual(summary.changes, [{ change: 'allow -> review', count: 2 }]);
  assert.deepEqual(summary.notSimulated, []);
  for (const item of items) {
    assert.equal(item.identity, 'ci-bot');
    assert.deepEqual([item.was.policy, item.wouldBe.policy], ['otherwise', 'birds']);
  }
});

test('the table has the same, and the summary', async () => {
  const { code, stdout } = await simulate(bluebird);
  assert.equal(code, 0);
  assert.match(stdout, /^ID +STARTED +IDENTITY +MODEL +WAS +WOULD BE +POLICY +CHANGE$/m);
  assert.match(stdout, /5 calls: 3 unchanged, 2 changed, 0 not simulated\n {2}allow -> review: 2\n$/);
});

test('parameters are judged as they were sent', async () => {
  const limits = document('Policy', 'limits', '{when: {parameter: {name: max_tokens, over: 8000}}, then: {deny: {message: too long}}}');
  const { stdout } = await simulate(limits);
  assert.match(stdout, /5 calls: 4 unchanged, 1 changed, 0 not simulated\n {2}allow -> deny: 1\n$/);
});

test('a draft that opens what was denied', async () => {
  const open = document('Policy', 'denylist', '{when: {keywords: {dictionary: denylist}}, then: {allow: {}, masking: standard}}');
  const { stdout } = await simulate(open, ['--fail-on-change']);
  assert.match(stdout, /deny -> allow: 1/);
  assert.equal((await simulate(open, ['--fail-on-change'])).code, 1);
});

test('what is applied afterwards decides as simulated', async () => {
  await gateway.apply(resources(model.url) + bluebird);
  const { code, stdout } = await simulate(bluebird, ['--fail-on-change']);
  assert.equal(code, 0);
  assert.match(stdout, /5 calls: 5 unchanged/);
});

test('calls of a connection that is gone are counted, with why', async () => {
  const renamed = resources(model.url)
    .replace('metadata: {name: openai}', 'metadata: {name: renamed}')
    .replaceAll('connections: [openai]', 'connections: [renamed]');
  await gateway.apply(renamed.replace('default: true', 'default: false'));
  assert.equal((await gateway.cli(['delete', 'connection', 'openai'])).code, 0);
  const { code, stdout } = await simulate(bluebird);
  assert.equal(code, 0);
  assert.match(stdout, /not simulated: 5 calls: its connection is gone: openai \(/);
});

test('a draft with mistakes is misuse, and names each', async () => {
  const { code, stderr } = await simulate(document('Policy', 'p', '{priority: high, then: {allows: {}}}'));
  assert.equal(code, 2);
  assert.match(stderr, /draft\.yaml:\d+: Policy\/p: spec\.priority/);
  assert.match(stderr, /spec\.then/);
});

test('it needs an auditor of all connections', async () => {
  const reviewer = await gateway.createKey('rosa');
  const { code, stderr } = await simulate(bluebird, [], reviewer);
  assert.equal(code, 1);
  assert.match(stderr, /does not have the role/);
});
