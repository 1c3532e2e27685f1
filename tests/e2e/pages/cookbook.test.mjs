// The recipes of docs/policy-cookbook.md: the page quotes the files, and the cases of each pass.
//   COUNTERSIGN_PAGES_UPDATE=1   writes the files' content into the page

import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { program, run } from '../harness/processes.mjs';

const root = resolve(import.meta.dirname, '../../..');
const folder = join(root, 'docs/policy-cookbook');
const page = join(root, 'docs/policy-cookbook.md');
const yaml = async (path) => (await readdir(path)).filter((name) => name.endsWith('.yaml')).sort();
const recipes = await yaml(folder);

test('the page quotes every recipe as it is', async () => {
  const text = await readFile(page, 'utf8');
  const quote = /^<!-- quote: (\S+) -->\n```yaml\n(.*?)^```$/gms;
  const quoted = [...text.matchAll(quote)].map(([, path]) => path);
  assert.deepEqual(quoted.sort(), recipes.map((name) => `docs/policy-cookbook/${name}`));
  const files = new Map(await Promise.all(quoted.map(async (path) => [path, await readFile(join(root, path), 'utf8')])));
  const right = text.replace(quote, (_, path) => `<!-- quote: ${path} -->\n\`\`\`yaml\n${files.get(path)}\`\`\``);
  if (process.env.COUNTERSIGN_PAGES_UPDATE) await writeFile(page, right);
  else assert.equal(text, right);
});

test('there are twenty, each with its cases', async () => {
  assert.ok(recipes.length >= 20);
  const tests = await yaml(join(folder, 'tests'));
  assert.deepEqual(tests.filter((name) => name !== 'base.yaml' && name !== 'otherwise.yaml'), recipes);
});

test('each can be applied', async () => {
  const { code, stderr } = await run(program('countersign'), ['validate', '--partial', '-f', folder]);
  assert.equal(code, 0, stderr);
});

for (const name of recipes) {
  test(name, async () => {
    const { code, stdout, stderr } = await run(program('countersign'), ['policy', 'test', join(folder, 'tests', name)]);
    assert.equal(code, 0, stdout + stderr);
  });
}
