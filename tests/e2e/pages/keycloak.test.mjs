// The first hour with a real Keycloak: from a bare machine to a call of a program that Keycloak knows, approved by a
// person who signs in there, masked, recorded, exported and verified. The pages are its transcript.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { playPages } from './play.mjs';

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
process.env.COUNTERSIGN_KEYCLOAK ??= join(cache, 'countersign/keycloak-26.7.3');

if (existsSync(join(process.env.COUNTERSIGN_KEYCLOAK, 'bin/kc.sh'))) await playPages(['getting-started', 'oidc']);
else test('with a real Keycloak', { skip: 'scripts/install-keycloak could not fetch one' }, () => {});
