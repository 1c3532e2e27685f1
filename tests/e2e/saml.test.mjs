// People who signed in at a real SAML provider (npm samlp), through the whole gateway: their assertions as bearer
// credentials, and in exchange for tokens. npm @node-saml/node-saml is the second opinion on each message.

import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SAML } from '@node-saml/node-saml';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import { eventually, startDemoModel } from './harness/processes.mjs';
import { makeKey, startSamlProvider } from './saml/provider.mjs';

const audience = 'https://gateway.example';
const recipient = 'https://gateway.example/oauth2/token';
const people = {
  carol: { id: 'carol', groups: ['ml-users'], name: 'Carol C.' },
  rhea: { id: 'rhea', groups: ['security'], name: 'Rhea R.' },
  otto: { id: 'otto', groups: ['nobody'], name: 'Otto O.' },
};
const grant = 'urn:ietf:params:oauth:grant-type:';
const type = 'urn:ietf:params:oauth:token-type:';

let model, gateway, idp;

const indented = (text, by) => text.split('\n').map((line) => ' '.repeat(by) + line).join('\n');
const inlineProvider = async () => `apiVersion: countersign/v1
kind: IdentityProvider
metadata: {name: sso}
spec:
  saml:
    audience: '${audience}'
    recipients: ['${recipient}']
    issuer: '${idp.issuer}'
    nameAttribute: displayName
    profile: authn-statement
    metadata: |
${indented(await idp.metadata(), 6)}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: ml-users}
spec: {role: caller, groups: [ml-users]}
`;

const url64 = (base64) => Buffer.from(base64, 'base64').toString('base64url');
const callerOf = (credential) => new OpenAI({ baseURL: gateway.baseURL, apiKey: credential, maxRetries: 0 });
const ask = (credential, content = 'hello') =>
  callerOf(credential).chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content }] });

