// A real gRPC server of any service, and a client of it, both with the official Python package.

import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { eventually, run } from './processes.mjs';

const root = resolve(import.meta.dirname, '..');
const python = join(root, '.venv/bin/python');

// The descriptor set of files in protos/, as the page says to write it.
export async function compile(folder, name, files) {
  const set = join(folder, name);
  const { code, stderr } = await run('protoc', [
    '-I', join(root, 'protos'), '--include_imports', `--descriptor_set_out=${set}`, ...files,
  ]);
  if (code !== 0) throw new Error(`protoc failed: ${stderr}`);
  return set;
}

// `log()` returns what it received, one entry per call.
export async function startService(set, { reflection = false } = {}) {
  const child = spawn(python, [join(root, 'harness/grpc_service.py'), set, reflection ? 'reflection' : 'plain'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  const port = await eventually('the service printed its port', () => printed.match(/^(\d+)\n/)?.[1]);
  return {
    url: `grpc://127.0.0.1:${port}`,
    log: () => printed.split('\n').slice(1).filter(Boolean).map((line) => JSON.parse(line)),
    stop: () => child.kill('SIGKILL'),
  };
}

// What each of the calls got.
export async function play(address, set, calls) {
  const { code, stdout, stderr } = await run(python, [join(root, 'grpc_service_caller.py'), address, set], {
    input: JSON.stringify(calls),
  });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
