// Every listing, as it stands in 80 columns: listings.txt has the commands and what they print.
//   COUNTERSIGN_LISTINGS_UPDATE=1   writes what was printed into the file; then read the difference
// Ids, times, ages, ports and releases differ from run to run, and are written as zeros.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from '../harness/gateway.mjs';
import { program, run, startDemoModel } from '../harness/processes.mjs';

const golden = join(import.meta.dirname, 'listings.txt');
const kinds = ['identityproviders', 'identities', 'rolebindings', 'credentials', 'connections', 'dictionaries', 'maskingprofiles', 'policies'];
const commands = [
  ...kinds.map((kind) => ['get', kind]),
  ['reviews', 'list'],
  ['sessions', 'list'],
  ['keys', 'list'],
  ['services', 'status'],
  ['config', 'get-contexts'],
  ['version'],
];

// Beside the resources of the other tests: kinds that they lack, and names and lists that need more than 80 columns.
const more = `---
apiVersion: countersign/v1
kind: IdentityProvider
metadata: {name: corporate-sign-on}
spec: {oidc: {issuer: 'https://sign-on.corporate.example/realms/employees', audiences: [countersign, another-audience]}}
---
apiVersion: countersign/v1
kind: Dictionary
metadata: {name: a-dictionary-with-a-rather-long-name-for-a-narrow-terminal}
spec: {terms: [alpha, beta, gamma], normalize: caseless}
---
apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: house-rules}
spec: {response: [{entity: tier1}, {entity: iban}, {template: 'PRJ-####', label: PROJECT}], prompt: [{entity: secret.*}]}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: far-away}
spec: {protocol: openai, url: 'https://inference.far-away.corporate.example/tenants/research/v1', models: ['gpt-4o*', o3-mini, 'llama-*']}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: a-policy-with-many-conditions-and-a-long-name}
spec:
  priority: 77
  match: {connections: [far-away], groups: [agents, platform, research], models: ['gpt-4o*']}
  then: {review: {reviewers: [security, research-leads]}, masking: house-rules}
`;

let model, gateway, key;
before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url) + more);
  key = await gateway.createKey('ci-bot');
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

const call = (text, headers = {}) =>
  fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: text }] }),
  });

function settle(text) {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}(-[0-9a-f]{4}(-[0-9a-f]{4}(-[0-9a-f]{1,12})?)?)?/g, (id) => id.replace(/[0-9a-f]/g, '0'))
    .replace(/^[a-z0-9]{12}(?=  )/gm, '000000000000')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '0000-00-00T00:00:00Z')
    .replace(/127\.0\.0\.1:\d+/g, (address) => address.replace(/\d/g, '0'))
    .replace(/(?<=\s)\d+[smhd] *$/gm, '0s')
    .replace(/(?<=\s)\d+\.\d+\.\d+$/gm, '0.0.0');
}

test('each listing is the golden one, and fits 80 columns', async () => {
  assert.equal((await call('hello')).status, 200);
  await gateway.ended();
  const asked = await call('the patient record', { prefer: 'respond-async' });
  assert.equal(asked.status, 202, await asked.text());
  const home = join(gateway.folder, 'contexts');
  const env = { COUNTERSIGN_HOME: home, COLUMNS: '80' };
  const contexts = ['--addr', 'https://gateway.corporate.example:8443', '--token-file', '/run/secrets/countersign/token'];
  assert.equal((await run(program('countersign'), ['config', 'set-context', 'production', ...contexts], { env })).code, 0);
  const reviewer = await gateway.createKey('rosa');

  let printed = '';
  for (const command of commands) {
    const who = command[0] === 'reviews' ? ['--token', reviewer] : ['--token-file', gateway.adminKeyFile];
    const { code, stdout, stderr } = await run(program('countersign'), ['--addr', gateway.address, ...who, ...command], { env });
    assert.equal(code, 0, `${command.join(' ')}: ${stderr}`);
    for (const line of stdout.trimEnd().split('\n')) assert.ok([...line].length <= 80, `${command.join(' ')}: ${line}`);
    printed += `$ countersign ${command.join(' ')}\n${settle(stdout)}\n`;
  }
  if (process.env.COUNTERSIGN_LISTINGS_UPDATE) await writeFile(golden, printed);
  assert.equal(printed, await readFile(golden, 'utf8'));
});
