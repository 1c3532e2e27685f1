// The fields of -o json that docs/cli.md promises are in what the command line prints, and the exit statuses are those
// of `countersign help exit-codes`; every verb's help has examples.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from '../harness/gateway.mjs';
import { program, run, startDemoModel } from '../harness/processes.mjs';

let model, gateway, reviewer, promised;

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  reviewer = await gateway.createKey('rosa');
  const key = await gateway.createKey('ci-bot');
  const call = (text, headers = {}) =>
    fetch(`${gateway.baseURL}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: text }] }),
    });
  assert.equal((await call('hello')).status, 200);
  await gateway.ended();
  assert.equal((await call('the patient record', { prefer: 'respond-async' })).status, 202);
  const page = await readFile(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z -]+)` \| (`.*) \|$/gm)];
  promised = new Map(rows.map(([, command, fields]) => [command, [...fields.matchAll(/`([^`]+)`/g)].map((field) => field[1])]));
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

const path = (name) => join(gateway.folder, name);

function holds(value, field) {
  const [list, member] = field.split('[].');
  if (member === undefined) return field in value;
  return value[list].length > 0 && value[list].some((item) => member in item);
}

test('docs/cli.md promises fields of every command here', async () => {
  await writeFile(path('words.yaml'), 'apiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: words}\nspec: {terms: [x]}\n');
  await gateway.cli(['sessions', 'export', '-o', path('all.jsonl')]);
  const five = ['--provider', 'openai', '--url', 'https://api.openai.com/v1', '--reviewers', 'rosa', '--regulated', 'x', '--mask', 'tier1'];
  await gateway.cli(['init', path('made'), ...five]);
  const runs = {
    whoami: [[]],
    apply: [['-f', path('words.yaml')]],
    validate: [['-f', path('words.yaml')]],
    get: [['policies']],
    init: [[path('first'), ...five]],
    'keys create': [['ci-bot']],
    'keys list': [[]],
    'reviews list': [[], { key: reviewer }],
    'sessions list': [[]],
    verify: [[path('all.jsonl')]],
    'policy test': [[path('made/policy-test.yaml')]],
    'policy explain': [['--connection', 'openai', '--as', 'ci-bot'], { input: 'hello' }],
    mask: [[], { input: 'jane@example.com' }],
    tokens: [['--tokenizer', 'o200k_base'], { input: 'hello' }],
    doctor: [[]],
    'services status': [[]],
    version: [[]],
    'config get-contexts': [[]],
  };
  await gateway.cli(['config', 'set-context', 'here']);
  assert.deepEqual([...promised.keys()].sort(), Object.keys(runs).sort());
  for (const [command, [args, options]] of Object.entries(runs)) {
    const { stdout, stderr } = await gateway.cli([...command.split(' '), ...args, '-o', 'json'], options);
    assert.ok(stdout, `${command}: ${stderr}`);
    const value = JSON.parse(stdout);
    for (const field of promised.get(command)) assert.ok(holds(value, field), `${command} has no ${field}: ${stdout}`);
  }
});

test('exit statuses: 0 done, 1 refused or failed, 2 misuse', async () => {
  const status = async (...args) => (await gateway.cli(args)).code;
  assert.equal(await status('whoami'), 0);
  assert.equal(await status('get', 'policy', 'none-such'), 1);
  assert.equal(await status('validate', '-f', '/no/such/file'), 1);
  assert.equal(await status('get', 'nonsense'), 2);
  assert.equal(await status('whoami', '--nonsense'), 2);
  assert.equal(await status('create', 'policy', 'p', '--set', 'nonsense=1'), 2);
  assert.equal(await status('create', 'policy', 'denylist', '--allow'), 1);
  assert.equal(await status('create', 'dictionary', 'fresh', '--term', 'x'), 0);
  assert.equal(await status('create', 'dictionary', 'fresh', '--term', 'x'), 1);
  assert.equal(await status('policy', 'test', path('words.yaml')), 2);
  assert.equal(await status('diff', '-f', '/no/such/file'), 2);
  assert.equal(await status('help', 'exit-codes'), 0);
  assert.equal(await status('help', 'nonsense-topic'), 2);
  assert.equal((await run(program('countersign'), ['--addr', '127.0.0.1:9', 'version'])).code, 1);
});

test('every verb has examples in its help, those of other programs included', async () => {
  const walk = async (verb) => {
    const { code, stdout } = await run(program('countersign'), [...verb, '--help']);
    assert.equal(code, 0, verb.join(' '));
    assert.match(stdout, /^Examples:\n {2}/m, verb.join(' '));
    const table = stdout.match(/^Subcommands:\n((?: {2}.*\n)+)/m)?.[1] ?? '';
    for (const [, name] of table.matchAll(/^ {2}(\S+)/gm)) await walk([...verb, name]);
  };
  await walk([]);
});
