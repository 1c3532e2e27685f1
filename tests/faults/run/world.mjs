// One gateway with everything around it: model, provider, callers, reviewers, and the means to break it.

import { randomBytes } from 'node:crypto';
import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Gateway } from '../../e2e/harness/gateway.mjs';
import { eventually, makeFolder, program, removeFolder } from '../../e2e/harness/processes.mjs';
import { Callers } from './callers.mjs';
import { mountDisk } from './disk.mjs';
import { Processes, parts } from './gateway_processes.mjs';
import { startModel } from './model.mjs';
import { freeAddress, makeClock, makeFaults, removeSemaphoresOfGoneProcesses } from './nemesis.mjs';
import { startProvider } from './provider.mjs';
import { derive } from './random.mjs';
import { readExport } from './record.mjs';
import { resources, reviewers } from './resources.mjs';
import { Reviewers } from './reviewers.mjs';

async function findFaketime() {
  for (const machine of ['x86_64', 'aarch64']) {
    const library = `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`;
    if (await access(library).then(() => true, () => false)) return library;
  }
  return undefined;
}

// Programs of the same names that run with a separate clock.
async function wrapPrograms(folder, library) {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const clocks = {};
  for (const part of parts) {
    const clock = await makeClock(join(folder, `${part}.clock`), library);
    const variables = Object.entries(clock.environment).map(([name, value]) => `export ${name}='${value}'`);
    const wrapper = join(bin, `countersign-${part}`);
    await writeFile(wrapper, ['#!/bin/sh', ...variables, `exec '${program(`countersign-${part}`)}' "$@"`, ''].join('\n'));
    await chmod(wrapper, 0o755);
    clocks[part] = clock;
  }
  return { bin, clocks };
}

// What `verify` printed, but for the sessions in which it found nothing.
const withoutIntact = (output) => output.split('\n').filter((line) => !/^[0-9a-f-]{36} +intact /.test(line)).join('\n');

export class World {
  static async start({ shape, seed, missing = () => {} }) {
    const world = new World();
    world.folder = await makeFolder();
    world.random = derive(seed, 'nemesis');
    world.disk = shape === 'standalone' ? await mountDisk(world.folder) : undefined;
    if (shape === 'standalone' && !world.disk) missing('no file system can be mounted: no full disk');
    const how = { shape, folder: world.folder, http: await freeAddress() };
    world.clocks = {};
    const library = await findFaketime();
    if (!library) {
      missing('libfaketime is not installed: no clock jumps');
    } else if (shape === 'standalone') {
      world.clocks.gateway = await makeClock(join(world.folder, 'clock'), library);
      how.env = async () => {
        await removeSemaphoresOfGoneProcesses();
        return world.clocks.gateway.environment;
      };
    } else {
      const { bin, clocks } = await wrapPrograms(world.folder, library);
      Object.assign(world, { clocks });
      how.bin = bin;
    }
    world.model = await startModel();
    world.provider = await startProvider();
    world.gateway = await Gateway.start(how);
    world.processes = new Processes(world.gateway);
    await world.#people(seed);
    world.faults = makeFaults({ ...world, address: () => world.gateway.address });
    return world;
  }

  async #people(seed) {
    const { gateway, provider } = this;
    await gateway.apply(resources({ model: this.model.url, issuer: provider.issuer, client: provider.client }));
    const key = await gateway.createKey('ci-bot', '24h');
    const keys = {};
    for (const name of reviewers) keys[name] = await gateway.createKey(name, '24h');
    const address = () => gateway.address;
    this.secrets = [key, ...Object.values(keys)];
    const credentials = [async () => key, provider.token];
    this.callers = new Callers({ seed, run: randomBytes(4).toString('hex'), address, credentials });
    this.reviewers = new Reviewers({ seed, address, keys });
  }

  // A plain call with each of the two credentials passes again.
  async recover(seconds = 60) {
    let last;
    const passes = async (user) => {
      last = await this.callers.ask('plain', user);
      return last.status === 200;
    };
    await eventually('a call passes', async () => (await passes(0)) && passes(1), seconds).catch((error) => {
      throw new Error(`${error.message}; the last one got ${last.status ?? last.broken ?? 'nothing'} ${last.body}`);
    });
  }

  async #settled() {
    await eventually('every session ended', async () => (await this.gateway.sessions('--limit', '200')).every((s) => s.outcome), 60);
  }

  // The contents of the three ledgers, when all activity has ended.
  async ledgers() {
    const unsettled = await this.#settled().then(() => undefined, (error) => error.message);
    const file = join(this.folder, 'export.jsonl');
    const exported = await this.gateway.cli(['sessions', 'export', '-o', file]);
    const verified = exported.code === 0 ? await this.gateway.cli(['verify', file]) : exported;
    return {
      calls: this.callers.calls,
      received: this.model.received,
      votes: this.reviewers.votes,
      regressions: this.reviewers.regressions,
      sessions: exported.code === 0 ? await readExport(file) : undefined,
      verify: { code: verified.code, output: withoutIntact(`${verified.stderr}${verified.stdout}`).slice(-2000) },
      logs: await this.processes.logs(),
      secrets: this.secrets,
      unsettled,
    };
  }

  async stop() {
    for (const clock of Object.values(this.clocks)) await clock.set(0);
    const { code, stderr } = await this.gateway.process.stop();
    if (code !== 0) throw new Error(`the gateway did not stop (${code}): ${stderr}; ${this.folder}`);
    this.provider.stop();
    this.model.stop();
    await this.disk?.unmount();
    await removeFolder(this.folder);
  }
}
