// The blocks of docs/kserve.md, run as they stand there.

import assert from 'node:assert/strict';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { startKserveServer } from './harness/kserve.mjs';
import { startKserveRestServer } from './harness/kserve_rest.mjs';
import { makeFolder, removeFolder, run } from './harness/processes.mjs';

let gateway, model, rest, folder;

before(async () => {
  [model, rest] = await Promise.all([startKserveServer(), startKserveRestServer()]);
  gateway = await Gateway.start();
  folder = await makeFolder();
  await symlink(join(import.meta.dirname, 'node_modules'), join(folder, 'node_modules'));
});
after(async () => {
  await gateway?.stop();
  await Promise.all([model?.stop(), rest?.stop()]);
  if (folder) await removeFolder(folder);
});

test('the connection, the proto and the client', async () => {
  const page = await readFile(resolve(import.meta.dirname, '../../docs/kserve.md'), 'utf8');
  const found = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => [language, text]);
  assert.deepEqual(found.map(([language]) => language), ['yaml', 'proto', 'js', 'yaml', 'sh']);
  const [[, grpc], [, proto], [, js], [, http], [, sh]] = found;
  const connections = [grpc.replace('127.0.0.1:8001', model.address), http.replace('http://127.0.0.1:8000', rest.url)];
  await gateway.apply([resources('http://127.0.0.1:1'), ...connections].join('---\n'));
  await writeFile(join(folder, 'kserve.proto'), proto);
  await writeFile(join(folder, 'client.mjs'), js);
  const env = { GATEWAY: gateway.address, COUNTERSIGN_TOKEN: await gateway.createKey('ci-bot') };
  const node = process.execPath;
  const { code, stdout, stderr } = await run('env', ['-C', folder, node, 'client.mjs'], { env, timeout: 120_000 });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'hello\n');
  const answer = await run('sh', ['-c', sh], { env });
  assert.deepEqual(JSON.parse(answer.stdout).outputs[0].data, ['mail <EMAIL>'], answer.stderr);
});
