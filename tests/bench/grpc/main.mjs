// What governed gRPC calls cost, with everything on (key, policy, masking, strict recording), beside the same calls sent
// directly and through nginx as a plain gRPC proxy, in the same run. Prints a line for each figure with its goal; exits 1
// when one is missed. Figures:
//   unary    what ModelInfer adds over direct, at the median, relative to what a chat completion of the same size adds
//   message  CPU of the gateway per message of a stream, without PostgreSQL's, with masking and every message on record:
//            `strict`, each message waits for its commit, and `ordered`, it waits for none. The goal is for messages that
//            come as fast as they are taken; one that comes alone also pays for waking five threads and a commit of its
//            own, so it is shown beside nginx, which only passes it on
//   idle     memory of an idle stream, of 5,000 over 50 connections, and its growth
//   cancel   from the caller's leaving to the cancelled call at the model, before the first byte
//   main.mjs [--shape standalone|services] [--idle-seconds N | --idle-minutes N] [--only NAME] [--messages N]

import { fork, spawn } from 'node:child_process';
import http from 'node:http';
import http2 from 'node:http2';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Gateway } from '../../e2e/harness/gateway.mjs';
import { eventually } from '../../e2e/harness/processes.mjs';
import { FrameCounter, frame, inferRequest } from './messages.mjs';

const { values } = parseArgs({
  options: {
    shape: { type: 'string', default: 'standalone' },
    'idle-seconds': { type: 'string', default: '20' },
    'idle-minutes': { type: 'string' },
    messages: { type: 'string', default: '20000' },
    only: { type: 'string' },
  },
});
const service = '/inference.GRPCInferenceService';
const prompt = 'Please tell me about the river, the fox and the dog. '.repeat(10);
let missed = false;

function report(name, value, unit, goal) {
  const ok = goal === undefined || value <= goal;
  missed ||= !ok;
  const verdict = goal === undefined ? '' : `(goal ${goal})  ${ok ? 'ok' : 'MISSED'}`;
  console.log(`${name.padEnd(52)} ${value.toFixed(2).padStart(9)} ${unit}  ${verdict}`);
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const sort = (numbers) => numbers.sort((a, b) => a - b);

// ---- callers

class GrpcCaller {
  constructor(port, key, connection) {
    this.session = http2.connect(`http://127.0.0.1:${port}`);
    this.session.on('error', () => {});
    this.headers = { ':method': 'POST', te: 'trailers', 'content-type': 'application/grpc' };
    if (connection) this.headers['countersign-connection'] = connection;
    if (key) this.headers.authorization = `Bearer ${key}`;
  }

  open(method) {
    return this.session.request({ ...this.headers, ':path': `${service}/${method}` });
  }

  // The number of messages that came back; fails when the status is not OK.
  async call(method, message) {
    const stream = this.open(method);
    const frames = new FrameCounter();
    let status;
    stream.on('response', (headers) => (status = headers['grpc-status']));
    stream.on('trailers', (trailers) => (status = trailers['grpc-status']));
    stream.on('data', (bytes) => frames.add(bytes));
    stream.end(frame(message));
    await once(stream, 'close');
    if (status !== '0') throw new Error(`${method}: grpc-status ${status}`);
    return frames.count;
  }

  close() {
    this.session.destroy();
  }
}

class ChatCaller {
  constructor(port, key) {
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.options = { host: '127.0.0.1', port, path: '/v1/chat/completions', method: 'POST', agent: this.agent };
    this.headers = { 'content-type': 'application/json', 'countersign-connection': 'chat' };
    if (key) this.headers.authorization = `Bearer ${key}`;
  }

  call(body) {
    return new Promise((resolve, reject) => {
      const headers = { ...this.headers, 'content-length': Buffer.byteLength(body) };
      const request = http.request({ ...this.options, path: this.path ?? this.options.path, headers }, (response) => {
        response.resume();
        response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  close() {
    this.agent.destroy();
  }
}

async function time(call, rounds) {
  const times = [];
  for (let i = 0; i < rounds; ++i) {
    const before = process.hrtime.bigint();
    await call();
    times.push(Number(process.hrtime.bigint() - before) / 1000);
  }
  return times;
}

// ---- what the gateway uses

async function processes(pattern) {
  const found = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
      if (command.includes(gateway.folder) && pattern.test(command.split('\0')[0])) found.push(pid);
    } catch {
      // It has ended.
    }
  }
  return found;
}

async function residentKib() {
  let total = 0;
  for (const pid of await processes(/countersign/)) {
    total += Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]);
  }
  return total;
}

// The CPU in microseconds of these processes, from the scheduler's clock.
async function cpuMicros(pids) {
  let total = 0;
  for (const pid of pids) {
    for (const thread of await readdir(`/proc/${pid}/task`)) {
      try {
        total += Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ')[0]) / 1000;
      } catch {
        // It has ended.
      }
    }
  }
  return total;
}

// ---- figures

async function unary(direct, proxied) {
  const message = inferRequest('m', prompt);
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: prompt }] });
  const ways = {
    'ModelInfer, direct': [new GrpcCaller(model.ports.grpc), (caller) => caller.call('ModelInfer', message)],
    'ModelInfer, nginx': [new GrpcCaller(proxied), (caller) => caller.call('ModelInfer', message)],
    'ModelInfer, countersign': [new GrpcCaller(direct, key), (caller) => caller.call('ModelInfer', message)],
    'chat, direct': [new ChatCaller(model.ports.http), (caller) => caller.call(body)],
    'chat, countersign': [new ChatCaller(direct, key), (caller) => caller.call(body)],
  };
  ways['chat, countersign'][0].path = '/chat/v1/chat/completions';
  const times = {};
  for (let round = 0; round < 6; ++round) {
    for (const [name, [caller, call]] of Object.entries(ways)) {
      const measured = await time(() => call(caller), 200);
      if (round > 0) (times[name] ??= []).push(...measured); // the first round warms up
    }
  }
  const p50 = {};
  for (const [name, measured] of Object.entries(times)) {
    p50[name] = percentile(sort(measured), 0.5);
    report(`${name}, p50`, p50[name], 'us');
  }
  for (const [caller] of Object.values(ways)) caller.close();
  const added = p50['ModelInfer, countersign'] - p50['ModelInfer, direct'];
  const chatAdds = p50['chat, countersign'] - p50['chat, direct'];
  report('unary: what ModelInfer adds, of what a chat call adds', added / chatAdds, 'x ', 1.2);
}

