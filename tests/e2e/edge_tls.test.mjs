// The edge's own TLS listener, beside its cleartext one: the built program, with a certificate from files.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, resources } from './harness/gateway.mjs';
import { run, startDemoModel } from './harness/processes.mjs';

let model, gateway, key, port, authority;

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resume) => server.once('listening', resume));
  const { port } = server.address();
  await new Promise((resume) => server.close(resume));
  return port;
}

// Sends a request to the TLS listener; resolves to the response, whose body is not read yet.
function ask(path, { body, ca = authority, token = key } = {}) {
  return new Promise((resolve, reject) => {
    const request = https.request(
      { host: '127.0.0.1', port, path, ca, agent: false, method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } },
      resolve,
    );
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}
async function textOf(response) {
  let text = '';
  for await (const piece of response) text += piece;
  return text;
}
const chat = (text, more = {}) => ({ model: 'demo-1', messages: [{ role: 'user', content: text }], ...more });

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start({ shape: 'services' });
  await gateway.apply(resources(model.url));
  key = await gateway.createKey('ci-bot');

  const folder = join(gateway.process.dir, 'edge');
  const made = await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=gateway',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(folder, 'public.key'), '-out', join(folder, 'public.crt'),
  ]);
  assert.equal(made.code, 0, made.stderr);
  authority = await readFile(join(folder, 'public.crt'));
  port = await freePort();
  const file = join(folder, 'config.yaml');
  const config = await readFile(file, 'utf8');
  const changed = config.replace(/^service:.*$/m,
    `service: {listen: [{address: '127.0.0.1:0'}, {address: '127.0.0.1:${port}', certificate: public.crt, key: public.key}]}`);
  assert.notEqual(changed, config);
  await gateway.process.stopPart('edge');
  await writeFile(file, changed);
  const { code, stderr } = await gateway.process.startPart('edge');
  assert.equal(code, 0, stderr);
  await gateway.rediscover();
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('a call passes over TLS, plain and as a stream', async () => {
  const plain = await ask('/v1/chat/completions', { body: chat('hello') });
  assert.equal(plain.statusCode, 200);
  assert.equal(plain.socket.getProtocol(), 'TLSv1.3');
  assert.ok(JSON.parse(await textOf(plain)).choices[0].message.content.length > 0);
  const stream = await ask('/v1/chat/completions', { body: chat('hello', { stream: true }) });
  assert.match(stream.headers['content-type'], /^text\/event-stream/);
  assert.match(await textOf(stream), /data: \[DONE\]\n\n$/);
});

test('a caller that offers HTTP/2 gets it, and a stream passes', async () => {
  const connection = http2.connect(`https://127.0.0.1:${port}`, { ca: authority });
  await once(connection, 'connect');
  assert.equal(connection.alpnProtocol, 'h2');
  const stream = connection.request({
    ':method': 'POST', ':path': '/v1/chat/completions', authorization: `Bearer ${key}`, 'content-type': 'application/json',
  });
  stream.end(JSON.stringify(chat('hello', { stream: true })));
  const [head] = await once(stream, 'response');
  assert.equal(head[':status'], 200);
  assert.match(await textOf(stream), /data: \[DONE\]\n\n$/);
  connection.close();
});

test('refusals come over TLS, too', async () => {
  const response = await ask('/v1/chat/completions', { body: chat('hello'), token: 'nobody' });
  assert.equal(response.statusCode, 401);
  assert.equal(JSON.parse(await textOf(response)).error.code, 'unauthenticated');
});

test('a caller that leaves its TLS stream is noticed', async () => {
  const stream = await ask('/v1/chat/completions', { body: chat('count', { stream: true }) });
  const id = stream.headers['x-countersign-session'];
  await new Promise((resume) => stream.once('data', resume));
  stream.destroy();
  const ended = await gateway.ended((entry) => entry.id === id);
  assert.equal(ended.outcome, 'cancelled');
});

test('who does not know the authority does not connect', async () => {
  await assert.rejects(ask('/livez', { ca: [] }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
});

test('cleartext is not answered on the TLS listener, and goes on beside it', async () => {
  const heard = await new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write('GET /livez HTTP/1.1\r\nhost: a\r\n\r\n'));
    let bytes = Buffer.alloc(0);
    socket.on('data', (piece) => (bytes = Buffer.concat([bytes, piece])));
    socket.on('error', reject);
    socket.on('close', () => resolve(bytes.toString('latin1')));
  });
  assert.ok(!heard.includes('HTTP/'), heard);
  assert.equal((await fetch(`http://${gateway.address}/livez`)).status, 200);
  assert.equal((await ask('/livez')).statusCode, 200);
});
