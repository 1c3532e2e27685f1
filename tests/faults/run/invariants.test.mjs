// Every invariant can be violated: one thing is changed at a time in ledgers that agree.

import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findViolations, invariants } from './invariants.mjs';
import { canary, credential } from './model.mjs';
import { readExport } from './record.mjs';
import { makeSchedule, parseOnly } from './schedule.mjs';

const event = (text) => `data: {"text":"${text}"}\n\n`;
const bodyOf = (marker) => JSON.stringify({ messages: [{ content: `${marker} hello` }] });

// A streamed call, one that a person approved, one that policy refused, and one whose answer broke off.
function agreeing() {
  const call = (n, kind, more) => ({ n, kind, marker: `call-ab-${n}.`, started: 1, ended: 2, session: `s${n}`, ...more });
  const session = (n, outcome, delivered = '', forwarded = [Buffer.byteLength(bodyOf(`call-ab-${n}.`))]) => [
    `s${n}`,
    { id: `s${n}`, outcome, prompt: `call-ab-${n}. hello`, forwarded, delivered, events: [] },
  ];
  const stream = `${event('a')}data: [DONE]\n\n`;
  const denied = JSON.stringify({ error: { code: 'policy_denied' } });
  return {
    calls: [
      call(0, 'stream', { status: 200, complete: true, body: `: waiting\n\n${stream}` }),
      call(1, 'one', { status: 200, complete: true, body: '{"answer":1}' }),
      call(2, 'denied', { status: 403, complete: true, body: denied }),
      call(3, 'stream', { status: 200, body: `${event('a')}data: {"error":{}}\n\ndata: {"te`, broken: 'closed' }),
    ],
    received: [0, 1, 3].map((n) => ({ body: bodyOf(`call-ab-${n}.`), complete: true })),
    votes: [{ review: 'r1', marker: 'call-ab-1.', reviewer: 'rosa', decision: 'approve', status: 200 }],
    sessions: new Map([
      session(0, 'completed', stream),
      session(1, 'completed', '{"answer":1}'),
      session(2, 'blocked', '', []),
      session(3, 'aborted', event('a') + event('b')),
    ]),
    regressions: [],
    verify: { code: 0, output: '' },
    logs: [{ name: 'edge.log', text: 'call failed request_id=req_1' }],
    secrets: ['cs_key'],
  };
}

test('ledgers that agree break nothing', () => assert.deepEqual(findViolations(agreeing()), []));

const broken = {
  lost: {
    'an answer is not on record': (l) => l.sessions.delete('s1'),
    'a whole stream is on record as aborted': (l) => (l.sessions.get('s0').outcome = 'aborted'),
    'a caller was given another text than is on record': (l) => (l.calls[1].body = '{"answer":2}'),
    'a broken stream gave an event that is not on record': (l) => (l.calls[3].body = event('a') + event('c')),
    'a refusal is not on record': (l) => l.sessions.delete('s2'),
    'a refusal by a reviewer ended otherwise': (l) => (l.calls[2].body = '{"error":{"code":"review_denied"}}'),
  },
  unrecorded: {
    'the intent is missing': (l) => (l.sessions.get('s3').forwarded = []),
    'the body has another size': (l) => (l.sessions.get('s3').forwarded = [7]),
  },
  double: { 'a request came twice': (l) => l.received.push(l.received[0]) },
  unapproved: {
    'nobody voted': (l) => (l.votes = []),
    'one of two people voted': (l) => (l.calls[1].kind = 'two'),
    'the same person voted twice': (l) => ((l.calls[1].kind = 'two'), l.votes.push(l.votes[0])),
    'a vote was refused': (l) => (l.votes[0].status = 403),
    'somebody denied': (l) => l.votes.push({ ...l.votes[0], decision: 'deny' }),
    'a forbidden prompt was answered': (l) => (l.calls[0].kind = 'denied'),
  },
  leaked: {
    'a card in an answer': (l) => (l.calls[3].body = `data: ${canary}`),
    'the credential in an answer': (l) => (l.calls[3].body = credential),
    'a card in a log': (l) => (l.logs[0].text = canary),
    'a key in a log': (l) => (l.logs[0].text = 'cs_key'),
    'a prompt in a log': (l) => (l.logs[0].text = 'call-ab-0. hello'),
  },
  verify: {
    'the verifier says no': (l) => (l.verify = { code: 1, output: 'changed' }),
    'there is no export': (l) => (l.sessions = undefined),
  },
  stuck: {
    'a call had no end': (l) => (l.calls[0].stuck = true),
    'a session still runs': (l) => (l.sessions.get('s3').outcome = ''),
    'sessions did not end in time': (l) => (l.unsettled = 'every session ended did not happen'),
  },
  regressed: { 'a denied review is pending again': (l) => l.regressions.push({ review: 'r', was: 'DENIED', now: 'PENDING' }) },
};

test('each invariant has cases that break it', () => assert.deepEqual(Object.keys(broken).sort(), Object.keys(invariants).sort()));
for (const [invariant, cases] of Object.entries(broken)) {
  for (const [what, change] of Object.entries(cases)) {
    test(`${invariant}: ${what}`, () => {
      const ledgers = agreeing();
      change(ledgers);
      const found = findViolations(ledgers).map((violation) => violation.invariant);
      assert.ok(found.includes(invariant), `found: ${found.join(', ') || 'nothing'}`);
    });
  }
}

test('a vote whose answer was lost may count', () => {
  const ledgers = agreeing();
  delete ledgers.votes[0].status;
  assert.deepEqual(findViolations(ledgers), []);
});

test('a seed gives the same faults again, another seed others', () => {
  const of = (seed) => JSON.stringify(makeSchedule({ seed, faults: 50, kinds: ['a', 'b', 'c'] }));
  assert.equal(of(1), of(1));
  assert.notEqual(of(1), of(2));
});

test('--only takes numbers and ranges, and nothing else', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6].filter(parseOnly('2-4,6')), [2, 3, 4, 6]);
  assert.throws(() => parseOnly('2-,x'), /ranges such as/);
});

test('an exported session is opened with its key and its place, and with no other', async () => {
  const key = randomBytes(32);
  const field = (bytes) => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(bytes.length));
    return Buffer.concat([size, bytes]);
  };
  const index = Buffer.alloc(8);
  index.writeBigUInt64BE(1n);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.concat(['countersign event', 's1'].map((text) => field(Buffer.from(text))).concat([field(index), field(Buffer.from('forward'))])));
  const body = Buffer.concat([cipher.update('{"bytes":12}'), cipher.final()]);
  const payload = Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url');
  const folder = await mkdtemp(join(tmpdir(), 'cs-faults-'));
  const file = join(folder, 'export.jsonl');
  const write = (more) =>
    writeFile(
      file,
      [
        { type: 'session', id: 's1', outcome: 'completed', data_key: key.toString('base64url') },
        { type: 'event', session: 's1', index: 1, event: 'forward', payload, ...more },
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
  await write({});
  assert.deepEqual((await readExport(file)).get('s1').forwarded, [12]);
  await write({ index: 2 });
  await assert.rejects(readExport(file));
  await rm(folder, { recursive: true });
});
