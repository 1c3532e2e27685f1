// The command line as a person sees it: on a terminal, which `script` makes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from '../harness/gateway.mjs';
import { program, startDemoModel } from '../harness/processes.mjs';

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

// Runs the command line on a terminal. Answers each of `answers`, [question, line], once it was asked. The terminal's
// output and exit status.
function onTerminal(args, { answers = [], env = {} } = {}) {
  const quoted = [program('countersign'), '--addr', gateway.address, '--token-file', gateway.adminKeyFile, ...args]
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(' ');
  const child = spawn('script', ['-qec', quoted, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', COUNTERSIGN_HOME: join(gateway.folder, 'cli'), NO_COLOR: '', ...env },
  });
  const waiting = [...answers];
  let seen = '';
  let unread = '';
  const hear = (piece) => {
    seen += piece;
    unread += piece;
    while (waiting.length && unread.includes(waiting[0][0])) {
      unread = unread.slice(unread.indexOf(waiting[0][0]) + waiting[0][0].length);
      child.stdin.write(`${waiting.shift()[1]}\n`);
    }
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, seen, unasked: waiting })));
}

test('init asks five questions, again where an answer cannot be used', async () => {
  const folder = join(gateway.folder, 'first');
  const { code, seen, unasked } = await onTerminal(['init', folder], {
    answers: [
      ['Which provider?', 'opnai'],
      ['Which provider?', ''],
      ['At which address is it? [https://api.openai.com/v1]', ''],
      ['Who reviews prompts?', 'rosa'],
      ['Which words must not be sent', 'patient record'],
      ['What is masked', 'tier1,iban'],
    ],
  });
  assert.deepEqual(unasked, [], seen);
  assert.equal(code, 0, seen);
  assert.match(await readFile(join(folder, 'resources/policies.yaml'), 'utf8'), /'patient record'/);
  assert.equal((await gateway.cli(['policy', 'test', join(folder, 'policy-test.yaml')])).code, 0);
});

test('without a terminal init names the missing options', async () => {
  const { code, stderr } = await gateway.cli(['init', join(gateway.folder, 'second'), '--provider', 'vllm']);
  assert.equal(code, 2);
  assert.match(stderr, /missing: --url, --reviewers, --regulated, --mask\n$/);
});

test('delete names what it would delete and asks; what others use stays', async () => {
  const no = await onTerminal(['delete', 'policy', 'denylist'], { answers: [['Delete Policy/denylist? [y/N]', 'n']] });
  assert.equal(no.code, 1, no.seen);
  assert.match(no.seen, /nothing deleted/);
  const used = await onTerminal(['delete', 'dictionary', 'denylist'], { answers: [['Delete Dictionary/denylist? [y/N]', 'y']] });
  assert.equal(used.code, 1, used.seen);
  assert.match(used.seen, /is in use by Policy\/denylist \(spec\.when\.keywords\.dictionary\)/);
  const yes = await onTerminal(['delete', 'policy', 'denylist', '--yes']);
  assert.equal(yes.code, 0, yes.seen);
});

test('states have colours on a terminal, none with NO_COLOR and none in a pipe', async () => {
  // eslint-disable-next-line no-control-regex
  const colour = /\u001b\[3[0-9]mSERVING\u001b\[0m/;
  assert.match((await onTerminal(['services', 'status'])).seen, colour);
  const plain = await onTerminal(['services', 'status'], { env: { NO_COLOR: '1' } });
  assert.match(plain.seen, /SERVING/);
  assert.ok(!plain.seen.includes('\u001b['), plain.seen);
  assert.ok(!(await onTerminal(['services', 'status'], { env: { TERM: 'dumb' } })).seen.includes('\u001b['));
  assert.ok(!(await gateway.cli(['services', 'status'])).stdout.includes('\u001b['));
});

test('an export and its proof say how far they are, and leave no trace of it in a pipe', async () => {
  const file = join(gateway.folder, 'all.jsonl');
  const exported = await onTerminal(['sessions', 'export', '-o', file]);
  assert.equal(exported.code, 0, exported.seen);
  assert.match(exported.seen, /exporting: \d+ lines, [0-9.]+ k?B/);
  assert.match(exported.seen, /wrote \d+ lines to/);
  const verified = await onTerminal(['verify', file]);
  assert.equal(verified.code, 0, verified.seen);
  assert.match(verified.seen, /verifying: 100 % of/);
  const piped = await gateway.cli(['sessions', 'export', '-o', file]);
  assert.match(piped.stderr, /^wrote \d+ lines to [^\n]*\n$/);
  assert.equal((await gateway.cli(['verify', file])).stderr, '');
});
