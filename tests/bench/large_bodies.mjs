// What large bodies cost others, and what memory they take: `/readyz` and small calls, alone and beside ten bodies of
// 4 MB, in both shapes of the gateway. Prints a table; exits 1 when a limit is exceeded. Run by scripts/bench-bodies.

import { readFile, readdir } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { Gateway, resources } from '../e2e/harness/gateway.mjs';
import { startDemoModel } from '../e2e/harness/processes.mjs';

const bodies = 10;
const megabytes = 4;
const mostMs = 50; // of the 99th percentile beside the bodies
const mostMemory = 6; // times the size of a body

const text = 'The quick brown fox jumps over the lazy dog; 12 of 345 parts, no names. ';
const body = JSON.stringify({
  model: 'demo-1',
  messages: [{ role: 'user', content: text.repeat(Math.ceil((megabytes << 20) / text.length)) }],
});
const small = JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: 'Say exactly: hi' }] });

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
async function residentBytes(pids) {
  let sum = 0;
  for (const pid of Object.values(pids)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    sum += Number(status.match(/^VmRSS:\s+(\d+) kB/m)?.[1] ?? 0) * 1024;
  }
  return sum;
}

// Latencies of probes and small calls until `running()` is false, and the most memory meanwhile.
async function measure(gateway, key, pids, running) {
  const ready = [];
  const calls = [];
  let peak = 0;
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
      peak = Math.max(peak, await residentBytes(pids));
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

let exceeded = false;
for (const shape of ['standalone', 'services']) {
  const model = await startDemoModel({ paceMs: 0 });
  const gateway = await Gateway.start({ shape });
  try {
    await gateway.apply(resources(model.url).replace(', {tokens: {over: 400}}', '')); // allowed at once
    const key = await gateway.createKey('ci-bot');
    const pids = await processes(gateway);
    for (const content of [small, body, small]) {
      await request(gateway.address, '/v1/chat/completions', key, content); // threads and caches are warm
    }
    let running = true;
    setTimeout(() => (running = false), 4000);
    const alone = await measure(gateway, key, pids, () => running);
    const before = await residentBytes(pids);
    let left = bodies;
    const statuses = [];
    const began = performance.now();
    const large = Array.from({ length: bodies }, () =>
      request(gateway.address, '/v1/chat/completions', key, body)
        .then(({ status }) => statuses.push(status))
        .finally(() => left--),
    );
    const beside = await measure(gateway, key, pids, () => left > 0);
    await Promise.all(large);
    const seconds = (performance.now() - began) / 1000;
    const factor = (beside.peak - before) / (bodies * body.length);
    console.log(`${shape}: ${bodies} bodies of ${megabytes} MB in ${seconds.toFixed(1)} s, statuses ${[...new Set(statuses)]}`);
    console.log('                          p50     p99     max ms');
    console.log(`  /readyz alone       ${figures(alone.ready)}   (${alone.ready.length})`);
    console.log(`  /readyz beside      ${figures(beside.ready)}   (${beside.ready.length})`);
    console.log(`  small calls alone   ${figures(alone.calls)}   (${alone.calls.length})`);
    console.log(`  small calls beside  ${figures(beside.calls)}   (${beside.calls.length})`);
    console.log(`  memory per body: ${factor.toFixed(2)} times its size (at most ${mostMemory})`);
    const slow = [beside.ready, beside.calls].some((list) => percentile(list, 0.99) > mostMs);
    if (slow) console.log(`  exceeded: more than ${mostMs} ms beside the bodies`);
    if (factor > mostMemory) console.log('  exceeded: memory');
    exceeded ||= slow || factor > mostMemory;
  } finally {
    await gateway.stop();
    await model.stop();
  }
}
agent.destroy();
process.exit(exceeded ? 1 : 0);
