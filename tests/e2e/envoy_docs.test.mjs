// The first blocks of docs/envoy.md, run as they stand there, with the example configuration on free ports.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Envoy } from './harness/envoy.mjs';
import { Gateway, resources } from './harness/gateway.mjs';
import { makeFolder, program, removeFolder, run, startDemoModel } from './harness/processes.mjs';

const root = resolve(import.meta.dirname, '../..');
let model, gateway, envoy, folder, blocks;

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  const page = await readFile(join(root, 'docs/envoy.md'), 'utf8');
  blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({ language, text }));
  folder = await makeFolder();
});
after(async () => {
  await envoy?.stop();
  await gateway?.stop();
  await model?.stop();
  if (folder) await removeFolder(folder);
});

async function play({ language, text }, env) {
  assert.equal(language, 'sh');
  await writeFile(join(folder, 'block.sh'), text);
  const path = `${dirname(program('countersign'))}:${process.env.PATH}`;
  const { code, stdout, stderr } = await run('env', ['-C', folder, 'sh', '-e', 'block.sh'], {
    env: { PATH: path, COUNTERSIGN_HOME: join(folder, 'home'), ...env } });
  assert.equal(code, 0, stderr);
  return stdout;
}

test('the proxy, its key, and a call through Envoy', async () => {
  const [proxy, administration, calls] = blocks;
  assert.equal(proxy.language, 'yaml');
  await writeFile(join(folder, 'proxy.yaml'), proxy.text);
  const token = (await readFile(gateway.adminKeyFile, 'utf8')).trim();
  const made = await play(administration, { COUNTERSIGN_ADDR: gateway.address, COUNTERSIGN_TOKEN: token });
  const [proxyKey] = made.match(/^cs_\S+/m) ?? [];
  assert.ok(proxyKey, made);
  envoy = await Envoy.start({ gateway: gateway.address, model: model.url.replace('http://', ''), proxyKey });
  const key = await gateway.createKey('ci-bot');
  for (const mode of ['full_duplex', 'buffered']) {
    const output = await play(calls, { ENVOY: envoy[mode], CALLER_KEY: key });
    assert.match(output, /"id":"demo-1"/);
    assert.match(output, /card <CREDIT_CARD>, SSN <US_SSN>/);
  }
});
