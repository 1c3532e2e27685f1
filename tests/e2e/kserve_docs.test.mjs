// The blocks of docs/kserve.md, run as they stand there.

import assert from 'node:assert/strict';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { startKserveServer } from './harness/kserve.mjs';
import { makeFolder, removeFolder, run } from './harness/processes.mjs';

let gateway, model, folder;

before(async () => {
  model = await startKserveServer();
  gateway = await Gateway.start();
  folder = await makeFolder();
  await symlink(join(import.meta.dirname, 'node_modules'), join(folder, 'node_modules'));
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
  if (folder) await removeFolder(folder);
});

test('the connection, the proto and the client', async () => {
  const page = await readFile(resolve(import.meta.dirname, '../../docs/kserve.md'), 'utf8');
  const blocks = Object.fromEntries([...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => [language, text]));
  assert.deepEqual(Object.keys(blocks), ['yaml', 'proto', 'js']);
  await gateway.apply(`${resources('http://127.0.0.1:1')}---\n${blocks.yaml.replace('127.0.0.1:8001', model.address)}`);
  await writeFile(join(folder, 'kserve.proto'), blocks.proto);
  await writeFile(join(folder, 'client.mjs'), blocks.js);
  const env = { GATEWAY: gateway.address, COUNTERSIGN_TOKEN: await gateway.createKey('ci-bot') };
  const node = process.execPath;
  const { code, stdout, stderr } = await run('env', ['-C', folder, node, 'client.mjs'], { env, timeout: 120_000 });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'hello\n');
});
