// Risky prompts are held until a person approves exactly those bytes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { Gateway, resources } from './harness/gateway.mjs';
import { eventually, program, startDemoModel } from './harness/processes.mjs';

let model, gateway, caller, openai, rosa, sam, alice;
let serial = 0;

// A prompt that needs a review and is unique within this run.
const risky = () => `Shorten this patient record number ${++serial}.`;
const ask = (text, more = {}, options = {}) =>
  openai.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content: text }], ...more }, options);
const review = (...args) => gateway.cli(['reviews', ...args], { key: rosa });
const timesSeen = async (text) => (await model.log()).filter((entry) => entry.body?.includes(text)).length;
const post = (text, headers = {}, more = {}) =>
  fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: text }], ...more }),
  });

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  [caller, rosa, sam, alice] = await Promise.all(['ci-bot', 'rosa', 'sam', 'alice'].map((name) => gateway.createKey(name)));
  openai = new OpenAI({ baseURL: gateway.baseURL, apiKey: caller });
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});
beforeEach(async () => {
  const { items } = await gateway.cliJson(['reviews', 'list'], { key: rosa });
  for (const item of items) await review('deny', item.id);
});

test('a held call completes once its review is approved, and the caller does nothing', async () => {
  const text = risky();
  const answer = ask(text);
  const item = await gateway.pendingReview(rosa);
  assert.equal(item.state, 'PENDING');
  assert.equal(item.requester, 'ci-bot');
  assert.equal(item.policy, 'regulated');
  assert.match(item.bindingHash, /^[0-9a-f]{64}$/);
  assert.equal(await timesSeen(text), 0, 'the model saw a prompt that nobody approved');
  const shown = await review('show', item.id);
  assert.match(shown.stdout, /patient record/);
  const approved = await review('approve', item.id, '--reason', 'known');
  assert.equal(approved.code, 0, approved.stderr);
  assert.match((await answer).choices[0].message.content, /demo model/);
  assert.equal(await timesSeen(text), 1);
  const session = await gateway.ended((entry) => entry.reviewId === item.id);
  assert.equal(session.outcome, 'completed');
  assert.deepEqual(session.approvers, ['rosa']);
});

test('a denied review fails the held call with the contract\'s error', async () => {
  const text = risky();
  const answer = ask(text).catch((caught) => caught);
  const item = await gateway.pendingReview(rosa);
  assert.equal((await review('deny', item.id, '--reason', 'no')).code, 0);
  const error = await answer;
  assert.ok(error instanceof OpenAI.PermissionDeniedError, String(error));
  assert.equal(error.code, 'review_denied');
  assert.equal(await timesSeen(text), 0);
});

