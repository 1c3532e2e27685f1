// Plays pages of docs/ as a reader would: one shell, block after block, in the order of the pages.
//
// `sh` blocks run; a `text` block behind one is what it printed, line for line. In such a block `…` stands for any text
// of a line, and alone on a line for any lines; ids, times, hashes and keys may differ, and so may runs of spaces.
// Comments in front of a block, which no reader sees, say what else there is:
//   <!-- file: NAME -->      the block is the content of NAME
//   <!-- status: N -->       the block ends with this exit status
//   <!-- not run: WHY -->    the block is not for this machine
//   <!-- quote: FILE -->     the block is this file of the repository, as another test checks
//   <!-- needs: NAME -->     only where COUNTERSIGN_NAME is set, such as the folder of a Keycloak; `no NAME`: not there
//   <!-- run: COMMAND -->    belongs to no block: what the shell does there, such as waiting
// A block of which none of this can be said fails the page: so nothing on a page is there that nobody ran.

import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { makeFolder, program, removeFolder, run } from './processes.mjs';

const root = resolve(import.meta.dirname, '../../..');
const e2e = resolve(import.meta.dirname, '..');

// What readers have on their machine, with the address that it has here.
const addresses = { gateway: '127.0.0.1:8080', metrics: '127.0.0.1:9464', model: '127.0.0.1:8000', issuer: '127.0.0.1:8180' };

// `no NAME`: only where it is not set.
function isHere(need) {
  if (need === undefined) return true;
  const name = need.replace(/^no /, '');
  return Boolean(process.env[`COUNTERSIGN_${name.toUpperCase()}`]) === (name === need);
}

export async function parsePage(path) {
  const lines = (await readFile(join(root, path), 'utf8')).split('\n');
  const steps = [];
  let said = {};
  for (let at = 0; at < lines.length; ++at) {
    const comment = lines[at].match(/^<!-- (file|status|not run|quote|needs|run): (.*?) -->$/);
    if (comment) {
      if (comment[1] !== 'run') said[comment[1]] = comment[2];
      else if (isHere(said.needs)) steps.push({ page: path, line: at + 1, kind: 'run', hidden: true, text: comment[2] });
      continue;
    }
    const fence = lines[at].match(/^```(\w*)$/);
    if (!fence) {
      if (lines[at].trim()) said = {};
      continue;
    }
    const block = { page: path, line: at + 1, language: fence[1], text: '' };
    for (++at; lines[at] !== '```'; ++at) {
      if (lines[at] === undefined) throw new Error(`${path}:${block.line}: the block does not end`);
      block.text += `${lines[at]}\n`;
    }
    const before = steps.at(-1);
    if (said['not run'] || said.quote || !isHere(said.needs)) steps.push({ ...block, kind: 'not run' });
    else if (said.file) steps.push({ ...block, kind: 'file', name: said.file });
    else if (block.language === 'sh') steps.push({ ...block, kind: 'run', status: Number(said.status ?? 0) });
    else if (block.language === 'text' && before?.kind === 'run' && !before.hidden && before.expected === undefined)
      Object.assign(before, { expected: block.text, expectedLine: block.line });
    else throw new Error(`${path}:${block.line}: nothing runs this block`);
    said = {};
  }
  return steps;
}

// What differs from run to run, with the pattern of what may stand there instead.
const varying = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/, '[0-9a-f-]{36}'],
  // An id that was cut to fit the terminal.
  [/\b01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}\b(?!-)/, '01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/, '\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z'],
  [/\b[0-9a-f]{64}\b/, '[0-9a-f]{64}'],
  [/\bcs_[\w-]+(?:…)?/, 'cs_[\\w.-]+'],
  [/\breq_[0-9a-f]{32}/, 'req_[0-9a-f]{32}'],
  [/\b[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/, '[A-Za-z0-9_-]{43}'],
  [/\b[A-Z]{4}-[A-Z]{4}\b/, '[A-Z]{4}-[A-Z]{4}'],  // device codes
  [/\b\d+ ms\b/, '\\d+ ms'],
  [/\b\d+[smhd]\b/, '\\d+[smhd]'],  // ages
  [/\b\d+ (?:lines|checkpoints)\b/, '\\d+ (?:lines|checkpoints)'],
  [/\bcheckpoint \d+:/, 'checkpoint \\d+:'],
  [/\bline \d+:/, 'line \\d+:'],
  [/\(process \d+\)/, '\\(process \\d+\\)'],
  [/…/, '.*'],
  [/ {2,}/, ' {2,}'],
];

