// What large bodies cost others, and what memory they take: `/readyz` and small calls, alone and beside ten bodies of
// 4 MB, in both shapes of the gateway. Prints a table; exits 1 when a limit is exceeded. Run by scripts/bench-bodies.

import { readFile, readdir } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Gateway, resources } from '../e2e/harness/gateway.mjs';
import { startDemoModel } from '../e2e/harness/processes.mjs';

const bodies = 10;
const megabytes = 4;
const mostMs = 50; // of the 99th percentile beside the bodies
const mostMemory = 6; // times the size of a body, in one process

const text = 'The quick brown fox jumps over the lazy dog; 12 of 345 parts, no names. ';
const body = JSON.stringify({
  model: 'demo-1',
  messages: [{ role: 'user', content: text.repeat(Math.ceil((megabytes << 20) / text.length)) }],
});
const small = JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: 'Say exactly: hi' }] });

// Large bodies have a model of their own, because the small calls would wait for it.
const largePath = '/large/v1/chat/completions';
const largeConnection = (url) => `---
apiVersion: countersign/v1
kind: Connection
metadata: {name: large}
spec: {protocol: openai, url: '${url}/v1', credential: model-key}
`;

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const request = (address, path, key, content) =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const sent = http.request(
      `http://${address}${path}`,
      {
        agent,
        method: content ? 'POST' : 'GET',
        headers: content ? { authorization: `Bearer ${key}`, 'content-type': 'application/json' } : {},
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode, ms: performance.now() - began }));
      },
    );
    sent.on('error', reject);
    sent.end(content);
  });

// Sends the large bodies from a thread of its own, because the work of sending them would delay the others here.
const sendBodies = (address, key) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { address, key } });
    worker.on('message', resolve);
    worker.on('error', reject);
  });

async function sendBodiesHere({ address, key }) {
  const began = performance.now();
  const large = Array.from({ length: bodies }, () => request(address, largePath, key, body));
  const statuses = (await Promise.all(large)).map(({ status }) => status);
  parentPort.postMessage({ statuses, seconds: (performance.now() - began) / 1000 });
}

// The processes of the gateway, by name.
async function processes(gateway) {
  if (gateway.shape === 'standalone') {
    return { standalone: Number(await readFile(join(gateway.process.data, 'pid'), 'utf8')) };
  }
  const found = {};
  const search = async (folder) => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && entry.name !== 'postgres') await search(join(folder, entry.name));
      const name = entry.name.match(/^([a-z-]+)\.pid$/)?.[1];
      if (name && name !== 'supervisor') found[name] = Number(await readFile(join(folder, entry.name), 'utf8'));
    }
  };
  await search(gateway.process.dir);
  return found;
}
// By process.
async function residentBytes(pids) {
  const bytes = {};
  for (const [name, pid] of Object.entries(pids)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    bytes[name] = Number(status.match(/^VmRSS:\s+(\d+) kB/m)?.[1] ?? 0) * 1024;
  }
  return bytes;
}

// Latencies of probes and small calls until `running()` is false, and the most memory of each process meanwhile.
async function measure(gateway, key, pids, running) {
  const ready = [];
  const calls = [];
  const peak = {};
  const repeat = async (list, ask) => {
    while (running()) {
      const { status, ms } = await ask();
      if (status !== 200) throw new Error(`status ${status}`);
      list.push(ms);
      await new Promise((resume) => setTimeout(resume, 5));
    }
  };
  const watch = async () => {
    while (running()) {
      for (const [name, bytes] of Object.entries(await residentBytes(pids))) peak[name] = Math.max(peak[name] ?? 0, bytes);
      await new Promise((resume) => setTimeout(resume, 10));
    }
  };
  await Promise.all([
    repeat(ready, () => request(gateway.address, '/readyz')),
    repeat(calls, () => request(gateway.address, '/v1/chat/completions', key, small)),
    watch(),
  ]);
  return { ready, calls, peak };
}

const percentile = (list, p) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))] ?? NaN;
const figures = (list) => [0.5, 0.99, 1].map((p) => percentile(list, p).toFixed(1).padStart(7)).join(' ');

async function main() {
  let exceeded = false;
  for (const shape of ['standalone', 'services']) {
    const model = await startDemoModel({ paceMs: 0 });
    const largeModel = await startDemoModel({ paceMs: 0 });
    const gateway = await Gateway.start({ shape });
    try {
      const allowed = resources(model.url).replace(', {tokens: {over: 400}}', ''); // at once
      await gateway.apply(allowed + largeConnection(largeModel.url));
      const key = await gateway.createKey('ci-bot');
      const pids = await processes(gateway);
      for (const path of ['/v1/chat/completions', largePath]) {
        for (const content of [small, body, small]) await request(gateway.address, path, key, content); // warm
      }
      let running = true;
      setTimeout(() => (running = false), 4000);
      const alone = await measure(gateway, key, pids, () => running);
      const before = await residentBytes(pids);
      let sending = true;
      const sent = sendBodies(gateway.address, key).finally(() => (sending = false));
      const beside = await measure(gateway, key, pids, () => sending);
      const { statuses, seconds } = await sent;
      const factors = Object.keys(pids)
        .map((name) => [name, (beside.peak[name] - before[name]) / (bodies * body.length)])
        .sort((a, b) => b[1] - a[1]);
      console.log(`${shape}: ${bodies} bodies of ${megabytes} MB in ${seconds.toFixed(1)} s, statuses ${[...new Set(statuses)]}`);
      console.log('                          p50     p99     max ms');
      console.log(`  /readyz alone       ${figures(alone.ready)}   (${alone.ready.length})`);
      console.log(`  /readyz beside      ${figures(beside.ready)}   (${beside.ready.length})`);
      console.log(`  small calls alone   ${figures(alone.calls)}   (${alone.calls.length})`);
      console.log(`  small calls beside  ${figures(beside.calls)}   (${beside.calls.length})`);
      const memory = factors.map(([name, factor]) => `${name} ${factor.toFixed(2)}`).join(', ');
      console.log(`  memory per body, in times its size: ${memory} (at most ${mostMemory} in a process)`);
      const slow = [beside.ready, beside.calls].some((list) => percentile(list, 0.99) > mostMs);
      if (slow) console.log(`  exceeded: more than ${mostMs} ms beside the bodies`);
      const large = factors[0][1] > mostMemory;
      if (large) console.log('  exceeded: memory');
      exceeded ||= slow || large;
    } finally {
      await gateway.stop();
      await model.stop();
      await largeModel.stop();
    }
  }
  return exceeded;
}

if (isMainThread) {
  const exceeded = await main();
  agent.destroy();
  process.exit(exceeded ? 1 : 0);
}
await sendBodiesHere(workerData);
agent.destroy();
