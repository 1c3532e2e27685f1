// The command line from its users' side: output formats, exit statuses, and errors that say what to do.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { program, run, startDemoModel } from './harness/processes.mjs';

let model, gateway;

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

const file = async (name, text) => {
  const path = join(gateway.folder, name);
  await writeFile(path, text);
  return path;
};
const resource = (kind, name, spec) => `---\napiVersion: countersign/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

test('misuse exits 2, a refusal 1', async () => {
  assert.equal((await gateway.cli(['reviews'])).code, 2);
  assert.equal((await gateway.cli(['nonsense'])).code, 2);
  assert.equal((await gateway.cli(['sessions', 'list', '--nonsense'])).code, 2);
  const refused = await gateway.cli(['sessions', 'show', '00000000-0000-7000-8000-000000000000']);
  assert.equal(refused.code, 1);
  assert.equal(refused.stderr.trim().split('\n').length, 1);
});

test('an unreachable gateway is named, with what to do', async () => {
  const { code, stderr } = await run(program('countersign'), ['--addr', '127.0.0.1:9', 'whoami']);
  assert.equal(code, 1);
  assert.match(stderr, /cannot reach the gateway at http:\/\/127\.0\.0\.1:9/);
  assert.match(stderr, /--addr/);
});

test('without a credential it says how to give one', async () => {
  const { code, stderr } = await run(program('countersign'), ['--addr', gateway.address, 'whoami'], { env: { COUNTERSIGN_HOME: gateway.folder } });
  assert.equal(code, 1);
  assert.match(stderr, /--token/);
});

test('whoami', async () => {
  const me = await gateway.cliJson(['whoami']);
  assert.deepEqual(me.roles.map((role) => role.role).sort(), ['admin', 'auditor']);
});

test('apply prints created, configured and unchanged', async () => {
  const path = await file('a.yaml', resource('Dictionary', 'words', '{terms: [alpha]}'));
  assert.equal((await gateway.cli(['apply', '-f', path])).stdout, 'Dictionary/words created\n');
  assert.equal((await gateway.cli(['apply', '-f', path])).stdout, 'Dictionary/words unchanged\n');
  await file('a.yaml', resource('Dictionary', 'words', '{terms: [alpha, beta]}'));
  const diff = await gateway.cli(['diff', '-f', path]);
  assert.equal(diff.code, 1);
  assert.match(diff.stdout, /^\+- beta$/m);
  const dry = await gateway.cli(['apply', '--dry-run', '-f', path]);
  assert.match(dry.stdout, /configured/);
  assert.equal((await gateway.cli(['apply', '-f', path])).stdout, 'Dictionary/words configured\n');
  assert.equal((await gateway.cli(['diff', '-f', path])).code, 0);
  const got = await gateway.cliJson(['get', 'dictionary', 'words']);
  assert.deepEqual(got.spec, { terms: ['alpha', 'beta'] });
  assert.equal((await gateway.cli(['delete', 'dictionary', 'words'])).code, 0);
  assert.equal((await gateway.cli(['get', 'dictionary', 'words'])).code, 1);
});

test('apply is all or nothing and names every mistake with its line', async () => {
  const path = await file(
    'bad.yaml',
    resource('Dictionary', 'good-one', '{terms: [x]}') +
      resource('Policy', 'bad-one', '{then: {allow: {}, colour: red}}') +
      resource('Policy', 'bad-two', '{when: {pattern: {regex: "(?<=a)b"}}, then: {allow: {}}}'),
  );
  const { code, stderr } = await gateway.cli(['apply', '-f', path]);
  assert.equal(code, 1);
  assert.match(stderr, /bad\.yaml:10: Policy\/bad-one: spec\.then\.colour: unknown field/);
  assert.equal((await gateway.cli(['get', 'dictionary', 'good-one'])).code, 1);
  const pattern = await file('pattern.yaml', resource('Dictionary', 'good-one', '{terms: [x]}') + resource('Policy', 'bad-two', '{when: {pattern: {regex: "(?<=a)b"}}, then: {allow: {}}}'));
  const refused = await gateway.cli(['apply', '-f', pattern]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /bad-two/);
  assert.match(refused.stderr, /look/i);
  assert.equal((await gateway.cli(['get', 'dictionary', 'good-one'])).code, 1);
});

test('validate reports the errors of apply, with their lines, without a gateway', async () => {
  const wrong =
    resource('Policy', 'one', '\n  when: {pattern: {regex: "a("}}\n  match: {operations: [chat]}\n  then: {allow: {}, masking: none-such}') +
    resource('MaskingProfile', 'two', '\n  response:\n    - {entity: emial}\n    - {pattern: "[a"}');
  const path = await file('wrong.yaml', wrong);
  const expected = [
    /wrong\.yaml:6: Policy\/one: spec\.when\.pattern\.regex: .*at byte \d/,
    /wrong\.yaml:7: Policy\/one: spec\.match\.operations\[0\]: "chat" is none of chat\.completions/,
    /wrong\.yaml:8: Policy\/one: spec\.then\.masking: there is no MaskingProfile "none-such"/,
    /wrong\.yaml:15: MaskingProfile\/two: spec\.response\[0\]\.entity: unknown entity/,
    /wrong\.yaml:16: MaskingProfile\/two: spec\.response\[1\]\.pattern: at byte \d/,
  ];
  const { code, stderr } = await run(program('countersign'), ['validate', '-f', path]);
  assert.equal(code, 1);
  const lines = stderr.trimEnd().split('\n');
  assert.equal(lines.length, expected.length, stderr);
  expected.forEach((pattern, i) => assert.match(lines[i], pattern));
});

test('errors of the gateway about a resource have the line of the file, too', async () => {
  const path = await file(
    'late.yaml',
    resource('Policy', 'late', '\n  when:\n    any:\n      - tokens: {over: 1}\n      - pattern: {regex: "a("}\n  then: {allow: {}}') +
      resource('MaskingProfile', 'late', '\n  response:\n    - {pattern: "[a"}'),
  );
  const { code, stderr } = await gateway.cli(['apply', '-f', path]);
  assert.equal(code, 1);
  assert.equal(stderr.trimEnd().split('\n').length, 2, stderr);
  assert.match(stderr, /late\.yaml:9: Policy\/late: spec\.when\.any\[1\]\.pattern\.regex: /);
  assert.match(stderr, /late\.yaml:17: MaskingProfile\/late: spec\.response\[0\]\.pattern: at byte 0/);
});

test('with --partial references may name resources of the gateway', async () => {
  const path = await file('part.yaml', resource('Policy', 'part', '{match: {connections: [openai]}, then: {allow: {}}}'));
  const strict = await run(program('countersign'), ['validate', '-f', path]);
  assert.equal(strict.code, 1);
  assert.match(strict.stderr, /there is no Connection "openai"/);
  const partial = await run(program('countersign'), ['validate', '--partial', '-f', path]);
  assert.equal(partial.code, 0, partial.stderr);
  assert.equal(partial.stdout, '1 resource is valid\n');
});

test('a resource that others refer to cannot be deleted', async () => {
  const { code, stderr } = await gateway.cli(['delete', 'connection', 'openai']);
  assert.equal(code, 0, stderr); // Nothing names it in these resources.
  await gateway.apply(resources(model.url));
  const refused = await gateway.cli(['delete', 'dictionary', 'denylist']);
  assert.equal(refused.code, 1);
  assert.equal(refused.stderr, 'countersign: Dictionary "denylist" is in use by Policy/denylist (spec.when.keywords.dictionary); change or delete that first\n');
});

test('services status shows every part of the process, serving the current version', async () => {
  const { items } = await gateway.cliJson(['services', 'status']);
  assert.deepEqual(items.map((item) => item.name), ['approval', 'authn', 'edge', 'masking', 'policy', 'session-recorder']);
  for (const item of items) assert.equal(item.state, 'SERVING', item.name);
  for (const item of items.slice(0, -1)) assert.equal(item.lag, 0, item.name);
  const table = await gateway.cli(['services', 'status']);
  assert.match(table.stdout, /^PART +STATE +VERSION +LAG$/m);
});

test('resources are named as kubectl names them', async () => {
  for (const kind of ['policy', 'Policy', 'POLICIES', 'policies']) {
    const { items } = await gateway.cliJson(['get', kind]);
    assert.ok(items.some((item) => item.metadata.name === 'denylist'), kind);
  }
  assert.equal((await gateway.cliJson(['get', 'policy/denylist'])).metadata.name, 'denylist');
  const kinds = ['identityproviders', 'identities', 'rolebindings', 'credentials', 'connections', 'dictionaries', 'maskingprofiles', 'policies'];
  for (const kind of kinds) {
    for (const form of ['table', 'json', 'yaml']) assert.equal((await gateway.cli(['get', kind, '-o', form])).code, 0, kind);
  }
  const missing = await gateway.cli(['get', 'policy', 'none-such']);
  assert.equal(missing.code, 1);
  assert.equal(missing.stderr, 'countersign: there is no Policy "none-such"\n');
});

test('apply reads standard input; diff tells a difference from a failure', async () => {
  const text = resource('Dictionary', 'piped', '{terms: [x]}');
  assert.equal((await gateway.cli(['diff', '-f', '-'], { input: text })).code, 1);
  assert.equal((await gateway.cli(['apply', '-f', '-'], { input: text })).stdout, 'Dictionary/piped created\n');
  assert.equal((await gateway.cli(['diff', '-f', '-'], { input: text })).code, 0);
  assert.equal((await gateway.cli(['diff', '-f', '-'], { input: 'kind: Nonsense' })).code, 2);
  assert.equal((await gateway.cli(['diff', '-f', '/no/such/file'])).code, 2);
  assert.equal((await gateway.cli(['delete', 'dictionary/piped'])).code, 0);
});

test('a credential\'s value is in no answer', async () => {
  const { stdout } = await gateway.cli(['get', 'credentials', '-o', 'yaml']);
  assert.match(stdout, /model-key/);
  assert.doesNotMatch(stdout, /upstream-secret-key/);
});

test('keys: create, list, revoke, adopt', async () => {
  const created = await gateway.cliJson(['keys', 'create', 'ci-bot', '--ttl', '2h']);
  assert.deepEqual(Object.keys(created).sort(), ['expiresAt', 'id', 'identity', 'key']);
  const { items } = await gateway.cliJson(['keys', 'list']);
  assert.ok(items.some((item) => item.id === created.id && item.state === 'ACTIVE'));
  assert.ok(!JSON.stringify(items).includes(created.key));
  assert.equal(items.find((item) => item.id === created.id).expiresAt, created.expiresAt);
  assert.equal((await gateway.cli(['keys', 'create', 'nobody'])).code, 1);
  const adopted = await gateway.cli(['keys', 'create', 'ci-bot', '--adopt'], { input: 'sk-legacy-key-0123456789abcdef\n' });
  assert.equal(adopted.code, 0, adopted.stderr);
  const response = await fetch(`${gateway.baseURL}/models`, { headers: { authorization: 'Bearer sk-legacy-key-0123456789abcdef' } });
  assert.equal(response.status, 200);
});

test('mask and tokens work without a server', async () => {
  const offline = (args, input) => run(program('countersign'), args, { input });
  const text = 'Card 4111 1111 1111 1111 and jane@example.com.\n';
  assert.equal((await offline(['mask'], text)).stdout, 'Card <CREDIT_CARD> and <EMAIL>.\n');
  for (const chunk of ['1', '3', '7']) {
    assert.equal((await offline(['mask', '--chunk', chunk], text)).stdout, 'Card <CREDIT_CARD> and <EMAIL>.\n');
  }
  const { entities } = JSON.parse((await offline(['mask', '-o', 'json'], text)).stdout);
  assert.deepEqual(entities, [
    { entity: 'credit_card', start: 5, end: 24 },
    { entity: 'email', start: 29, end: 45 },
  ]);
  assert.equal((await offline(['mask', '--entities', 'email'], text)).stdout, 'Card 4111 1111 1111 1111 and <EMAIL>.\n');
  assert.equal((await offline(['tokens', '--tokenizer', 'o200k_base'], 'hello world')).stdout, '2\n');
  assert.equal((await offline(['tokens', '--tokenizer', 'cl100k_base', '--jsonl'], '"hello world"\n"a"\n')).stdout, '{"tokens": 2}\n{"tokens": 1}\n');
});

test('mask -f reads the dictionary that a profile names', async () => {
  await file('words.txt', 'falcon\nblue heron\n');
  const path = await file(
    'own.yaml',
    resource('Dictionary', 'codenames', '{file: words.txt}') +
      resource('Credential', 'unused', '{bearer: {inline: sk-1}}') +
      resource('MaskingProfile', 'own', '{response: [{dictionary: codenames, action: redact}]}'),
  );
  const masked = await run(program('countersign'), ['mask', '-f', path], { input: 'the Falcon flies\n' });
  assert.equal(masked.stdout, 'the [REDACTED] flies\n', masked.stderr);
});

test('mask --direction prompt runs the rules of prompts', async () => {
  const path = await file(
    'both.yaml',
    resource('MaskingProfile', 'both', '{response: [{entity: credit_card}], prompt: [{entity: email, action: redact}]}'),
  );
  const mask = (...args) =>
    run(program('countersign'), ['mask', '-f', path, ...args], { input: 'a@example.com 4111 1111 1111 1111' });
  assert.equal((await mask('--direction', 'prompt')).stdout, '[REDACTED] 4111 1111 1111 1111');
  assert.equal((await mask()).stdout, 'a@example.com <CREDIT_CARD>');
});

test('mask --hash prints the hash for a hashed rule', async () => {
  const key = await file('hash.key', 'a key\n');
  const hash = (args, input) => run(program('countersign'), ['mask', '--hash', ...args], { input });
  const hmac = createHmac('sha256', 'a key').update('ab123456').digest('hex');
  assert.equal((await hash(['--key', key], 'AB-123 456\n\n')).stdout, `${hmac}\n`);
  const plain = createHash('sha256').update('87654321').digest('hex');
  assert.equal((await hash([], '87654321')).stdout, `${plain}\n`);
  const rule = `{hashed: {pattern: '[A-Z]{2}[0-9]{6}', values: [${hmac}], key: {file: hash.key}}, label: STAFF}`;
  const path = await file('hashed.yaml', resource('MaskingProfile', 'hashed', `{response: [${rule}]}`));
  const masked = await run(program('countersign'), ['mask', '-f', path], { input: 'AB123456, AB123457' });
  assert.equal(masked.stdout, '<STAFF>, AB123457', masked.stderr);
});

test('scripts/dev reports unusable tools in one line', async () => {
  const dev = (...args) => run(join(import.meta.dirname, '../../scripts/dev'), ['--bin', program('.'), '--dir', join(gateway.folder, 'dev'), ...args]);
  for (const args of [['--http'], ['--stop-part'], ['--nonsense'], ['extra']]) {
    const { code, stderr } = await dev(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^dev: [^\n]+\n$/);
  }
  const unreachable = await dev('--detach', '--database', 'host=127.0.0.1 port=1 user=nobody');
  assert.equal(unreachable.code, 1);
  assert.match(unreachable.stderr, /^dev: --database cannot be used: [^\n]*port 1[^\n]*\n$/);
});

// Run by a shell, with redirections.
const shell = (line) =>
  run('/bin/sh', ['-c', line], {
    env: {
      COUNTERSIGN_HOME: join(gateway.folder, 'cli'),
      CS: `${program('countersign')} --addr ${gateway.address} --token-file ${gateway.adminKeyFile}`,
      DIR: gateway.folder,
    },
  });

test('lost output is status 1', async () => {
  const text = resource('Dictionary', 'words', '{terms: [alpha]}');
  await file('full.yaml', text);
  for (const command of ['--help', '--version', 'whoami', 'get policies -o yaml', 'keys list', 'sessions list -o json', 'validate -f $DIR/full.yaml',
    'up --help', 'sessions export -o -', 'mask < $DIR/full.yaml']) {
    const fine = await shell(`$CS ${command} > /dev/null`);
    assert.equal(fine.code, 0, command + fine.stderr);
    const { code, stderr } = await shell(`$CS ${command} > /dev/full`);
    assert.equal(code, 1, command);
    assert.match(stderr, /cannot write .*: No space left on device/, command);
  }
  const diff = await shell('$CS diff -f $DIR/full.yaml > /dev/full');
  assert.equal(diff.code, 2); // 1 would say that it was shown
});

test('an export is written through devices, links and pipes, which are not replaced', async () => {
  const kind = async (name) => (await shell(`stat -c %F ${name}`)).stdout.trim();
  assert.equal((await shell('$CS sessions export -o /dev/null')).code, 0);
  assert.equal(await kind('/dev/null'), 'character special file');
  const full = await shell('$CS sessions export -o /dev/full');
  assert.equal(full.code, 1);
  assert.match(full.stderr, /cannot write \/dev\/full: No space left on device/);
  assert.equal(await kind('/dev/full'), 'character special file');
  const piped = await shell('cd $DIR && mkfifo pipe && (cat pipe > piped & $CS sessions export -o pipe; wait) && $CS sessions export -o direct');
  assert.equal(piped.code, 0, piped.stderr);
  assert.equal(await kind('$DIR/pipe'), 'fifo');
  assert.equal((await shell(`${program('countersign')} verify $DIR/piped`)).code, 0);
  const linked = await shell('cd $DIR && echo old > target && ln -s target link && $CS sessions export -o link');
  assert.equal(linked.code, 0, linked.stderr);
  assert.equal(await kind('$DIR/link'), 'symbolic link');
  assert.equal((await shell(`${program('countersign')} verify $DIR/target`)).code, 0);
  assert.equal((await shell('$CS sessions export -o /dev/stdout > $DIR/out')).code, 0);
  assert.equal((await shell(`${program('countersign')} verify $DIR/out`)).code, 0);
});

test('the output of get for every kind can be applied, and is unchanged', async () => {
  const kinds = ['identityproviders', 'identities', 'rolebindings', 'credentials', 'connections', 'dictionaries', 'maskingprofiles', 'policies'];
  await gateway.apply(resources(model.url));
  for (const form of ['yaml', 'json']) {
    for (const kind of kinds) {
      const got = await gateway.cli(['get', kind, '-o', form]);
      const { items } = await gateway.cliJson(['get', kind]);
      if (items.length === 0) continue; // nothing to apply
      const path = await file(`${kind}.${form}`, got.stdout);
      const applied = await gateway.cli(['apply', '-f', path]);
      assert.equal(applied.code, 0, kind + applied.stderr);
      for (const line of applied.stdout.trimEnd().split('\n')) assert.match(line, / unchanged$/);
      assert.equal((await gateway.cli(['diff', '-f', path])).code, 0);
      const valid = await gateway.cli(['validate', '--partial', '-f', path]);
      assert.equal(valid.code, 0, kind + valid.stderr);
      const one = await gateway.cli(['get', kind, items[0].metadata.name, '-o', form]);
      const single = await gateway.cli(['apply', '-f', '-'], { input: one.stdout });
      assert.match(single.stdout, / unchanged\n$/, single.stderr);
    }
  }
  // The credential still works.
  const key = await gateway.createKey('ci-bot');
  const body = JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: 'hello' }] });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  assert.equal((await fetch(`${gateway.baseURL}/chat/completions`, { method: 'POST', headers, body })).status, 200);
});

test('validate, diff and dry runs need no secret, and say so', async () => {
  const path = await file('secret.yaml', resource('Credential', 'model-key', '{bearer: {env: A_KEY_THAT_IS_NOT_SET}}') + resource('Credential', 'new-key', '{bearer: {file: /no/such/secret}}'));
  const note = 'countersign: note: checked Credential/model-key without the environment variable A_KEY_THAT_IS_NOT_SET\ncountersign: note: checked Credential/new-key without the file /no/such/secret\n';
  for (const [args, code, stdout] of [
    [['validate', '-f', path], 0, '2 resources are valid\n'],
    [['apply', '--dry-run', '-f', path], 0, 'Credential/model-key unchanged (dry run)\nCredential/new-key created (dry run)\n'],
    [['diff', '-f', path], 1, /new-key/],
  ]) {
    const result = await gateway.cli(args);
    assert.equal(result.code, code, result.stderr);
    assert.ok(result.stderr.startsWith(note), result.stderr);
    assert.match(result.stdout, typeof stdout === 'string' ? new RegExp(`^${stdout.replaceAll(/[()/]/g, '\\$&')}$`) : stdout);
  }
  assert.equal((await gateway.cli(['apply', '-f', path])).code, 1);
});

test('escape sequences in a model name are escaped in every output format', async () => {
  const key = await gateway.createKey('ci-bot');
  const name = 'demo-\u001b[2J\u009b31m\u202e\u007f\u2028x';
  const body = JSON.stringify({ model: name, messages: [{ role: 'user', content: 'hello' }] });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  await fetch(`${gateway.baseURL}/chat/completions`, { method: 'POST', headers, body });
  const { id } = await gateway.ended((session) => session.model === name);
  for (const args of [['sessions', 'list'], ['sessions', 'show', id]]) {
    for (const form of ['table', 'json', 'yaml']) {
      const { stdout, stderr } = await gateway.cli([...args, '-o', form]);
      assert.ok(stdout.includes('demo-'), stdout);
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
    }
  }
});

test('an export that was changed is not believed', async () => {
  const key = await gateway.createKey('ci-bot');
  const body = JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: 'hello' }] });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  assert.equal((await fetch(`${gateway.baseURL}/chat/completions`, { method: 'POST', headers, body })).status, 200);
  await gateway.ended();
  const path = join(gateway.folder, 'export.jsonl');
  assert.equal((await gateway.cli(['sessions', 'export', '-o', path])).code, 0);
  const { readFile } = await import('node:fs/promises');
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const verify = async (changed) => {
    const copy = await file('changed.jsonl', changed.map((line) => `${line}\n`).join(''));
    return run(program('countersign'), ['verify', copy]);
  };
  const intact = await verify(lines);
  assert.equal(intact.code, 0, intact.stdout + intact.stderr);
  assert.match(intact.stdout + intact.stderr, /not pinned/);
  for (let i = 0; i < lines.length; i++) {
    assert.equal((await verify(lines.toSpliced(i, 1))).code, 1, `line ${i + 1} can be left out`);
    const at = Math.floor(lines[i].length / 2);
    const flipped = lines[i].slice(0, at) + (lines[i][at] === 'a' ? 'b' : 'a') + lines[i].slice(at + 1);
    assert.equal((await verify(lines.with(i, flipped))).code, 1, `line ${i + 1} can be changed`);
  }
  assert.equal((await verify([...lines, lines.at(-1)])).code, 1, 'a line can be added');
});
