// An export that breaks off goes on: the file that results is one that `verify` accepts.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from '../harness/gateway.mjs';
import { eventually, program, startDemoModel } from '../harness/processes.mjs';

let model, gateway;

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url).replace('{tokens: {over: 400}}', '{tokens: {over: 40000000}}'));
  const client = new OpenAI({ apiKey: await gateway.createKey('ci-bot'), baseURL: gateway.baseURL, maxRetries: 0 });
  for (let i = 0; i < 12; ++i) {
    await client.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content: `${i} ${'words '.repeat(100_000)}` }] });
  }
  await gateway.ended();
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

const args = (file, more = []) => ['sessions', 'export', '-o', file, '--resume', ...more];

// Begins an export, and kills the program after its first page.
async function breakOff(file, more) {
  const child = spawn(program('countersign'), ['--addr', gateway.address, '--token-file', gateway.adminKeyFile, ...args(file, more)], {
    stdio: 'ignore',
    env: { ...process.env, COUNTERSIGN_HOME: join(gateway.folder, 'cli') },
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await eventually('the first page was written', () => existsSync(`${file}.partial.state`) || existsSync(file));
  child.kill('SIGKILL');
  await ended;
  return existsSync(`${file}.partial.state`);
}

// A machine may be so fast that the export ends before it is killed.
async function breakOffInTheMiddle(name, more) {
  for (let attempt = 0; attempt < 20; ++attempt) {
    const file = join(gateway.folder, `${name}-${attempt}.jsonl`);
    if (await breakOff(file, more)) return file;
  }
  throw new Error('the export always ended before it could be killed');
}

for (const [name, more] of [['all', []], ['filtered', ['--connection', 'openai', '--since', '1h']]]) {
  test(`an export of ${name} sessions that was killed goes on, and verifies`, async () => {
    const file = await breakOffInTheMiddle(name, more);
    const there = JSON.parse(await readFile(`${file}.partial.state`, 'utf8')).bytes;
    assert.ok(there > 0);
    const begun = (await readFile(`${file}.partial`)).subarray(0, there);
    const { code, stderr } = await gateway.cli(args(file, more));
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`going on after ${there} bytes`));
    const whole = await readFile(file);
    assert.ok(whole.length > there);
    assert.ok(whole.subarray(0, there).equals(begun), 'it begins with what was there');
    assert.ok(!existsSync(`${file}.partial`) && !existsSync(`${file}.partial.state`));
    const verified = await gateway.cli(['verify', file]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  });
}

test('a gateway that was started again begins anew, and says so', async () => {
  if (gateway.shape !== 'standalone') return;
  const file = await breakOffInTheMiddle('restarted', []);
  await gateway.process.stop();
  await gateway.resume();
  const { code, stderr } = await gateway.cli(args(file));
  assert.equal(code, 0, stderr);
  assert.match(stderr, /beginning anew/);
  assert.equal((await gateway.cli(['verify', file])).code, 0);
});
