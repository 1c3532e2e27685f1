// Plays Rosa of docs/oidc.md, who signs in where the command line says so.
//   node person.mjs FOLDER     FOLDER has what the blocks of the page print, as it comes

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signIn } from './browser.mjs';

const folder = process.argv[2];
const deadline = Date.now() + 120_000;
while (Date.now() < deadline) {
  for (const name of (await readdir(folder)).filter((name) => name.startsWith('out.'))) {
    const url = (await readFile(join(folder, name), 'utf8')).match(/^or open (\S+)\nWaiting/m)?.[1];
    if (!url) continue;
    await signIn(url, { username: 'rosa', password: 'rosa' });
    process.exit(0);
  }
  await new Promise((resume) => setTimeout(resume, 50));
}
throw new Error('nobody asked to sign in');