test('watch shows every step of every review', async () => {
  const watch = spawn(program('countersign'), ['--addr', gateway.address, '--token', rosa, 'reviews', 'watch', '-o', 'json'], {
    env: { ...process.env, COUNTERSIGN_HOME: gateway.folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  watch.stdout.on('data', (chunk) => (printed += chunk));
  const steps = () => printed.split('\n').slice(0, -1).map((line) => JSON.parse(line));
  try {
    const allowed = ask(risky());
    const first = await gateway.pendingReview(rosa);
    // Once the watch has seen it, nothing is from before it began.
    await eventually('the watch runs', () => steps().some((step) => step.id === first.id));
    await review('approve', first.id);
    await allowed;
    const refused = ask(risky()).catch((caught) => caught);
    const second = await gateway.pendingReview(rosa);
    await gateway.cli(['reviews', 'deny', second.id], { key: sam });
    await refused;
    await eventually('every step was shown', () => steps().length >= 5);
    const shown = steps().map((step) => [step.id, step.state, step.actor ?? '']);
    assert.deepEqual(shown.filter(([id]) => id === first.id).map(([, state]) => state), ['PENDING', 'APPROVED', 'CONSUMED']);
    assert.deepEqual(shown.filter(([id]) => id === second.id), [[second.id, 'PENDING', 'ci-bot'], [second.id, 'DENIED', 'sam']]);
  } finally {
    watch.kill();
  }
});

test('the same call after a denial is refused at once', async () => {
  const text = risky();
  const answer = ask(text).catch((caught) => caught);
  const item = await gateway.pendingReview(rosa);
  await review('deny', item.id);
  await answer;
  const again = await ask(text).catch((caught) => caught);
  assert.equal(again.code, 'review_denied');
});

test('a one-shot approval passes one call, the next one needs its own', async () => {
  const text = risky();
  const first = ask(text);
  const item = await gateway.pendingReview(rosa);
  await review('approve', item.id);
  await first;
  const second = ask(text).catch((caught) => caught);
  const next = await gateway.pendingReview(rosa);
  assert.notEqual(next.id, item.id);
  await review('deny', next.id);
  assert.equal((await second).code, 'review_denied');
  assert.equal(await timesSeen(text), 1);
});

test('of two callers that wait for one one-shot, one passes', async () => {
  const text = risky();
  const both = [ask(text), ask(text)].map((call) => call.then(() => 'passed', (caught) => caught.code));
  const item = await gateway.pendingReview(rosa);
  await eventually('both wait', async () => (await gateway.cliJson(['reviews', 'show', item.id], { key: rosa })).waiting === 2);
  await review('approve', item.id);
  const next = await gateway.pendingReview(rosa);
  assert.notEqual(next.id, item.id);
  await review('deny', next.id);
  assert.deepEqual((await Promise.all(both)).sort(), ['passed', 'review_denied']);
  assert.equal(await timesSeen(text), 1);
});

test('approving needs the hash of the shown bytes', async () => {
  const text = risky();
  const answer = ask(text);
  const item = await gateway.pendingReview(rosa);
  const wrong = await review('approve', item.id, '--hash', '0'.repeat(64));
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /hash|differ|shown/i);
  assert.equal(await timesSeen(text), 0);
  assert.equal((await review('approve', item.id, '--hash', item.bindingHash)).code, 0);
  await answer;
});

test('neither the requester nor who answers for it may approve', async () => {
  const text = risky();
  const answer = ask(text).catch((caught) => caught);
  const item = await gateway.pendingReview(rosa);
  const owner = await gateway.cli(['reviews', 'approve', item.id], { key: alice });
  assert.equal(owner.code, 1, 'the owner of ci-bot approved its prompt');
  const own = await gateway.cli(['reviews', 'approve', item.id], { key: caller });
  assert.equal(own.code, 1);
  const admin = await gateway.cli(['reviews', 'approve', item.id]);
  assert.equal(admin.code, 1, 'admin.key is no reviewer');
  await review('deny', item.id);
  await answer;
});

test('a reviewer\'s own prompt needs another reviewer', async () => {
  const text = risky();
  const own = new OpenAI({ baseURL: gateway.baseURL, apiKey: sam });
  const answer = own.chat.completions.create({ model: 'demo-1', messages: [{ role: 'user', content: text }] });
  const item = await gateway.pendingReview(rosa);
  assert.equal((await gateway.cli(['reviews', 'approve', item.id], { key: sam })).code, 1);
  assert.equal((await review('approve', item.id)).code, 0);
  await answer;
});

test('a held stream completes after approval', async () => {
  const text = risky();
  const pending = ask(text, { stream: true });
  const item = await gateway.pendingReview(rosa);
  await review('approve', item.id);
  let received = '';
  for await (const chunk of await pending) received += chunk.choices[0]?.delta.content ?? '';
  assert.match(received, /demo model/);
});

test('a held stream gets comments while it waits, and a refusal in-band', { timeout: 600_000 }, async () => {
  const text = risky();
  const response = await post(text, {}, { stream: true });
  assert.equal(response.status, 200, 'the head goes out after 10 s');
  const item = await gateway.pendingReview(rosa);
  await review('deny', item.id);
  const body = await response.text();
  assert.match(body, /^: waiting/);
  assert.match(body, /"code":"review_denied"/);
  assert.ok(body.includes(item.id));
  assert.doesNotMatch(body, /\[DONE\]/);
});

test('when the hold ends the call fails as pending, and resending takes the review up', { timeout: 600_000 }, async () => {
  const text = risky();
  const response = await post(text);
  assert.equal(response.status, 403);
  const id = response.headers.get('x-countersign-review');
  assert.equal((await response.json()).error.code, 'review_pending');
  assert.equal(response.headers.get('x-should-retry'), 'false');
  const item = await gateway.pendingReview(rosa);
  assert.equal(item.id, id);
  await review('approve', id);
  const again = await post(text);
  assert.equal(again.status, 200, await again.clone().text());
  assert.equal(await timesSeen(text), 1);
});

test('respond-async answers 202 at once', async () => {
  const text = risky();
  const response = await post(text, { prefer: 'respond-async' });
  assert.equal(response.status, 202);
  const { review_id: id } = await response.json();
  assert.equal((await gateway.pendingReview(rosa)).id, id);
  await review('approve', id);
  assert.equal((await post(text, { prefer: 'respond-async' })).status, 200);
});

test('a caller that leaves ends its session as cancelled; its review remains', async () => {
  const text = risky();
  const controller = new AbortController();
  const answer = ask(text, {}, { signal: controller.signal }).catch((caught) => caught);
  const item = await gateway.pendingReview(rosa);
  controller.abort();
  await answer;
  await gateway.ended((entry) => entry.reviewId === item.id && entry.outcome === 'cancelled');
  await eventually('nobody waits', async () => (await gateway.cliJson(['reviews', 'show', item.id], { key: rosa })).waiting === 0);
  assert.equal((await gateway.pendingReview(rosa)).id, item.id);
});

test('a revoked approval passes nothing', async () => {
  const text = risky();
  const first = await post(text, { prefer: 'respond-async' });
  const { review_id: id } = await first.json();
  await review('approve', id);
  assert.equal((await review('revoke', id)).code, 0);
  const again = await post(text, { prefer: 'respond-async' });
  assert.equal(again.status, 202);
  assert.notEqual((await again.json()).review_id, id);
  assert.equal(await timesSeen(text), 0);
});

test('another body, model or caller is another call', async () => {
  const text = risky();
  const { review_id: id } = await (await post(text, { prefer: 'respond-async' })).json();
  await review('approve', id);
  for (const other of [() => post(text, { prefer: 'respond-async' }, { model: 'demo-2' }), () => post(`${text} `, { prefer: 'respond-async' })]) {
    const response = await other();
    assert.equal(response.status, 202, 'an approval was used for other bytes');
  }
});