async function form(members) {
  const response = await fetch(`http://${gateway.address}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams(members),
  });
  return { status: response.status, ...(await response.json()) };
}
const exchange = (assertion, more = {}) =>
  form({ grant_type: `${grant}token-exchange`, subject_token: assertion, subject_token_type: `${type}saml2`, ...more });

// What node-saml says: the subject, or an error.
async function secondOpinion(base64) {
  const saml = new SAML({
    idpCert: idp.cert, issuer: audience, audience, callbackUrl: recipient, wantAuthnResponseSigned: false,
    validateInResponseTo: 'never', acceptedClockSkewMs: 60_000,
  });
  return (await saml.validatePostResponseAsync({ SAMLResponse: base64 })).profile.nameID;
}

before(async () => {
  model = await startDemoModel();
  idp = await startSamlProvider({ audience, recipient });
  gateway = await Gateway.start();
  await gateway.apply(`${resources(model.url)}---
${await inlineProvider()}`);
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
  idp?.stop();
});

for (const [how, options] of [
  ['assertion', {}],
  ['response', { signResponse: true, signAssertion: false }],
  ['assertion and the response', { signResponse: true }],
  ['assertion, with a prefix', { signatureNamespacePrefix: 'ds' }],
]) {
  test(`an assertion calls the model by its groups; signed: the ${how}`, async () => {
    const response = await idp.signIn(people.carol, options);
    assert.equal((await ask(url64(response))).object, 'chat.completion');
    assert.equal((await ask(response)).object, 'chat.completion', 'base64, a second time');
    if (options.signAssertion !== false) assert.equal(await secondOpinion(response), 'carol');
  });
}

test('a person without a role may not call', async () => {
  await assert.rejects(ask(await idp.signIn(people.otto)), { status: 403 });
});

const changed = (base64, from, to) => {
  const xml = Buffer.from(base64, 'base64').toString();
  assert.ok(xml.includes(from), from);
  return Buffer.from(xml.replaceAll(from, to)).toString('base64');
};
for (const [what, reason, make] of [
  ['for another audience', /another audience/, () => idp.signIn(people.carol, { audience: 'https://other.example' })],
  ['for another recipient', /another Recipient/, () => idp.signIn(people.carol, { recipient: 'https://other.example' })],
  ['of an expired sign-in', /expired/, () => idp.signIn(people.carol, { lifetimeInSeconds: -120 })],
  ['whose subject was changed', /signature/, async () => changed(await idp.signIn(people.carol), 'carol', 'rhea')],
  ['whose groups were changed', /signature/, async () => changed(await idp.signIn(people.carol), 'ml-users', 'security')],
  ['with a comment in its subject', /comment/, async () => changed(await idp.signIn(people.carol), 'carol', 'car<!-- -->ol')],
  ['with the key of another', /signature/, () => idp.signIn(people.carol, makeKey())],
  ['with SHA-1', /algorithm/, () => idp.signIn(people.carol, { signatureAlgorithm: 'rsa-sha1', digestAlgorithm: 'sha1' })],
  ['without a signature', /signed/, () => idp.signIn(people.carol, { signAssertion: false })],
  ['of another issuer', /issuer/i, () => idp.signIn(people.carol, { issuer: 'https://other.example' })],
  ['that answers a request', /InResponseTo/, () => idp.signIn(people.carol, { inResponseTo: '_request' })],
]) {
  test(`an assertion ${what} is refused, with the reason`, async () => {
    const response = await make();
    if (reason.source === 'signature') await assert.rejects(secondOpinion(response));
    const bearer = await ask(response).then(() => assert.fail('accepted'), (error) => error);
    assert.equal(bearer.status, 401);
    assert.match(bearer.message, reason);
    const refused = await exchange(response);
    assert.equal(refused.status, 400);
    assert.match(refused.error_description, reason);
    assert.ok(refused.reason, 'a reason code');
  });
}

test('an assertion is exchanged once, for a token that the SDK uses as its key', async () => {
  const response = await idp.signIn(people.carol);
  const first = await form({ grant_type: `${grant}saml2-bearer`, assertion: url64(response) });
  assert.equal(first.status, 200);
  assert.equal(first.token_type, 'Bearer');
  assert.ok(first.expires_in > 0 && first.expires_in <= 300, 'no longer than the assertion');
  assert.equal((await ask(first.access_token)).object, 'chat.completion');

  const again = await form({ grant_type: `${grant}saml2-bearer`, assertion: url64(response) });
  assert.deepEqual([again.status, again.error, again.reason], [400, 'invalid_grant', 'assertion_replayed']);
  const elsewhere = await exchange(response);
  assert.deepEqual([elsewhere.error, elsewhere.reason], ['invalid_request', 'assertion_replayed']);
  await assert.rejects(ask(response), { status: 401, message: /exchanged/ });
});

test('who the token is, and the keys that verify it', async () => {
  const { access_token: token } = await exchange(await idp.signIn(people.carol));
  const me = await gateway.cliJson(['whoami'], { key: token });
  assert.equal(me.issuer, idp.issuer);
  assert.equal(me.subject, 'carol');
  assert.equal(me.kind, 'human');
  assert.equal(me.name, 'Carol C.');
  assert.deepEqual(me.groups, ['ml-users']);

  const { keys } = await (await fetch(`http://${gateway.address}/.well-known/jwks.json`)).json();
  const [header, payload, signed] = token.split('.');
  const { kid, typ } = JSON.parse(Buffer.from(header, 'base64url'));
  assert.equal(typ, 'at+jwt');
  const key = createPublicKey({ key: keys.find((candidate) => candidate.kid === kid), format: 'jwk' });
  assert.ok(verify('sha256', `${header}.${payload}`, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signed, 'base64url')));
});

test('the command line exchanges a file, as XML or as it was posted', async () => {
  for (const encode of [(text) => text, (text) => Buffer.from(text, 'base64').toString()]) {
    const file = join(gateway.folder, 'assertion');
    await writeFile(file, encode(await idp.signIn(people.carol)));
    const { code, stdout, stderr } = await gateway.cli(['token', 'exchange', '--saml', file]);
    assert.equal(code, 0, stderr);
    assert.equal((await ask(stdout.trim())).object, 'chat.completion');
    const replayed = await gateway.cli(['token', 'exchange', '--saml', file]);
    assert.notEqual(replayed.code, 0);
    assert.match(replayed.stderr, /assertion_replayed/);
  }
});

