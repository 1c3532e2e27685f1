// The six processes, with one of them stopped or killed at a time: calls get a typed error, nothing reaches the model
// that must not, and everything recovers by itself.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { eventually, startDemoModel } from './harness/processes.mjs';

let model, gateway, key;

const post = (text, more = {}, as = key) =>
  fetch(`${gateway.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: text }], ...more }),
  });
const chatRequests = async () => (await model.log()).filter((entry) => entry.target === '/v1/chat/completions' && !entry.left).length;

async function assertClosed() {
  const before = await chatRequests();
  for (let i = 0; i < 3; ++i) {
    const response = await post('hello');
    const { error } = await response.json();
    assert.equal(response.status, 503);
    assert.equal(error.code, 'unavailable');
    assert.match(response.headers.get('retry-after') ?? '', /^[0-9]+$/);
  }
  assert.equal(await chatRequests(), before);
}
const passes = () => eventually('a call passes again', async () => (await post('hello')).status === 200);

const part = async (command, name) => {
  const { code, stderr } = await gateway.process[command](name);
  assert.equal(code, 0, stderr);
};

before(async () => {
  model = await startDemoModel({ paceMs: 40 });
  gateway = await Gateway.start({ shape: 'services' });
  await gateway.apply(resources(model.url));
  key = await gateway.createKey('ci-bot');
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

for (const name of ['authn', 'policy', 'masking', 'session-recorder', 'postgres']) {
  for (const how of ['stopPart', 'killPart']) {
    test(`with ${name} ${how === 'stopPart' ? 'stopped' : 'killed'}, calls get 503 and pass once it is back`, async () => {
      await passes();
      await part(how, name);
      await assertClosed();
      await part('startPart', name);
      await passes();
    });
  }
}

test('services status shows the part that is away, and exits 1', async () => {
  const states = async () => {
    const { code, stdout, stderr } = await gateway.cli(['services', 'status', '-o', 'json']);
    const { items } = JSON.parse(stdout);
    return { code, stderr, away: items.filter((item) => item.state !== 'SERVING').map((item) => `${item.name} ${item.state}`) };
  };
  const inOrder = () => eventually('every part serves', async () => (await states()).code === 0);
  await inOrder();
  for (const name of ['masking', 'approval', 'session-recorder']) {
    await part('stopPart', name);
    const { code, stderr, away } = await states();
    assert.deepEqual(away, [`${name} AWAY`]);
    assert.equal(code, 1);
    assert.equal(stderr, `countersign: not in order: ${name} (AWAY); look at the logs of these parts\n`);
    await part('startPart', name);
    await inOrder();
  }
  await part('stopPart', 'policy');
  assert.ok((await states()).away.includes('policy AWAY'));
  await part('startPart', 'policy');
  await inOrder();
});

test('with approval stopped, only calls that need a review get 503', async () => {
  await part('stopPart', 'approval');
  assert.equal((await post('hello')).status, 200);
  const response = await post('the patient record of Jane');
  assert.equal(response.status, 503);
  assert.equal((await response.json()).error.code, 'unavailable');
  await part('startPart', 'approval');
  const reviewer = await gateway.createKey('rosa');
  await eventually('reviews can be listed again', async () => (await gateway.cli(['reviews', 'list'], { key: reviewer })).code === 0);
  const held = post('the patient record of John');
  const review = await gateway.pendingReview(reviewer);
  assert.equal((await gateway.cli(['reviews', 'approve', review.id], { key: reviewer })).code, 0);
  assert.equal((await held).status, 200);
});

for (const name of ['masking', 'session-recorder']) {
  test(`${name} killed in mid-stream ends the stream with an error and without [DONE]`, async () => {
    await passes();
    const response = await post('count', { stream: true });
    assert.equal(response.status, 200);
    const session = response.headers.get('x-countersign-session');
    let received = '';
    let killed;
    for await (const bytes of response.body) {
      received += Buffer.from(bytes).toString();
      if (received.split('data: ').length > 3) killed ??= part('killPart', name);
    }
    await killed;
    assert.ok(!received.includes('[DONE]'), received);
    assert.match(received, /data: \{"error":/);
    await part('startPart', name);
    await passes();  // the edge has reached it again
    const ended = await gateway.ended((entry) => entry.id === session);
    assert.ok(['aborted', 'truncated'].includes(ended.outcome), ended.outcome);
  });
}

test('the edge killed in mid-stream leaves a truncated session that holds what the caller received', async () => {
  await passes();
  const response = await post('count', { stream: true });
  const session = response.headers.get('x-countersign-session');
  let received = '';
  let killed;
  try {
    for await (const bytes of response.body) {
      received += Buffer.from(bytes).toString();
      if (received.split('data: ').length > 3) killed ??= part('killPart', 'edge');
    }
  } catch {
    // The connection ends with the process.
  }
  await killed;
  await part('startPart', 'edge');
  await gateway.rediscover();
  const ended = await gateway.ended((entry) => entry.id === session);
  assert.equal(ended.outcome, 'truncated');
  const { events } = await gateway.cliJson(['sessions', 'show', session]);
  const recorded = events
    .filter((event) => event.type === 'response.data')
    .map((event) => JSON.parse(event.payload).text)
    .join('');
  const complete = received.slice(0, received.lastIndexOf('\n\n') + 2);
  assert.ok(complete.length > 0 && recorded.startsWith(complete), 'everything that was received is recorded');
});

test('a revoked key is refused at once, cached or not', async () => {
  await passes();
  const created = await gateway.cliJson(['keys', 'create', 'ci-bot']);
  assert.equal((await post('hello', {}, created.key)).status, 200);
  assert.equal((await gateway.cli(['keys', 'revoke', created.id])).code, 0);
  assert.equal((await post('hello', {}, created.key)).status, 401);
});

test('with one owner away the others still serve administrators', async () => {
  await part('stopPart', 'policy');
  const { code, stderr } = await gateway.cli(['get', 'policies']);
  assert.equal(code, 1);
  assert.match(stderr, /policy service cannot be reached/);
  assert.ok((await gateway.sessions()).length > 0);
  await part('startPart', 'policy');
  await eventually('resources are listed again', async () => (await gateway.cli(['get', 'policies'])).code === 0);
});
