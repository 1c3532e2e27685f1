// The real Presidio of PyPI, which scripts/install-presidio installs outside of the tree. It is large, so the test runs by
// name alone (ctest --preset release -C Presidio -R e2e_presidio); where it cannot be installed it is skipped.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from '../harness/gateway.mjs';
import { eventually, makeFolder, removeFolder, run, startDemoModel } from '../harness/processes.mjs';

const root = resolve(import.meta.dirname, '../../..');
const { code, stdout, stderr } = await run(join(root, 'scripts/install-presidio'), []);
const skip = code === 0 ? false : `Presidio cannot be installed: ${stderr.trim().split('\n').pop()}`;

const profile = `
---
apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: people}
spec:
  response:
    - {entity: tier1}
    - {analyzer: names, entities: [person, location, organization], minScore: 0.6}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: people}
spec:
  priority: 50
  match: {models: [demo-people]}
  then: {allow: {}, masking: people}
`;

let server, model, gateway, bot, folder;

async function startPresidio() {
  const child = spawn(join(stdout.trim(), 'bin/python'), [join(root, 'tests/presidio/server.py')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  const url = await eventually('Presidio printed its address', () => printed.match(/http:\S+/)?.[0], 300);
  return { url, stop: () => child.kill('SIGKILL') };
}

before(async () => {
  if (skip) return;
  server = await startPresidio();
  model = await startDemoModel();
  folder = await makeFolder();
  const masking = join(folder, 'masking.yaml');
  await writeFile(masking, `service: {analyzers: [{name: names, protocol: presidio, url: '${server.url}', timeout: 8s}]}\n`);
  gateway = await Gateway.start({ masking });
  await gateway.apply(resources(model.url) + profile);
  bot = new OpenAI({ baseURL: gateway.baseURL, apiKey: await gateway.createKey('ci-bot'), maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
  server?.stop();
  if (folder) await removeFolder(folder);
});

const ask = (text, more) => bot.chat.completions.create({ model: 'demo-people', messages: [{ role: 'user', content: text }], ...more });

test('names, places and organisations of an answer are masked, whole and streamed', { skip }, async () => {
  const text = 'Jane Doe lives in Berlin and works for Siemens. Her card is 4111 1111 1111 1111. It rains.';
  const masked = '<PERSON> lives in <LOCATION> and works for <ORGANIZATION>. Her card is <CREDIT_CARD>. It rains.';
  const whole = await ask(`Say exactly: ${text}`);
  assert.equal(whole.choices[0].message.content, masked);
  for (const bytes of [1, 3, 40]) {
    let streamed = '';
    for await (const chunk of await ask(`In pieces of ${bytes} say exactly: ${text}`, { stream: true })) {
      streamed += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(streamed, masked, `pieces of ${bytes}`);
  }
});

test('a document is masked in its strings, beyond ASCII, too', { skip }, async () => {
  const tools = [{ type: 'function', function: { name: 'send', parameters: { type: 'object' } } }];
  const answer = await ask('call with: {"note":"I met Zo\\u00eb Lee in Paris.","n":12}', { tools });
  assert.deepEqual(JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments), {
    note: 'I met <PERSON> in <LOCATION>.',
    n: 12,
  });
});
