// What reading a large record costs with the real programs and PostgreSQL: `sessions list` of everything, a search for a
// text, `sessions export` of everything, `verify`. Prints seconds, CPU seconds of the command and of the gateway, the rate,
// and the largest resident set of both, beside copying the same bytes through a pipe as a baseline.
//   main.mjs [--sessions N]     (50000)

import http from 'node:http';
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Gateway, resources } from '../../e2e/harness/gateway.mjs';
import { program } from '../../e2e/harness/processes.mjs';

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '50000' } } });
const count = Number(values.sessions);
const gateway = await Gateway.start({ shape: 'standalone' });

// A prompt that policy denies is a whole session in one commit.
async function record(key) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const [host, port] = gateway.address.split(':');
  let begun = 0;
  const one = (number) =>
    new Promise((resolve, reject) => {
      const content = number === 7 ? 'project nightfall of the quarterly zebra' : `project nightfall, number ${number} of many`;
      const body = JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: content + ' and some more words'.repeat(10) }] });
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const request = http.request({ agent, host, port, method: 'POST', path: '/v1/chat/completions', headers }, (response) => {
        response.resume();
        response.on('end', () => (response.statusCode === 403 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
      });
      request.on('error', reject);
      request.end(body);
    });
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (begun < count) await one(++begun);
    }),
  );
  agent.destroy();
}

const gatewayPid = Number(readFileSync(join(gateway.process.data, 'pid'), 'utf8').trim());
const cpuOf = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const memoryOf = (pid, name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

// Runs a command to its end; its output is counted, not kept.
async function timed(file, args) {
  const before = { cpu: cpuOf(gatewayPid), at: process.hrtime.bigint() };
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, COUNTERSIGN_HOME: join(gateway.folder, 'cli') } });
  const used = { cpu: 0, memory: 0, gateway: 0 };
  const look = setInterval(() => {
    try {
      used.cpu = Math.max(used.cpu, cpuOf(child.pid));
      used.memory = Math.max(used.memory, memoryOf(child.pid, 'VmHWM'));
      used.gateway = Math.max(used.gateway, memoryOf(gatewayPid, 'VmRSS'));
    } catch {
      // It has ended.
    }
  }, 10);
  let lines = 0;
  child.stdout.on('data', (bytes) => {
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) ++lines;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`${args.join(' ')}: exit ${code}`);
  const seconds = Number(process.hrtime.bigint() - before.at) / 1e9;
  return { seconds, lines, cpu: used.cpu, memory: used.memory, gatewayCpu: cpuOf(gatewayPid) - before.cpu, gatewayMemory: used.gateway };
}

const show = (name, run, rate) =>
  console.log(
    `${name.padEnd(12)} ${run.seconds.toFixed(2).padStart(7)} s  command ${run.cpu.toFixed(2).padStart(6)} CPU-s, ${run.memory.toFixed(0).padStart(4)} MiB  ` +
      `gateway ${run.gatewayCpu.toFixed(2).padStart(6)} CPU-s, ${run.gatewayMemory.toFixed(0).padStart(4)} MiB  ${rate}`,
  );

try {
  await gateway.apply(resources('http://127.0.0.1:9'));
  const memoryBefore = memoryOf(gatewayPid, 'VmRSS');
  const began = Date.now();
  await record(await gateway.createKey('ci-bot'));
  await new Promise((resume) => setTimeout(resume, 15_000)); // covered by a checkpoint, and indexed
  const grown = ((memoryOf(gatewayPid, 'VmRSS') - memoryBefore) * 1024 * 1024) / count;
  console.log(`${count} sessions recorded in ${((Date.now() - began) / 1000 - 15).toFixed(0)} s; the gateway grew by ${grown.toFixed(0)} bytes for each`);

  const who = ['--addr', gateway.address, '--token-file', gateway.adminKeyFile];
  const file = join(gateway.folder, 'all.jsonl');
  const cli = program('countersign');
  const list = await timed(cli, [...who, 'sessions', 'list', '--limit', '0']);
  show('list', list, `${(count / list.seconds).toFixed(0)} rows/s`);
  const text = await timed(cli, [...who, 'sessions', 'list', '--limit', '0', '--text', 'Quarterly Zebra']);
  show('list --text', text, `${(count / text.seconds).toFixed(0)} sessions/s, ${text.lines - 1} found`);
  const exported = await timed(cli, [...who, 'sessions', 'export', '-o', file]);
  const megabytes = statSync(file).size / 1e6;
  show('export', exported, `${(megabytes / exported.seconds).toFixed(1)} MB/s, ${(megabytes / (exported.cpu + exported.gatewayCpu)).toFixed(1)} MB per CPU-s of both`);
  const verified = await timed(cli, ['verify', file]);
  show('verify', verified, `${(megabytes / verified.seconds).toFixed(1)} MB/s`);
  const copied = await timed('cat', [file]);
  show('baseline', copied, `${(megabytes / copied.seconds).toFixed(1)} MB/s: the same ${megabytes.toFixed(0)} MB through a pipe`);
} finally {
  await gateway.stop();
}