function linePattern(line) {
  const any = new RegExp(varying.map(([found]) => `(${found.source})`).join('|'), 'g');
  let pattern = '';
  let from = 0;
  for (const match of line.matchAll(any)) {
    const which = match.slice(1).findIndex((group) => group !== undefined);
    pattern += escape(line.slice(from, match.index));
    pattern += varying[which][1];
    from = match.index + match[0].length;
  }
  return pattern + escape(line.slice(from));
}
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// Whether `output` is what the page says.
export function matches(output, expected) {
  const clean = (text) => text.split('\n').map((line) => line.trimEnd()).join('\n').trim();
  const pattern = clean(expected)
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${linePattern(line)}\\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${clean(output)}\n`);
}

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

// Writes what the steps printed into their pages, where it is not what these say: run it after changing a message.
export async function updatePages(steps) {
  for (const page of new Set(steps.map((step) => step.page))) {
    const lines = (await readFile(join(root, page), 'utf8')).split('\n');
    const changed = steps.filter((step) => step.page === page && step.expected !== undefined && step.output !== undefined);
    for (const { expected, expectedLine, output } of changed.reverse()) {
      if (matches(output, expected)) continue;
      const size = expected.split('\n').length - 1;
      lines.splice(expectedLine, size, ...output.trimEnd().split('\n').map((line) => line.trimEnd()));
    }
    await writeFile(join(root, page), lines.join('\n'));
  }
}

// A reader's machine: a home, the programs, and nothing else that runs.
export class Reader {
  static async start() {
    const reader = new Reader();
    reader.folder = await makeFolder();
    reader.home = join(reader.folder, 'home');
    const bin = join(reader.folder, 'bin');
    await Promise.all([mkdir(reader.home), mkdir(bin)]);
    await symlink(join(e2e, 'node_modules'), join(reader.home, 'node_modules'));
    await symlink(join(root, 'docs'), join(reader.home, 'docs'));
    const keycloak = process.env.COUNTERSIGN_KEYCLOAK;
    if (keycloak) await symlink(resolve(keycloak), join(reader.home, 'keycloak'));
    reader.here = {};
    for (const name of Object.keys(addresses)) reader.here[name] = `127.0.0.1:${await freePort()}`;
    // Where the page takes the default address, here is another.
    const wrapper = `#!/bin/sh
[ "$1" = up ] && set -- "$@" --http ${reader.here.gateway} --metrics ${reader.here.metrics}
exec ${program('countersign')} "$@"
`;
    await writeFile(join(bin, 'countersign'), wrapper);
    await chmod(join(bin, 'countersign'), 0o755);
    reader.path = [bin, join(e2e, '.venv/bin'), dirname(process.execPath), program('').replace(/\/$/, ''), process.env.PATH].join(':');
    return reader;
  }

  localise(text) {
    const port = `--http-port ${addresses.issuer.split(':')[1]}`;
    const ports = (text) => text.replaceAll(port, `--http-port ${this.here.issuer.split(':')[1]}`);
    return Object.keys(addresses).reduce((done, name) => done.replaceAll(addresses[name], this.here[name]), ports(text)).replaceAll('/home/you', this.home);
  }
  asOnThePage(text) {
    const there = Object.keys(addresses).reduce((done, name) => done.replaceAll(this.here[name], addresses[name]), text);
    return there.replaceAll(this.home, '/home/you');
  }

  // Runs the steps in one shell. Each step that ran gets `output`; the one that failed, `failed`.
  async play(steps) {
    const script = ['set -eo pipefail', "trap 'code=$?; kill $(jobs -p) 2>/dev/null || true; exit $code' EXIT"];
    steps.forEach((step, at) => {
      const text = this.localise(step.text).trimEnd();
      const out = join(this.folder, `out.${at}`);
      if (step.kind === 'file') {
        script.push(`mkdir -p "$(dirname '${step.name}')"; cat >'${step.name}' <<'END_OF_FILE'`, text, 'END_OF_FILE');
      } else if (step.kind === 'run') {
        script.push(`echo ${at} >'${this.folder}/at'`);
        if (step.status) script.push('code=0', `{`, text, `} >'${out}' 2>&1 || code=$?`, `[ $code = ${step.status} ]`);
        else script.push('{', text, `} >'${out}' 2>&1`);
      }
    });
    const file = join(this.folder, 'pages.sh');
    await writeFile(file, `${script.join('\n')}\n`);
    const theirs = ['COUNTERSIGN_ADDR', 'COUNTERSIGN_TOKEN', 'COUNTERSIGN_HOME'].flatMap((name) => ['-u', name]);
    const result = await run('env', [...theirs, '-C', this.home, 'bash', file], {
      timeout: 1_200_000,
      env: { HOME: this.home, PATH: this.path, ROOT: root, MODEL_ADDRESS: this.here.model, ISSUER_ADDRESS: this.here.issuer, OUTPUTS: this.folder, NODE_OPTIONS: '--no-warnings', COLUMNS: '100' },
    });
    const last = Number(await readFile(join(this.folder, 'at'), 'utf8').catch(() => -1));
    for (const [at, step] of steps.entries()) {
      if (step.kind !== 'run' || at > last) continue;
      step.output = this.asOnThePage(await readFile(join(this.folder, `out.${at}`), 'utf8').catch(() => ''));
      if (at === last && result.code !== 0) step.failed = `it ended with ${result.code}: ${step.output}${result.stderr}`;
    }
  }

  async stop() {
    await run(program('countersign'), ['down', '--data', join(this.home, 'countersign')]);
    await removeFolder(this.folder);
  }
}