test('a person of the provider approves a review; her agent calls, and approves nothing', async () => {
  const { access_token: rhea } = await exchange(await idp.signIn(people.rhea));
  const bot = await gateway.createKey('ci-bot');
  const waiting = ask(bot, 'the patient record of this run');
  const review = await gateway.pendingReview(rhea);

  const delegated = await exchange(await idp.signIn(people.rhea), {
    actor_token: bot,
    actor_token_type: `${type}access_token`,
  });
  assert.equal(delegated.status, 200);
  const me = await gateway.cliJson(['whoami'], { key: delegated.access_token });
  assert.deepEqual([me.kind, me.subject, me.actor], ['agent', 'rhea', 'ci-bot']);
  assert.equal((await ask(delegated.access_token)).object, 'chat.completion');
  assert.notEqual((await gateway.cli(['reviews', 'approve', review.id], { key: delegated.access_token })).code, 0);

  const approved = await gateway.cli(['reviews', 'approve', review.id, '--reason', 'known'], { key: rhea });
  assert.equal(approved.code, 0, approved.stderr);
  assert.equal((await waiting).object, 'chat.completion');
});

test('keys and JWTs are exchanged, too, and end with what they were exchanged for', async () => {
  const key = await gateway.createKey('ci-bot');
  const { access_token: token } = await form({
    grant_type: `${grant}token-exchange`, subject_token: key, subject_token_type: `${type}access_token`,
  });
  assert.equal((await gateway.cliJson(['whoami'], { key: token })).identity, 'ci-bot');
  const { items } = await gateway.cliJson(['keys', 'list']);
  for (const item of items.filter((entry) => entry.identity === 'ci-bot' && entry.state === 'ACTIVE')) {
    assert.equal((await gateway.cli(['keys', 'revoke', item.id])).code, 0);
  }
  await assert.rejects(ask(token), { status: 401 });
});

test('the provider reads who this gateway is', async () => {
  const response = await fetch(`http://${gateway.address}/saml/metadata`);
  assert.equal(response.status, 200);
  const metadata = await response.text();
  assert.ok(metadata.includes(`entityID="${audience}"`));
  assert.ok(metadata.includes(`Location="${recipient}"`));
});

test('what is wrong with a provider is said all at once, before and when it is applied', async () => {
  const file = join(gateway.folder, 'wrong.yaml');
  await writeFile(file, `apiVersion: countersign/v1
kind: IdentityProvider
metadata: {name: wrong}
spec: {saml: {metadata: '<a/>', recipients: []}}
`);
  for (const verb of [['validate', '-f', file], ['apply', '-f', file]]) {
    const { code, stderr, stdout } = await gateway.cli(verb);
    assert.notEqual(code, 0);
    assert.match(stderr + stdout, /spec\.saml\.audience: is required/);
    assert.match(stderr + stdout, /spec\.saml\.recipients: must not be empty/);
  }
});

test('a metadata file, and metadata that is fetched and rotated', async () => {
  await writeFile(join(gateway.folder, 'idp.xml'), await idp.metadata());
  const file = join(gateway.folder, 'provider.yaml');
  const provider = (source) => `apiVersion: countersign/v1
kind: IdentityProvider
metadata: {name: sso}
spec: {saml: {${source}, audience: '${audience}'}}
`;
  await writeFile(file, provider('metadataFile: idp.xml'));
  const applied = await gateway.cli(['apply', '-f', file]);
  assert.equal(applied.code, 0, applied.stderr);
  assert.equal((await ask(await idp.signIn(people.carol))).object, 'chat.completion');
  const shown = await gateway.cli(['get', 'IdentityProvider/sso', '-o', 'yaml']);
  assert.match(shown.stdout, /metadata: /);

  await writeFile(file, provider(`metadataUrl: '${idp.metadataUrl}'`));
  assert.equal((await gateway.cli(['apply', '-f', file])).code, 0);
  assert.equal((await ask(await idp.signIn(people.carol))).object, 'chat.completion');
  idp.rotate();
  // Seen within the cooldown between two fetches.
  await eventually('the new key is known', async () =>
    ask(await idp.signIn(people.carol)).then(() => true, () => false));
});
