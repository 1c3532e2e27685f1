// KServe's V2 protocol with programs that nobody here wrote: NVIDIA's `tritonclient` over gRPC and REST calls the
// gateway, and the gateway calls MLServer over both.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startMlServer, startTritonCaller } from './harness/foreign.mjs';
import { Gateway, resources } from './harness/gateway.mjs';
import { startKserveServer } from './harness/kserve.mjs';
import { startKserveRestServer } from './harness/kserve_rest.mjs';
import { eventually } from './harness/processes.mjs';

let rpc, rest, mlserver, gateway, triton, real, rosa, bot;
const mail = 'mail ada@example.com now';
const kMasked = 'mail <EMAIL> now';
const kBoth = ['grpc', 'http'];

const connection = (name, url) => `---
apiVersion: countersign/v1
kind: Connection
metadata: {name: ${name}}
spec: {protocol: kserve-v2, url: '${url}', credential: model-key}
`;

const connect = (grpc, http) => startTritonCaller({ address: gateway.address, token: bot, grpc, http });

before(async () => {
  [rpc, rest, mlserver] = await Promise.all([startKserveServer(), startKserveRestServer(), startMlServer()]);
  gateway = await Gateway.start();
  await gateway.apply(resources('http://127.0.0.1:1') + connection('triton-grpc', rpc.url) + connection('triton-http', rest.url) +
    connection('mlserver-grpc', mlserver.grpc) + connection('mlserver-http', mlserver.http));
  [bot, rosa] = await Promise.all(['ci-bot', 'rosa'].map((name) => gateway.createKey(name)));
  triton = connect('triton-grpc', 'triton-http');
  real = connect('mlserver-grpc', 'mlserver-http');
});
after(async () => {
  await Promise.all([triton?.stop(), real?.stop()]);
  await gateway?.stop();
  await Promise.all([rpc?.stop(), rest?.stop(), mlserver?.stop()]);
});

for (const over of kBoth) {
  test(`tritonclient, ${over}: health, metadata, texts masked, numbers as they were`, async () => {
    assert.deepEqual(await triton.call({ over, what: 'live' }), { live: true });
    assert.deepEqual(await triton.call({ over, what: 'metadata', model: 'echo' }), { name: 'echo' });
    for (const binary of [true, false]) {
      const result = await triton.call({ over, model: 'echo', binary, texts: { a: [mail, 'plain'], b: ['PRJ-1234'] }, numbers: [1.5, -2] });
      assert.deepEqual(result, { texts: { a: [kMasked, 'plain'], b: ['<PROJECT>'] }, numbers: [1.5, -2] });
    }
  });

  test(`tritonclient, ${over}: denied, held and approved, held and denied`, async () => {
    const denied = await triton.call({ over, model: 'echo', texts: { t: ['about Project Nightfall'] } });
    assert.match(denied.error, /must not leave the company/);
    const held = triton.call({ over, model: 'echo', texts: { t: [`the patient record of Ada ${over}`] } });
    await gateway.cli(['reviews', 'approve', (await gateway.pendingReview(rosa)).id], { key: rosa });
    assert.deepEqual(await held, { texts: { t: [`the patient record of Ada ${over}`] } });
    const refused = triton.call({ over, model: 'echo', texts: { t: [`the patient record of Bob ${over}`] } });
    await gateway.cli(['reviews', 'deny', (await gateway.pendingReview(rosa)).id, '--reason', 'no'], { key: rosa });
    assert.match((await refused).error, /a reviewer refused this call: no/);
  });

  test(`tritonclient, ${over}: a model's error, and a message that is too large`, async () => {
    assert.match((await triton.call({ over, model: 'fails', texts: { t: ['x'] } })).error, /no such thing as <EMAIL>/);
    assert.match((await triton.call({ over, model: 'echo', texts: { t: ['x'.repeat(33 << 20)] } })).error, /large|413|RESOURCE_EXHAUSTED|broken|Broken/i);
  });

  test(`MLServer, ${over}: health, metadata, texts masked, a review`, async () => {
    assert.deepEqual(await real.call({ over, what: 'live' }), { live: true });
    assert.deepEqual(await real.call({ over, what: 'metadata', model: 'echo' }), { name: 'echo' });
    const texts = { t: [mail, '{"to": "ada@example.com"}'] };
    const result = await real.call({ over, model: 'echo', binary: false, texts, numbers: [0.5] });
    assert.deepEqual(result, { texts: { t: [kMasked, '{"to": "<EMAIL>"}'] }, numbers: [0.5] });
    const held = real.call({ over, model: 'echo', binary: false, texts: { t: [`the patient record of Ada, ${over}`] } });
    await gateway.cli(['reviews', 'approve', (await gateway.pendingReview(rosa)).id], { key: rosa });
    assert.deepEqual(await held, { texts: { t: [`the patient record of Ada, ${over}`] } });
    assert.match((await real.call({ over, model: 'none', binary: false, texts: { t: ['x'] } })).error, /none/);
  });
}

test('tritonclient: a stream masked at every cut', async () => {
  for (let cut = 0; cut <= mail.length; ++cut) {
    const { pieces, error } = await triton.call({ over: 'grpc', what: 'stream', model: 'pieces', texts: { t: [mail] }, parameters: { cut }, responses: 3 });
    assert.equal(error, undefined);
    assert.equal(pieces.join(''), kMasked, `cut ${cut}`);
  }
});

test('tritonclient: a stream cancelled by its caller, a deadline that passes', async () => {
  const cancelled = () => rpc.log.filter((one) => one.cancelled).length;
  const before = cancelled();
  const late = await triton.call({ over: 'grpc', model: 'slow', texts: { t: ['x'] }, timeout: 2 });
  assert.match(late.error, /DEADLINE_EXCEEDED|Deadline/);
  await eventually('the model is cancelled', () => cancelled() > before);
  const left = await triton.call({ over: 'grpc', what: 'stream', model: 'slow', texts: { t: ['x'] }, responses: 1, cancel: 0 });
  assert.deepEqual(left, { pieces: [] });
});

test('MLServer streams tokens over REST, one logical text', async () => {
  const response = await fetch(`http://${gateway.address}/mlserver-http/v2/models/echo/generate_stream`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bot}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ name: 't', datatype: 'BYTES', shape: [1], data: [mail] }] }),
  });
  const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: ')).map((event) => JSON.parse(event.slice(6)));
  assert.equal(events.map((event) => event.outputs[0].data[0]).join(''), kMasked);
});

test('a gateway that starts again serves the same clients', async () => {
  const http = gateway.address;
  await gateway.stop();
  gateway = await Gateway.start({ http });
  await gateway.apply(resources('http://127.0.0.1:1') + connection('triton-grpc', rpc.url) + connection('triton-http', rest.url));
  const token = await gateway.createKey('ci-bot');
  assert.match((await triton.call({ over: 'grpc', what: 'live' })).error, /UNAUTHENTICATED/);
  const again = startTritonCaller({ address: http, token, grpc: 'triton-grpc', http: 'triton-http' });
  for (const over of kBoth) assert.deepEqual(await again.call({ over, what: 'live' }), { live: true });
  await again.stop();
});
