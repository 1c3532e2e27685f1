// The processes of a gateway, found from outside as an operator would.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export const parts = ['edge', 'authn', 'policy', 'approval', 'masking', 'session-recorder'];

const text = (file) => readFile(file, 'utf8').catch(() => '');
const number = async (file) => Number((await text(file)).split('\n')[0]) || undefined;
const commandLine = async (pid) => (await text(`/proc/${pid}/cmdline`)).replaceAll('\0', ' ').trim();

async function children(parent) {
  const found = [];
  for (const entry of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(entry)) continue;
    const stat = await text(`/proc/${entry}/stat`);
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent) found.push(Number(entry));
  }
  return found;
}

export class Processes {
  constructor({ shape, process }) {
    this.shape = shape;
    this.folder = shape === 'standalone' ? process.data : process.dir;
    this.cluster = join(this.folder, shape === 'standalone' ? 'pg/data' : 'postgres/data');
  }

  // The process of a service, or of the standalone gateway; nothing while it does not run.
  async program(part) {
    const file = this.shape === 'standalone' ? join(this.folder, 'pid') : join(this.folder, 'run', `${part}.pid`);
    const pid = await number(file);
    return pid && (await commandLine(pid)).includes('countersign') ? pid : undefined;
  }

  async postmaster() {
    const pid = await number(join(this.cluster, 'postmaster.pid'));
    return pid && /postgres/.test(await commandLine(pid)) ? pid : undefined;
  }

  // PostgreSQL's processes that serve the gateway's connections.
  async backends() {
    const postmaster = await this.postmaster();
    const found = [];
    for (const pid of postmaster ? await children(postmaster) : []) {
      if ((await commandLine(pid)).includes('[local]')) found.push(pid);
    }
    return found;
  }

  async logs() {
    const folders = this.shape === 'standalone' ? [this.folder] : [join(this.folder, 'log')];
    const files = [];
    for (const folder of folders) {
      for (const name of await readdir(folder)) {
        if (name === 'log' || name.endsWith('.log')) files.push(join(folder, name));
      }
    }
    return Promise.all(files.map(async (file) => ({ name: file.slice(this.folder.length + 1), text: await text(file) })));
  }
}

export function signal(pid, name) {
  try {
    if (pid) process.kill(pid, name);
    return pid !== undefined;
  } catch {
    return false; // it has ended meanwhile
  }
}
