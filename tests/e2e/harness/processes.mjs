// Starting the product's programs, talking to its command line, and waiting for what a test needs. Everything listens
// on loopback ports that the system chose and is stopped by the test that started it.

import { execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const binaries = process.env.COUNTERSIGN_BIN;
if (!binaries) throw new Error('COUNTERSIGN_BIN must name the folder of the built programs');

export const program = (name) => join(binaries, name);

// A folder that PostgreSQL's unprivileged user can reach, as the standalone gateway needs.
export async function makeFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'cs-e2e-'));
  await chmod(folder, 0o755);
  return folder;
}
export const removeFolder = (folder) => rm(folder, { recursive: true, force: true });

// Runs a program to its end. Never rejects: a refusal is a result.
export function run(file, args, { input = '', env = {}, timeout = 600_000 } = {}) {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      { env: { ...process.env, ...env }, timeout, maxBuffer: 256 << 20 },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 255) : 0;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

// Tries `probe` until it gives something, at most `seconds`.
export async function eventually(what, probe, seconds = 120) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${seconds} s`);
    await new Promise((resume) => setTimeout(resume, 25));
  }
}

// The scripted model. `log()` returns what it received, one entry per request.
export async function startDemoModel({ paceMs = 5 } = {}) {
  const folder = await makeFolder();
  const logFile = join(folder, 'requests.jsonl');
  const child = spawn(
    program('countersign-demo-model'),
    ['--port', '0', '--pace-ms', String(paceMs), '--log', logFile],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  const url = await eventually('the demo model printed its address', () => printed.match(/http:\/\/[0-9.:]+/)?.[0]);
  return {
    url,
    async raw() {
      return readFile(logFile, 'utf8').catch(() => '');
    },
    async log() {
      return (await this.raw()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
    },
    async stop() {
      child.kill('SIGKILL');
      await removeFolder(folder);
    },
  };
}
