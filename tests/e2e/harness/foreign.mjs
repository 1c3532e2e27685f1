// Programs of others that the tests call the gateway with, or let it call: PyPI's `tritonclient` and MLServer.

import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from './processes.mjs';

const folder = resolve(import.meta.dirname, '../foreign');
const python = join(folder, '.venv/bin/python');

function start(script, args = []) {
  const child = spawn(python, [join(folder, script), ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {});
  const gone = new Promise((done) => child.on('exit', done));
  return { child, gone, lines: createInterface({ input: child.stdout }) };
}

// MLServer with the models of the folder mlserver.
export async function startMlServer() {
  const { child, gone, lines } = start('mlserver_server.py');
  let ports;
  lines.on('line', (line) => (ports ??= line.match(/^(\d+) (\d+)$/)));
  const stop = () => (child.stdin.end(), gone);
  await eventually('MLServer serves', () => ports);
  return { http: `http://127.0.0.1:${ports[1]}`, grpc: `grpc://127.0.0.1:${ports[2]}`, stop };
}

// `call(request)` as triton_caller.py describes it.
export function startTritonCaller({ address, token, grpc, http }) {
  const { child, gone, lines } = start('triton_caller.py', [address, token, grpc, http]);
  const waiting = new Map();
  lines.on('line', (line) => {
    const { n, ...result } = JSON.parse(line);
    waiting.get(n)(result);
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
