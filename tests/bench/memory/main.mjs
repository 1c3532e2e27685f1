// What a held call and a running stream cost the gateway in memory: the growth of the resident set of all its processes,
// divided by the number of calls. Prints one line for each, with the goal; exits 1 when one is missed.
//   main.mjs [--shape standalone|services] [--calls N]

import http from 'node:http';
import net from 'node:net';
import { readFile, readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Gateway } from '../../e2e/harness/gateway.mjs';
import { eventually } from '../../e2e/harness/processes.mjs';

const { values } = parseArgs({
  options: { shape: { type: 'string', default: 'standalone' }, calls: { type: 'string', default: '1000' } },
});
const calls = Number(values.calls);
const goals = { held: 32, stream: 24 }; // KiB

// A model that begins a stream and does not end it.
const begun = new Set();
const model = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const delta = { choices: [{ index: 0, delta: { role: 'assistant', content: 'some words. ' } }] };
    response.write(`data: ${JSON.stringify(delta)}\n\n`);
    begun.add(response);
    response.on('close', () => begun.delete(response));
  });
});
await new Promise((resolve) => model.listen(0, '127.0.0.1', resolve));

const resources = `
apiVersion: countersign/v1
kind: Connection
metadata: {name: openai}
spec: {protocol: openai, url: 'http://127.0.0.1:${model.address().port}/v1', default: true}
---
apiVersion: countersign/v1
kind: Identity
metadata: {name: ci-bot}
spec: {kind: ci, groups: [ci]}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: callers}
spec: {role: caller, groups: [ci]}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: everything}
spec: {then: {allow: {}, masking: tier1}}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: held}
spec:
  priority: 100
  when: {any: [{pattern: {regex: 'hold this'}}]}
  then: {review: {reviewers: [security], approvals: 1, pendingTtl: 15m, hold: 4m, grant: {kind: oneShot, ttl: 5m}}, masking: tier1}
`;

// The resident set in KiB of the gateway's processes; PostgreSQL is not among them.
async function residentKib() {
  let total = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
      const [name] = command.split('\0');
      if (!command.includes(gateway.folder) || !/countersign/.test(name)) continue;
      total += Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]);
    } catch {
      // It has ended.
    }
  }
  return total;
}

async function settled() {
  let last = -1;
  return eventually('the memory settled', async () => {
    const now = await residentKib();
    const same = Math.abs(now - last) < 64;
    last = now;
    await new Promise((resume) => setTimeout(resume, 500));
    return same ? now : undefined;
  }, 60);
}

// Opens `calls` calls on sockets of their own, without the memory of a client library in between.
async function open(count, content, key) {
  const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content }] });
  const [host, port] = gateway.address.split(':');
  const request =
    `POST /v1/chat/completions HTTP/1.1\r\nhost: ${gateway.address}\r\nauthorization: Bearer ${key}\r\n` +
    `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const sockets = [];
  for (let i = 0; i < count; ++i) {
    const socket = net.connect({ host, port: Number(port) });
    let received = '';
    socket.on('data', (bytes) => (received += bytes));
    socket.on('error', () => {});
    socket.received = () => received;
    socket.write(request);
    sockets.push(socket);
  }
  return sockets;
}

const close = (sockets) => sockets.forEach((socket) => socket.destroy());

// KiB per call once `running` is true. A first round fills pools and caches.
async function measure(content, key, running) {
  for (const [round, count] of [['warm', Math.ceil(calls / 10)], ['measured', calls]]) {
    const before = await settled();
    const sockets = await open(count, content, key);
    await eventually(`${count} calls run`, () => running(sockets), 120);
    const after = await settled();
    close(sockets);
    await eventually('no stream runs', () => begun.size === 0, 60);
    if (round === 'measured') return (after - before) / count;
  }
}

const kinds = {
  stream: { content: 'say something', running: (sockets) => begun.size === sockets.length },
  held: { content: 'hold this', running: (sockets) => sockets.every((socket) => socket.received().includes(': waiting')) },
};
let gateway;
let missed = false;
for (const [name, { content, running }] of Object.entries(kinds)) {
  // A gateway of its own: what the other kind has freed would be used again.
  gateway = await Gateway.start({ shape: values.shape });
  try {
    await gateway.apply(resources);
    const kib = await measure(content, await gateway.createKey('ci-bot'), running);
    const ok = kib <= goals[name];
    missed ||= !ok;
    const verdict = ok ? 'ok' : 'MISSED';
    console.log(`${values.shape}  ${name.padEnd(6)} ${kib.toFixed(1).padStart(6)} KiB  (goal ${goals[name]})  ${verdict}`);
  } finally {
    await gateway.stop();
  }
}
model.close();
process.exitCode = missed ? 1 : 0;
