// `countersign up` with TLS: its own certificate and a given one, both protocols, replaced files, the command line over
// https, and what --print-config says.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import https from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import YAML from 'yaml';
import { resources } from '../harness/gateway.mjs';
import { eventually, makeFolder, program, removeFolder, run, startDemoModel } from '../harness/processes.mjs';

let folder, data, model;
const cli = (args, options) =>
  run(program('countersign'), args, { ...options, env: { COUNTERSIGN_HOME: join(folder, 'cli'), ...options?.env } });
const up = (...more) => cli(['up', '--data', data, '--http', '127.0.0.1:0', '--metrics', '127.0.0.1:0', ...more]);
const down = () => cli(['down', '--data', data]);
const addresses = async () => JSON.parse(await readFile(join(data, 'addresses.json'), 'utf8'));
const fingerprint = (url, ca) =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port, ca, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.end();
    });
    socket.on('error', reject);
  });

async function makeCertificate(name) {
  const files = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const made = await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', files.key, '-out', files.certificate,
  ]);
  assert.equal(made.code, 0, made.stderr);
  return files;
}

before(async () => {
  folder = await makeFolder();
  data = join(folder, 'data');
  model = await startDemoModel();
});
after(async () => {
  await down();
  await model?.stop();
  await removeFolder(folder);
});

test('--print-config says what it would run with, as YAML, and changes nothing', async () => {
  const { code, stdout, stderr } = await up('--tls-self-signed', '--print-config');
  assert.equal(code, 0, stderr);
  const said = YAML.parse(stdout);
  assert.deepEqual(said.options.http, { value: '127.0.0.1:0', from: '--http' });
  assert.deepEqual(said.options.detach, { value: false, from: 'default' });
  assert.equal(said.parts.edge.listen[0].certificate, join(data, 'tls.crt'));
  assert.equal(said.parts.edge.timeouts.firstByte, '10m');
  await assert.rejects(stat(data), { code: 'ENOENT' });
});

test('half a certificate, or two, is misuse; one that cannot be used is refused before anything starts', async () => {
  const { certificate, key } = await makeCertificate('first');
  assert.equal((await up('--tls-cert', certificate)).code, 2);
  assert.equal((await up('--tls-cert', certificate, '--tls-key', key, '--tls-self-signed')).code, 2);
  const { code, stderr } = await up('--tls-cert', certificate, '--tls-key', certificate);
  assert.equal(code, 1);
  assert.match(stderr, /--tls-cert: .*first\.crt/);
  await assert.rejects(stat(join(data, 'pg')), { code: 'ENOENT' });
});

test('its own certificate: made once, named in addresses.json, used by the command line and by callers', async () => {
  const started = await up('--tls-self-signed', '--detach');
  assert.equal(started.code, 0, started.stderr);
  assert.match(started.stdout, /^gateway {3}https:\/\/127\.0\.0\.1:\d+$/m);
  assert.match(started.stdout, new RegExp(`^trust {5}${join(data, 'tls.crt')} \\(--ca-file\\)$`, 'm'));
  const { http, url, caFile } = await addresses();
  assert.equal(url, `https://${http}`);
  assert.equal(caFile, join(data, 'tls.crt'));

  const admin = ['--addr', url, '--ca-file', caFile, '--token-file', join(data, 'admin.key')];
  const file = join(folder, 'resources.yaml');
  await writeFile(file, resources(model.url));
  assert.equal((await cli([...admin, 'apply', '-f', file])).code, 0);
  const { stdout } = await cli([...admin, 'keys', 'create', 'ci-bot', '-o', 'json']);
  const { key } = JSON.parse(stdout);

  const ca = await readFile(caFile);
  const body = JSON.stringify({ model: 'demo-1', messages: [{ role: 'user', content: 'hello' }] });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const request = https.request(`${url}/v1/chat/completions`, { method: 'POST', ca, headers, agent: false }).end(body);
  const [response] = await once(request, 'response');
  assert.equal(response.statusCode, 200);
  assert.equal(response.httpVersion, '1.1');
  response.resume();
  const connection = http2.connect(url, { ca });
  await once(connection, 'connect');
  assert.equal(connection.alpnProtocol, 'h2');
  connection.close();
});

test('who does not trust it, or forgets the scheme, is told what to do', async () => {
  const { http, url } = await addresses();
  const distrusted = await cli(['--addr', url, 'whoami']);
  assert.equal(distrusted.code, 1);
  assert.match(distrusted.stderr, /self-signed certificate\); trust it with --ca-file FILE/);
  const plain = await cli(['--addr', http, 'whoami']);
  assert.match(plain.stderr, new RegExp(`its address is ${url}`));
});

test('a later start has the same certificate', async () => {
  const before = await fingerprint((await addresses()).url);
  assert.equal((await down()).code, 0);
  const started = await up('--tls-self-signed', '--detach');
  assert.equal(started.code, 0, started.stderr);
  assert.equal(started.stderr, '');
  assert.equal(await fingerprint((await addresses()).url), before);
  assert.equal((await down()).code, 0);
});

test('a given certificate is served, and a new one once its files have changed', async () => {
  const first = await makeCertificate('served');
  const second = await makeCertificate('renewed');
  const started = await up('--tls-cert', first.certificate, '--tls-key', first.key, '--detach');
  assert.equal(started.code, 0, started.stderr);
  const { url, caFile } = await addresses();
  assert.equal(caFile, undefined);
  const before = await fingerprint(url);
  await copyFile(second.certificate, first.certificate);
  await copyFile(second.key, first.key);
  await eventually('the new certificate is served', async () => (await fingerprint(url)) !== before);
  assert.equal((await cli(['--addr', url, '--ca-file', second.certificate, '--token-file', join(data, 'admin.key'), 'whoami'])).code, 0);
  assert.equal((await down()).code, 0);
});

test('plain HTTP is warned of where others can listen, and https to it is explained', async () => {
  const quiet = await up('--detach');
  assert.equal(quiet.stderr, '');
  const { http, url } = await addresses();
  assert.equal(url, `http://${http}`);
  assert.match((await cli(['--addr', `https://${http}`, 'whoami'])).stderr, new RegExp(`it serves no TLS: its address is http://${http}`));
  assert.equal((await down()).code, 0);
  const open = await cli(['up', '--data', data, '--http', '0.0.0.0:0', '--metrics', 'off', '--detach']);
  assert.equal(open.code, 0, open.stderr);
  assert.match(open.stderr, /^countersign: serving plain HTTP on 0\.0\.0\.0:0: /m);
  assert.match((await addresses()).url, /^http:\/\/127\.0\.0\.1:\d+$/);
});
