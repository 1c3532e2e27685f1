// A server and a client of KServe's V2 protocol, both of PyPI's grpcio.

import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from './processes.mjs';

const e2e = resolve(import.meta.dirname, '..');
const python = join(e2e, '.venv/bin/python');

function start(script, args) {
  const child = spawn(python, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {});
  const gone = new Promise((done) => child.on('exit', done));
  return { child, gone, lines: createInterface({ input: child.stdout }) };
}

// `url`, and `log`: what it received, an entry per request.
export async function startKserveServer() {
  const { child, gone, lines } = start(join(import.meta.dirname, 'kserve_server.py'), []);
  const log = [];
  let port;
  lines.on('line', (line) => (port === undefined ? (port = Number(line)) : log.push(JSON.parse(line))));
  await eventually('the model serves', () => port);
  return {
    url: `grpc://127.0.0.1:${port}`,
    address: `127.0.0.1:${port}`,
    log,
    gone,
    stop: () => (child.stdin.end(), gone),
  };
}

// `call(request)` as kserve_caller.py describes it.
export function startKserveCaller(address, token) {
  const { child, gone, lines } = start(join(e2e, 'kserve_caller.py'), [address, token]);
  const waiting = new Map();
  lines.on('line', (line) => {
    const result = JSON.parse(line);
    waiting.get(result.n)(result);
  });
  let next = 0;
  return {
    call(request) {
      const n = ++next;
      child.stdin.write(`${JSON.stringify({ n, ...request })}\n`);
      return new Promise((done) => waiting.set(n, done));
    },
    stop: () => (child.stdin.end(), gone),
  };
}
