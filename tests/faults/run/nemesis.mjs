// The faults, each a pair: its cause and its end. The run ends a fault when its time is over; it tests that the gateway
// recovers from there by itself.

import { once } from 'node:events';
import { access, copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { eventually, run } from '../../e2e/harness/processes.mjs';
import { parts, signal } from './gateway_processes.mjs';

const frozen = (find) => async () => {
  const pids = (await find()).filter((pid) => signal(pid, 'SIGSTOP'));
  return () => pids.forEach((pid) => signal(pid, 'SIGCONT'));
};
const signalled = (find, name) => async () => {
  for (const pid of await find()) signal(pid, name);
};

// PostgreSQL: it is killed, cut off, or hangs.
function databaseFaults({ processes, random }) {
  const postmaster = async () => [await processes.postmaster()].filter(Boolean);
  const backends = () => processes.backends();
  const one = async () => {
    const all = await backends();
    return all.length > 0 ? [random.pick(all)] : [];
  };
  return {
    'postgres kill -9': signalled(postmaster, 'SIGKILL'),
    'postgres immediate stop': signalled(postmaster, 'SIGQUIT'),
    'postgres connections ended': signalled(backends, 'SIGTERM'),
    'postgres backend kill -9': signalled(one, 'SIGKILL'),
    'postgres hangs': frozen(backends),
  };
}

// The gateway's surroundings: the model, the identity provider, and hostile callers.
function outsideFaults({ model, provider, address }) {
  const modelDoes = (mode) => async () => {
    model.mode = mode;
    return () => {
      model.mode = 'well';
      model.dropConnections();
    };
  };
  return {
    'model resets': modelDoes('resets'),
    'model silent': modelDoes('silent'),
    'model breaks off': modelDoes('breaks off'),
    'model in slices': modelDoes('slices'),
    'model slow': modelDoes('slow'),
    'provider hangs': frozen(async () => [provider.pid]),
    'provider rotates keys': () => provider.rotate(),
    'half-open sockets': async () => {
      const [host, port] = address().split(':');
      const sockets = Array.from({ length: 100 }, () => {
        const socket = net.connect(Number(port), host, () => socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x'));
        return socket.on('error', () => {});
      });
      return () => sockets.forEach((socket) => socket.destroy());
    },
  };
}

// A full disk: only where the gateway's folder is a file system of its own (disk.mjs).
const diskFaults = ({ disk }) => (disk ? { 'disk full': () => disk.fill() } : {});

// A clock that jumps five minutes and returns. For the six processes only back and then ahead: gRPC waits for its
// timers on the wall clock (Abseil 20220623), so a clock that is set back by five minutes delays its reconnections and
// deadlines by as much, whatever a program does.
function clockFaults({ gateway, clocks, random }) {
  const jumps = gateway.shape === 'standalone' ? [-300, 300] : [-300];
  return Object.fromEntries(
    Object.entries(clocks).map(([name, clock]) => [
      `clock of ${name}`,
      async () => {
        await clock.set(random.pick(jumps));
        return () => clock.set(0);
      },
    ]),
  );
}

function standaloneFaults({ gateway, processes }) {
  const program = async () => [await processes.program()].filter(Boolean);
  // Only the run restarts it, as a service manager would: again and again, for example while the disk is full.
  const restarted = (name) => async () => {
    await signalled(program, name)();
    return async () => {
      await eventually('the gateway is gone', async () => (await processes.program()) === undefined, 40);
      let last;
      const start = async () => {
        last = await gateway.resume().catch((error) => error);
        return !last;
      };
      await eventually('the gateway starts', start, 60).catch((error) => {
        throw new Error(`${error.message}: ${last.message}`);
      });
    };
  };
  return {
    'gateway kill -9': restarted('SIGKILL'),
    'gateway SIGTERM': restarted('SIGTERM'),
    'gateway hangs': frozen(program),
  };
}

// A certificate of an untrusted authority, in place of the service's own.
async function wrongCertificate(folder, part) {
  const tls = join(folder, part, 'tls');
  const wrong = join(folder, part, 'wrong');
  await mkdir(wrong, { recursive: true });
  const made = await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
    ...['-subj', `/CN=${part}`, '-addext', `subjectAltName=URI:spiffe://countersign/${part}`],
    ...['-keyout', join(wrong, 'tls.key'), '-out', join(wrong, 'tls.crt')],
  ]);
  if (made.code !== 0) throw new Error(`openssl failed: ${made.stderr}`);
  await copyFile(join(tls, 'ca.crt'), join(wrong, 'ca.crt'));
  const right = `${tls}.right`;
  await rename(tls, right);
  await rename(wrong, tls);
  return async () => {
    await rm(tls, { recursive: true });
    await rename(right, tls);
  };
}

// The supervisor of scripts/dev restarts a service that ended.
function servicesFaults({ processes }) {
  const faults = {};
  for (const part of parts) {
    const program = async () => [await processes.program(part)].filter(Boolean);
    faults[`${part} kill -9`] = signalled(program, 'SIGKILL');
    faults[`${part} SIGTERM`] = signalled(program, 'SIGTERM');
    faults[`${part} hangs`] = frozen(program);
    faults[`${part} wrong certificate`] = () => wrongCertificate(processes.folder, part);
  }
  return faults;
}

// Name → a function that causes the fault and may return one that ends it. `target`: what two faults must not break at
// the same time.
export function makeFaults(world) {
  const own = world.gateway.shape === 'standalone' ? standaloneFaults(world) : servicesFaults(world);
  return {
    ...own,
    ...databaseFaults(world),
    ...outsideFaults(world),
    ...diskFaults(world),
    ...clockFaults(world),
  };
}

export const targetOf = (kind) => kind.split(' ')[0];

// libfaketime keeps a semaphore per process, named by the process's id. A process that is killed leaves it behind, and a
// program that later gets this id, and runs as another user, does not start.
export async function removeSemaphoresOfGoneProcesses(folder = '/dev/shm') {
  for (const name of await readdir(folder)) {
    const pid = /^(?:sem\.)?faketime_(?:sem|shm)_(\d+)$/.exec(name)?.[1];
    if (!pid || (await access(`/proc/${pid}`).then(() => true, () => false))) continue;
    await rm(join(folder, name), { force: true }).catch(() => {}); // another user's run is not ours to clean
  }
}

// A separate clock for the programs that are started with `environment`: libfaketime (`library`) reads the offset from
// `file` repeatedly.
export async function makeClock(file, library) {
  const set = async (seconds) => {
    await writeFile(`${file}.new`, seconds === 0 ? '+0\n' : `${seconds > 0 ? '+' : ''}${seconds}s\n`, { mode: 0o644 });
    await rename(`${file}.new`, file);
  };
  await set(0);
  const environment = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  return { set, environment };
}

// A free loopback address. The run keeps to one, so that callers find a gateway that was started again.
export async function freeAddress() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${server.address().port}`;
  server.close();
  await once(server, 'close');
  return address;
}
