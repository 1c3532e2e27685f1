// People who sign in with the command line, at a real issuer (provider.mjs): with a code on another device, and in a
// browser on this machine.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { signIn } from '../harness/browser.mjs';
import { Gateway, resources } from '../harness/gateway.mjs';
import { eventually, program, run, startDemoModel } from '../harness/processes.mjs';
import { startProvider } from './start_provider.mjs';

const rosa = { login: 'rosa', password: 'any' };
let model, gateway, provider, home;

const provide = (login) => `apiVersion: countersign/v1
kind: IdentityProvider
metadata: {name: corp}
spec: {oidc: {issuer: '${provider.issuer}', audiences: [countersign]${login}}}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: batch-reviewers}
spec: {role: reviewer, groups: [batch]}
`;

before(async () => {
  provider = await startProvider();
  model = await startDemoModel();
  gateway = await Gateway.start();
  home = join(gateway.folder, 'home');
  await gateway.apply(resources(model.url));
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
  provider?.stop();
});

const environment = () => ({ COUNTERSIGN_HOME: home, COUNTERSIGN_ADDR: gateway.address, BROWSER: '/bin/true' });
const countersign = (...args) => run(program('countersign'), args, { env: environment() });

// `login`, while a person does in a browser what it says.
async function logIn(...args) {
  const child = spawn(program('countersign'), ['login', ...args], { env: { ...process.env, ...environment() } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const exited = new Promise((resolve) => child.on('close', resolve));
  const url = await eventually('login says where to sign in', () =>
    stderr.includes('Waiting') ? stderr.match(/(?:or open|Log in at\s+) ?(http\S+)/)?.[1] : undefined,
  );
  const page = await signIn(url, rosa);
  return { code: await exited, stdout, stderr, page };
}

async function login() {
  const [name] = (await readdir(join(home, 'logins'))).filter((entry) => !entry.endsWith('.lock'));
  const path = join(home, 'logins', name);
  return { path, ...JSON.parse(await readFile(path, 'utf8')) };
}

test('login: without a provider that people can sign in with, it says so', async () => {
  await gateway.apply(provide(''));
  const { code, stderr } = await countersign('login', '--issuer', 'corp');
  assert.equal(code, 1);
  assert.match(stderr, /no IdentityProvider has oidc.login/);
});

test('login: a code on another device, then commands as the person, until the logout', async () => {
  await gateway.apply(provide(", login: {clientId: people, scopes: [openid, call]}"));
  const { code, stdout, stderr } = await logIn('--issuer', 'corp');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^logged in at http:\/\/\S+ as rosa \(reviewer\)\n$/);
  assert.match(stderr, /enter the code [A-Z]{4}-[A-Z]{4}/);

  const me = JSON.parse((await countersign('whoami', '-o', 'json')).stdout);
  assert.equal(me.subject, 'rosa');
  assert.equal(me.issuer, provider.issuer);
  assert.equal((await countersign('reviews', 'list')).code, 0);

  // A token that is about to expire is renewed.
  const { path, ...first } = await login();
  await writeFile(path, JSON.stringify({ ...first, expiresAt: Math.floor(Date.now() / 1000) + 5 }));
  assert.equal((await countersign('whoami')).code, 0);
  const second = await login();
  assert.notEqual(second.token, first.token);
  assert.ok(second.expiresAt > Date.now() / 1000 + 60);

  assert.match((await countersign('logout')).stdout, /^logged out/);
  const { code: refused, stderr: why } = await countersign('whoami');
  assert.equal(refused, 1);
  assert.match(why, /countersign login/);
});

test('login --browser: the page on this machine', async () => {
  const { code, stdout, stderr, page } = await logIn('--browser');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /as rosa/);
  assert.match(page, /Back to the terminal/);
  assert.equal(JSON.parse((await countersign('whoami', '-o', 'json')).stdout).subject, 'rosa');
});

test('login: a token that the gateway refuses is not kept', async () => {
  await countersign('logout');
  await gateway.apply(
    provide(", login: {clientId: people, scopes: [openid, call], token: idToken}"),
  );
  const { code, stderr } = await logIn();
  assert.equal(code, 1);
  assert.match(stderr, /the gateway refuses the token of corp: .*people.*countersign/);
  assert.deepEqual((await readdir(join(home, 'logins'))).filter((name) => !name.endsWith('.lock')), []);
});
