// Callers with tokens of a real issuer (oidc/provider.mjs), and with access keys, through the whole gateway.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import { startDemoModel } from './harness/processes.mjs';
import { startProvider } from './oidc/start_provider.mjs';

let model, gateway, provider;

const callerOf = (credential) => new OpenAI({ baseURL: gateway.baseURL, apiKey: credential, maxRetries: 0 });
const ask = (credential) =>
  callerOf(credential).chat.completions.create({
    model: 'demo-1',
    messages: [{ role: 'user', content: 'hello' }],
  });
const refused = (credential) => assert.rejects(ask(credential), { status: 401, code: 'unauthenticated' });

const nightlyJob = () => `apiVersion: countersign/v1
kind: Identity
metadata: {name: nightly-job}
spec: {kind: service, groups: [ci], match: {provider: corp, subject: ${provider.clientId}}}
`;

before(async () => {
  provider = await startProvider();
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(`${resources(model.url)}---
apiVersion: countersign/v1
kind: IdentityProvider
metadata: {name: corp}
spec: {oidc: {issuer: '${provider.issuer}', audiences: [countersign], profile: at+jwt}}
---
${nightlyJob()}`);
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
  provider?.stop();
});

for (const algorithm of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
  test(`a token signed with ${algorithm} calls the model as its identity`, async () => {
    const answer = await ask(await provider.token(algorithm));
    assert.equal(answer.object, 'chat.completion');
    const session = await gateway.ended();
    assert.equal(session.identity, 'nightly-job');
    assert.equal(session.outcome, 'completed');
  });
}

test('whoami shows for whom the issuer vouched', async () => {
  const me = await gateway.cliJson(['whoami'], { key: await provider.token() });
  assert.equal(me.identity, 'nightly-job');
  assert.equal(me.issuer, provider.issuer);
  assert.equal(me.subject, provider.clientId);
  assert.deepEqual(me.groups.sort(), ['batch', 'ci', 'nightly']);
});

test('tokens that do not stand reach no model', async () => {
  const before = (await model.log()).length;
  const token = await provider.token();
  const [header, payload, signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url');
  const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
  await refused(await provider.token('ES256/somebody-else'));
  await refused(`${header}.${forged}.${signature}`);
  await refused(`${unsigned}.${payload}.`);
  await refused(`${token}A`);
  await refused('eyJhbGciOiJFUzI1NiJ9.e30.AAAA');
  assert.equal((await model.log()).length, before);
});

test("a program's token does not vote, whatever its group is", async () => {
  const text = 'Shorten this patient record of oidc.';
  assert.equal((await gateway.cli(['delete', 'identity', 'nightly-job'])).code, 0);
  await gateway.apply(`
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: token-reviewers}
spec: {role: reviewer, groups: [batch]}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: regulated}
spec:
  priority: 100
  when: {keywords: {dictionary: regulated}}
  then: {review: {reviewers: [batch], hold: 5s}}
`);
  const held = callerOf(await gateway.createKey('ci-bot')).chat.completions.create({
    model: 'demo-1',
    messages: [{ role: 'user', content: text }],
  });
  held.catch(() => {});
  const token = await provider.token();
  const { id } = await gateway.pendingReview(token);
  const { code, stderr } = await gateway.cli(['reviews', 'approve', id], { key: token });
  assert.equal(code, 1);
  assert.match(stderr, /only people decide reviews/);
  await assert.rejects(held, { code: 'review_pending' });
  assert.ok((await model.log()).every((entry) => !entry.body?.includes(text)));
  await gateway.apply(nightlyJob());
});

test('a revoked key is refused as soon as the command returns', async () => {
  const created = await gateway.cliJson(['keys', 'create', 'ci-bot']);
  await ask(created.key);
  await ask(created.key);
  const { code, stderr } = await gateway.cli(['keys', 'revoke', created.id]);
  assert.equal(code, 0, stderr);
  await refused(created.key);
});

test('an adopted key works as it is', async () => {
  const key = 'sk-proj-what-clients-send-already';
  const { code, stderr } = await gateway.cli(['keys', 'create', 'ci-bot', '--adopt'], { input: `${key}\n` });
  assert.equal(code, 0, stderr);
  await ask(key);
});

test('tokens of a removed identity provider are refused', async () => {
  const token = await provider.token();
  await ask(token);
  for (const [kind, name] of [['identity', 'nightly-job'], ['identityprovider', 'corp']]) {
    const { code, stderr } = await gateway.cli(['delete', kind, name]);
    assert.equal(code, 0, stderr);
  }
  await refused(token);
});
