// SQL as the superuser of a gateway's database, whom no trigger stops.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './processes.mjs';

export async function superuser(gateway, sql) {
  let place;
  const env = {};
  if (gateway.shape === 'standalone') {
    const note = join(gateway.process.data, 'pg/socket.folder');
    const socket = await readFile(note, 'utf8').then((text) => text.trim(), () => join(gateway.process.data, 'pg/socket'));
    place = ['-h', socket, '-U', 'countersign', '-d', 'postgres'];
  } else {
    const socket = (await readFile(join(gateway.process.dir, 'run/postgres.socket'), 'utf8')).trim();
    place = ['-h', socket, '-U', 'postgres', '-d', 'postgres'];
    env.PGPASSWORD = (await readFile(join(gateway.process.dir, 'postgres.password'), 'utf8')).trim();
  }
  const { code, stdout, stderr } = await run(
    'psql',
    ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', ...place, '-c', `SET session_replication_role = replica; ${sql}`],
    { env },
  );
  assert.equal(code, 0, stderr);
  return stdout.trim();
}
