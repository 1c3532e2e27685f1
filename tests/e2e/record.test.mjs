// What the record says about reviews, what an export proves of them, and how it is found again.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mountDisk } from '../faults/run/disk.mjs';
import { Gateway, resources } from './harness/gateway.mjs';
import { eventually, makeFolder, removeFolder, startDemoModel } from './harness/processes.mjs';
import { superuser } from './harness/superuser.mjs';

let model, gateway, caller, rosa, audrey;
let serial = 0;

const risky = () => `Shorten this patient record number ${++serial} of the record.`;
const post = (text, where = gateway) =>
  fetch(`${where.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: text }] }),
  });
const cli = async (args, options) => {
  const result = await gateway.cli(args, options);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
};
// Sends a call that is held, lets rosa decide, and gives its session with its events.
async function decided(verb, ...how) {
  const held = post(risky());
  const review = await gateway.pendingReview(rosa);
  await cli(['reviews', verb, review.id, ...how], { key: rosa });
  const response = await held;
  const id = response.headers.get('x-countersign-session');
  await gateway.ended((entry) => entry.id === id);
  const session = await gateway.cliJson(['sessions', 'show', id], { key: audrey });
  const events = session.events.map((event) => ({ type: event.type, ...JSON.parse(event.payload) }));
  return { status: response.status, id, review, session, events };
}

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  [caller, rosa, audrey] = await Promise.all(['ci-bot', 'rosa', 'audrey'].map((name) => gateway.createKey(name)));
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('the session of a denied call names who denied it, when and why', async () => {
  const { status, review, session, events } = await decided('deny', '--reason', 'names a patient');
  assert.equal(status, 403);
  assert.equal(session.outcome, 'review_denied');
  assert.equal(session.reviewId, review.id);
  const denied = events.find((event) => event.type === 'review.denied');
  assert.equal(denied.review_id, review.id);
  assert.equal(denied.reviewer, 'rosa');
  assert.equal(denied.reason, 'names a patient');
  assert.ok(Math.abs(Date.now() - Date.parse(denied.at)) < 60_000, denied.at);
  assert.deepEqual(denied.votes.map((vote) => [vote.reviewer, vote.decision, vote.reason]), [['rosa', 'DENY', 'names a patient']]);
  const shown = await cli(['sessions', 'show', session.id], { key: audrey });
  assert.match(shown, /denied by rosa: names a patient/);
  const listed = await cli(['sessions', 'show', session.id, '--events'], { key: audrey });
  assert.match(listed, /review\.denied .*rosa.*names a patient/);
});

test('the session of the same call after a denial says so, too', async () => {
  const text = risky();
  const first = post(text);
  const review = await gateway.pendingReview(rosa);
  await cli(['reviews', 'deny', review.id, '--reason', 'once and for all'], { key: rosa });
  await first;
  const again = await post(text);
  assert.equal(again.status, 403);
  const id = again.headers.get('x-countersign-session');
  const session = await gateway.cliJson(['sessions', 'show', id], { key: audrey });
  assert.equal(session.reviewId, review.id);
  const denied = session.events.find((event) => event.type === 'review.denied');
  assert.equal(JSON.parse(denied.payload).reason, 'once and for all');
});

test('the session of an approved call names who approved it, when and why', async () => {
  const { status, session, events } = await decided('approve', '--reason', 'known text');
  assert.equal(status, 200);
  assert.deepEqual(session.approvers, ['rosa']);
  const approved = events.find((event) => event.type === 'review.approved');
  assert.deepEqual(approved.approvers, ['rosa']);
  assert.equal(approved.votes[0].reason, 'known text');
  const order = events.map((event) => event.type).filter((type) => /^(review|forward)/.test(type));
  assert.deepEqual(order, ['review.waiting', 'review.approved', 'review.consumed', 'forward']);
});

test('an auditor reads the reviews of its connections and decides none', async () => {
  const held = post(risky());
  const review = await gateway.pendingReview(rosa);
  assert.match(await cli(['reviews', 'show', review.id], { key: audrey }), /patient record/);
  const { items } = await gateway.cliJson(['reviews', 'list'], { key: audrey });
  assert.ok(items.some((item) => item.id === review.id));
  for (const verb of ['approve', 'deny']) {
    const { code, stderr } = await gateway.cli(['reviews', verb, review.id], { key: audrey });
    assert.equal(code, 1);
    assert.match(stderr, /reviewer/);
  }
  await cli(['reviews', 'deny', review.id], { key: rosa });
  await held;
});

test('a review is one decision in the metrics', async () => {
  const counted = async () => {
    const address =
      gateway.shape === 'standalone'
        ? gateway.metrics
        : JSON.parse(await readFile(join(gateway.process.dir, 'run/policy.json'), 'utf8')).metrics;
    const text = await (await fetch(`http://${address}/metrics`)).text();
    const of = (action) =>
      Number(new RegExp(`^countersign_decisions_total\\{action="${action}",policy="regulated"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return { review: of('review'), allow: of('allow'), deny: of('deny') };
  };
  const before = await counted();
  assert.equal((await decided('approve')).status, 200);
  assert.deepEqual(await counted(), { ...before, review: before.review + 1 });
});

test('an export proves that a forwarded review had its votes', async () => {
  const approved = await decided('approve');
  const denied = await decided('deny');
  const file = join(gateway.folder, 'votes.jsonl');
  const votes = (report, id) => report.items.find((item) => item.id === id)?.votes;
  for (const ids of [[], [approved.id, denied.id]]) {
    await cli(['sessions', 'export', ...ids, '-o', file]);
    const report = JSON.parse(await cli(['verify', file, '-o', 'json']));
    assert.equal(votes(report, approved.id), 'proven');
    assert.equal(votes(report, denied.id), '');
    assert.match(await cli(['verify', file]), /votes of \d+ forwarded reviews proven by approval's log/);
  }
  // An auditor of one connection does not see the reviews of others.
  const some = `apiVersion: countersign/v1
kind: Identity
metadata: {name: someone}
spec: {kind: human, groups: []}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: one-connection}
spec: {role: auditor, identities: [someone], connections: [openai]}
`;
  const more = join(gateway.folder, 'more.yaml');
  await writeFile(more, some);
  await cli(['apply', '-f', more]);
  const key = await gateway.createKey('someone');
  await cli(['sessions', 'export', approved.id, '-o', file], { key });
  assert.equal(votes(JSON.parse(await cli(['verify', file, '-o', 'json'])), approved.id), 'not in the file');
  assert.doesNotMatch(await readFile(file, 'utf8'), /"type":"review"/);
});

test('a text is found again, and what has it not is not opened', async () => {
  const needle = `zanzibar-${process.pid}`;
  assert.equal((await post(`a plain prompt with ${needle} in it`)).status, 200);
  const find = (text) => gateway.cliJson(['sessions', 'list', '--text', text], { key: audrey });
  assert.equal((await find(needle.toUpperCase())).items.length, 1); // before it is indexed
  await eventually('the texts are indexed', async () => {
    const left = await superuser(
      gateway,
      `SELECT count(*) FROM session_recorder.sessions s WHERE ended_ns IS NOT NULL
       AND NOT EXISTS (SELECT FROM session_recorder.text_filters f WHERE f.session_id = s.id)`,
    );
    return left === '0';
  });
  const [found] = (await find(needle)).items;
  assert.equal((await find(needle.toUpperCase())).items.length, 1);
  assert.equal((await find('nowhere to be found at all')).items.length, 0);
  // The filter is what decides: without the bits of the text the session is not opened.
  const filters = 'session_recorder.text_filters';
  await superuser(gateway, `UPDATE ${filters} SET filter = decode(repeat('00', 64), 'hex') WHERE session_id = '${found.id}'`);
  assert.equal((await find(needle)).items.length, 0);
});

// The last test of this gateway: it changes the log.
test('a log of approval that was changed behind a checkpoint is seen in an export', async () => {
  const { id, review } = await decided('approve');
  const file = join(gateway.folder, 'changed.jsonl');
  await cli(['sessions', 'export', '-o', file]);
  await cli(['verify', file]);
  await superuser(gateway, `UPDATE approval.review_log SET actor = 'mallory' WHERE review = '${review.id}' AND next = 'APPROVED'`);
  for (const ids of [[], [id]]) {
    await cli(['sessions', 'export', ...ids, '-o', file]);
    const { code, stdout } = await gateway.cli(['verify', file]);
    assert.equal(code, 1);
    assert.match(stdout, /approval's log is not what checkpoint \d+ signed/);
  }
});

test('an edge whose recorder has a full disk is not ready, with the reason', { timeout: 180_000 }, async (t) => {
  const folder = await makeFolder();
  const disk = await mountDisk(folder);
  if (!disk) return t.skip('no file system can be mounted');
  let full;
  try {
    full = await Gateway.start({ folder });
    await full.apply(resources(model.url));
    const readyz = async () => {
      const response = await fetch(`http://${full.address}/readyz`);
      return { status: response.status, text: await response.text() };
    };
    await eventually('it is ready', async () => (await readyz()).status === 200);
    const key = await full.createKey('ci-bot');
    // Small writes still fit where PostgreSQL has reserved space: it is large records that fail.
    const call = () =>
      fetch(`${full.baseURL}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: 'a long prompt '.repeat(20_000) }] }),
      }).then((response) => response.arrayBuffer());
    const free = await disk.fill();
    const told = await eventually('it is not ready', async () => {
      await call();
      const answer = await readyz();
      return answer.status === 503 && /space|disk/i.test(answer.text) ? answer : undefined;
    });
    assert.match(told.text, /No space left on device|no space|disk/i);
    await free();
    await eventually('it is ready again', async () => (await readyz()).status === 200);
  } finally {
    await full?.process.stop();
    await disk.unmount();
    await removeFolder(folder);
  }
});