async function perMessage(direct, proxied) {
  const gateways = await processes(/countersign/);
  const workers = await nginx.workers();
  const ways = {
    strict: [gateways, () => new GrpcCaller(direct, key)],
    ordered: [gateways, () => new GrpcCaller(direct, key, 'ordered')],
    nginx: [workers, () => new GrpcCaller(proxied)],
  };
  const paces = [
    { name: 'as fast as they are taken', count: Number(values.messages), every: 0, streams: 1, goal: 15 },
    { name: '8 streams, one each 10 ms', count: 300, every: 10, streams: 8 },
  ];
  for (const { name, count, every, streams, goal } of paces) {
    const used = {};
    for (let round = 0; round < 4; ++round) {
      for (const [way, [pids, connect]] of Object.entries(ways)) {
        const callers = Array.from({ length: streams }, connect);
        const asked = (pieces) => inferRequest('m', `pieces-${pieces}-${every}`);
        const run = (pieces) => Promise.all(callers.map((caller) => caller.call('ModelStreamInfer', asked(pieces))));
        await run(50);
        const before = await cpuMicros(pids);
        const messages = (await run(count)).reduce((sum, each) => sum + each, 0);
        const micros = ((await cpuMicros(pids)) - before) / messages;
        if (round > 0) (used[way] ??= []).push(micros); // the first round warms up
        callers.forEach((caller) => caller.close());
      }
    }
    for (const way of Object.keys(ways)) {
      report(`message: CPU, ${name}, ${way}`, percentile(sort(used[way]), 0.5), 'us', way === 'strict' ? goal : undefined);
    }
  }
}

