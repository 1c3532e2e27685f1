// A running gateway in either shape, with the resources of the tests and a key for each of their people.

import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { eventually, makeFolder, program, removeFolder, run } from './processes.mjs';

const root = resolve(import.meta.dirname, '../../..');

async function startStandalone(folder, { http, env = () => ({}), masking }) {
  const data = join(folder, 'data');
  const up = async () =>
    run(
      program('countersign'),
      [
        ...['up', '--data', data, '--http', http, '--metrics', '127.0.0.1:0', '--detach'],
        ...(masking ? ['--masking', masking] : []),
      ],
      { env: await env() },
    );
  const start = async () => {
    const { code, stderr, stdout } = await up();
    if (code !== 0) throw new Error(`countersign up failed (${code}): ${stdout}${stderr}`);
    const addresses = JSON.parse(await readFile(join(data, 'addresses.json'), 'utf8'));
    return { ...addresses, adminKeyFile: join(data, 'admin.key') };
  };
  const pid = async () => Number((await readFile(join(data, 'pid'), 'utf8')).trim());
  return {
    data,
    start,
    stop: () => run(program('countersign'), ['down', '--data', data]),
    kill: async () => {
      const id = await pid();
      process.kill(id, 'SIGKILL');
      await eventually('the gateway is gone', () => {
        try {
          process.kill(id, 0);
          return false;
        } catch {
          return true;
        }
      });
    },
  };
}

async function startSixProcesses(folder, { http, bin = program('').replace(/\/$/, ''), masking }) {
  const dir = join(folder, 'dev');
  const dev = (...args) => run(join(root, 'scripts/dev'), ['--dir', dir, '--bin', bin, ...args], { timeout: 600_000 });
  return {
    dir,
    async start() {
      const { code, stderr, stdout } = await dev('--detach', '--http', http, ...(masking ? ['--masking', masking] : []));
      if (code !== 0) throw new Error(`scripts/dev failed (${code}): ${stdout}${stderr}`);
      const addresses = JSON.parse(await readFile(join(dir, 'addresses.json'), 'utf8'));
      return { ...addresses, adminKeyFile: join(dir, 'admin.key') };
    },
    stop: () => dev('--stop'),
    stopPart: (part) => dev('--stop-part', part),
    killPart: (part) => dev('--kill-part', part),
    startPart: (part) => dev('--start-part', part),
  };
}

export class Gateway {
  // `http`: where it listens; `env`: returns the standalone gateway's, at each start; `bin`: the six programs; `masking`:
  // a file with masking's analyzers.
  static async start({ shape = process.env.COUNTERSIGN_SHAPE ?? 'standalone', folder, http = '127.0.0.1:0', ...how } = {}) {
    const gateway = new Gateway();
    gateway.shape = shape;
    gateway.folder = folder ?? (await makeFolder());
    gateway.process = await (shape === 'standalone' ? startStandalone : startSixProcesses)(gateway.folder, { http, ...how });
    await gateway.resume();
    return gateway;
  }

  async resume() {
    const { http, metrics, adminKeyFile } = await this.process.start();
    this.address = http;
    this.metrics = metrics;
    this.adminKeyFile = adminKeyFile;
  }

  // After the edge was started again: it may have other ports.
  async rediscover() {
    const { http, metrics } = JSON.parse(await readFile(join(this.process.dir, 'addresses.json'), 'utf8'));
    this.address = http;
    this.metrics = metrics;
  }

  get baseURL() {
    return `http://${this.address}/v1`;
  }

  async stop() {
    const { code, stderr } = await this.process.stop();
    if (code !== 0) throw new Error(`stopping failed (${code}): ${stderr}`);
    await removeFolder(this.folder);
  }

  // The command line as the administrator, or with the given key.
  cli(args, { key, input } = {}) {
    const who = key ? ['--token', key] : ['--token-file', this.adminKeyFile];
    return run(program('countersign'), ['--addr', this.address, ...who, ...args], {
      input,
      env: { COUNTERSIGN_HOME: join(this.folder, 'cli') },
    });
  }

  async cliJson(args, options) {
    const { code, stdout, stderr } = await this.cli([...args, '-o', 'json'], options);
    if (code !== 0) throw new Error(`countersign ${args.join(' ')} failed (${code}): ${stderr}`);
    return JSON.parse(stdout);
  }

  async apply(yaml) {
    const file = join(this.folder, 'resources.yaml');
    await writeFile(file, yaml);
    const { code, stdout, stderr } = await this.cli(['apply', '-f', file]);
    if (code !== 0) throw new Error(`apply failed: ${stderr}`);
    return stdout;
  }

  async createKey(identity, ttl = '1h') {
    return (await this.cliJson(['keys', 'create', identity, '--ttl', ttl])).key;
  }

  sessions(...args) {
    return this.cliJson(['sessions', 'list', ...args]).then((listing) => listing.items);
  }

  // The newest session, once it has ended.
  ended(probe = () => true) {
    return eventually('the session ended', async () => {
      const found = (await this.sessions()).find(probe);
      return found?.outcome ? found : undefined;
    });
  }

  pendingReview(key) {
    return eventually('a review is pending', async () => {
      const { items } = await this.cliJson(['reviews', 'list'], { key });
      return items[0];
    });
  }
}

// Everything a test needs: a caller (ci-bot), two reviewers (rosa, sam), an auditor, the policies of the tour.
export const resources = (modelUrl) => `
apiVersion: countersign/v1
kind: Credential
metadata: {name: model-key}
spec: {bearer: {inline: upstream-secret-key}}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: openai}
spec: {protocol: openai, url: '${modelUrl}/v1', credential: model-key, default: true, models: ['demo-*']}
---
${['ci-bot ci [ci]', 'alice human [platform]', 'rosa human [security]', 'sam human [security]', 'audrey human [audit]']
  .map((line) => line.split(' '))
  .map(
    ([name, kind, groups]) => `apiVersion: countersign/v1
kind: Identity
metadata: {name: ${name}}
spec: {kind: ${kind}, groups: ${groups}${name === 'ci-bot' ? ', owner: alice' : ''}}
---
`,
  )
  .join('')}
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: callers}
spec: {role: caller, groups: [ci, platform, security]}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: reviewers}
spec: {role: reviewer, groups: [security, platform]}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: auditors}
spec: {role: auditor, groups: [audit]}
---
apiVersion: countersign/v1
kind: Dictionary
metadata: {name: denylist}
spec: {terms: [project nightfall]}
---
apiVersion: countersign/v1
kind: Dictionary
metadata: {name: regulated}
spec: {terms: [patient record]}
---
apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: standard}
spec:
  response:
    - {entity: tier1, action: replace}
    - {pattern: 'PRJ-[0-9]{4}', label: PROJECT, action: replace}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: denylist}
spec:
  priority: 1000
  when: {keywords: {dictionary: denylist}}
  then: {deny: {message: This must not leave the company.}}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: regulated}
spec:
  priority: 100
  when: {any: [{keywords: {dictionary: regulated}}, {tokens: {over: 400}}]}
  then:
    review: {reviewers: [security, alice], approvals: 1, pendingTtl: 5m, hold: 20s, grant: {kind: oneShot, ttl: 1m}}
    masking: standard
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: otherwise}
spec: {then: {allow: {}, masking: standard}}
`;
