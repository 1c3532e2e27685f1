// The blocks of docs/grpc.md, run as they stand there.

import assert from 'node:assert/strict';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway } from './harness/gateway.mjs';
import { makeFolder, removeFolder, run } from './harness/processes.mjs';

const root = resolve(import.meta.dirname, '../..');
let gateway, env, folder, blocks;

before(async () => {
  gateway = await Gateway.start();
  env = { GATEWAY: gateway.address, COUNTERSIGN_TOKEN: (await readFile(gateway.adminKeyFile, 'utf8')).trim() };
  const page = await readFile(join(root, 'docs/grpc.md'), 'utf8');
  blocks = Object.fromEntries([...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => [language, text]));
  // As in a checkout with the packages installed.
  folder = await makeFolder();
  await symlink(join(root, 'proto'), join(folder, 'proto'));
  await symlink(join(import.meta.dirname, 'node_modules'), join(folder, 'node_modules'));
});
after(async () => {
  await gateway?.stop();
  if (folder) await removeFolder(folder);
});

// The output of a block; `program` gets its file.
async function play(language, program, name) {
  const file = join(folder, name);
  await writeFile(file, blocks[language]);
  const { code, stdout, stderr } = await run('env', ['-C', folder, program, file], { env, timeout: 120_000 });
  assert.equal(code, 0, stderr);
  return stdout;
}

test('the page has a block of each kind', () => assert.deepEqual(Object.keys(blocks), ['python', 'js', 'bash', 'sh']));

test('Python', async () => {
  assert.match(await play('python', join(import.meta.dirname, '.venv/bin/python'), 'who.py'), /^\S+\n$/);
});

test('Node', async () => {
  assert.match(await play('js', join(import.meta.dirname, 'node_modules/.bin/node'), 'watch.mjs'), /^resume with \d+\n$/);
});

const go = (await run(join(root, 'scripts/install-go-tools'), [])).stdout.trim().split('\n');
test('grpcurl and ghz', { skip: go.length < 2 }, async () => {
  env.PATH = [...go, process.env.PATH].join(':');
  const output = await play('bash', 'bash', 'grpcurl.sh');
  assert.match(output, /^countersign\.recorder\.v1\.SessionService$/m);
  assert.match(output, /"SERVING"/);
  assert.match(output, /\[OK\] +100 responses/);
});

test('curl', async () => {
  const output = await play('sh', 'sh', 'curl.sh');
  assert.match(output, /"items":\[\],"resumeToken":"\d+"/);
  assert.match(output, /"code":"deadline_exceeded"/);
  assert.match(output, /"identity":/);
});