async function idle(port) {
  const connections = 50;
  const each = 100;
  const before = await settled();
  const callers = Array.from({ length: connections }, () => new GrpcCaller(port, key));
  let open = 0;
  for (const caller of callers) {
    for (let i = 0; i < each; ++i) {
      const stream = caller.open('ModelStreamInfer');
      stream.on('error', () => {});
      stream.on('close', () => --open);
      ++open;
    }
  }
  const full = await settled();
  if (open !== connections * each) throw new Error(`only ${open} streams are open`);
  report('idle: memory of a stream', (full - before) / open, 'KiB', 16);
  const minutes = values['idle-minutes'];
  const seconds = minutes === undefined ? Number(values['idle-seconds']) : Number(minutes) * 60;
  await new Promise((resume) => setTimeout(resume, seconds * 1000));
  if (open !== connections * each) throw new Error(`only ${open} streams are still open`);
  report(`idle: growth in ${seconds} s`, ((await settled()) - full) / open, 'KiB', 0.2);
  callers.forEach((caller) => caller.close());
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

async function cancel(port) {
  const caller = new GrpcCaller(port, key);
  const times = [];
  for (let i = 0; i < 220; ++i) {
    const begun = model.next((message) => message.begun === String(i));
    const closed = model.next((message) => message.closed === String(i));
    const stream = caller.open('ModelInfer');
    stream.on('error', () => {});
    stream.end(frame(inferRequest('m', `silent-${i}`)));
    await begun;
    const left = process.hrtime.bigint();
    stream.close(http2.constants.NGHTTP2_CANCEL);
    const { at } = await closed;
    if (i >= 20) times.push(Number(BigInt(at) - left) / 1e6);
  }
  caller.close();
  report('cancel: from the caller to the model, p50', percentile(sort(times), 0.5), 'ms');
  report('cancel: from the caller to the model, p99', percentile(times, 0.99), 'ms', 10);
}

// ---- the parts

async function startModel() {
  const child = fork(join(import.meta.dirname, 'model.mjs'));
  const waiting = new Set();
  child.on('message', (message) => {
    for (const each of waiting) {
      if (!each.matches(message)) continue;
      waiting.delete(each);
      each.resolve(message);
    }
  });
  const next = (matches) => new Promise((resolve) => waiting.add({ matches, resolve }));
  const ports = await next((message) => message.grpc);
  return { ports, next, stop: () => child.disconnect() };
}

const children = async (pid) =>
  (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter((child) => child !== '');

// nginx does not accept port 0, so free ports are tried until one works.
async function startNginx(folder) {
  for (let attempt = 0; attempt < 5; ++attempt) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    await writeFile(
      join(folder, 'nginx.conf'),
      `daemon off; worker_processes auto; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000000; http2_max_requests 100000000;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  upstream model { server 127.0.0.1:${model.ports.grpc}; keepalive 64; }
  server { listen 127.0.0.1:${port} http2; location / { grpc_pass grpc://model; } }
}
`,
    );
    const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'nginx.log')], {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit').then(() => true);
    const answers = eventually('nginx answers', async () => {
      const caller = new GrpcCaller(port);
      try {
        return (await caller.call('ModelInfer', inferRequest('m', 'hello'))) === 1;
      } catch {
        return false;
      } finally {
        caller.close();
      }
    }, 10);
    if ((await Promise.race([ended, answers.then(() => false)])) === false) {
      return { port, workers: () => children(child.pid), stop: () => child.kill() };
    }
  }
  throw new Error('nginx did not start');
}

const resources = (ports) => `
apiVersion: countersign/v1
kind: Connection
metadata: {name: kserve}
spec: {protocol: kserve-v2, url: 'grpc://127.0.0.1:${ports.grpc}', default: true}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: ordered}
spec: {protocol: kserve-v2, url: 'grpc://127.0.0.1:${ports.grpc}'}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: chat}
spec: {protocol: openai, url: 'http://127.0.0.1:${ports.http}/v1'}
---
apiVersion: countersign/v1
kind: Identity
metadata: {name: bench}
spec: {kind: service, groups: [bench]}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: callers}
spec: {role: caller, groups: [bench]}
---
apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: standard}
spec: {response: [{entity: tier1, action: replace}]}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: ordered}
spec: {priority: 10, match: {connections: [ordered]}, then: {allow: {}, masking: standard, recording: ordered}}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: allowed}
spec: {then: {allow: {}, masking: standard, recording: strict}}
`;

const folder = await mkdtemp(join(tmpdir(), 'cs-bench-grpc-'));
const model = await startModel();
const nginx = await startNginx(folder);
const gateway = await Gateway.start({ shape: values.shape });
let key;
try {
  await gateway.apply(resources(model.ports));
  key = await gateway.createKey('bench');
  const port = Number(gateway.address.split(':')[1]);
  const figures = {
    unary: () => unary(port, nginx.port),
    message: () => perMessage(port, nginx.port),
    idle: () => idle(port),
    cancel: () => cancel(port),
  };
  for (const [name, measure] of Object.entries(figures)) {
    if (!values.only || values.only === name) await measure();
  }
} finally {
  await gateway.stop();
  nginx.stop();
  model.stop();
  await rm(folder, { recursive: true });
}
process.exitCode = missed ? 1 : 0;
