// Answers as a Keycloak 26 with the realm of docs/oidc.md does, for the tests: one user, one service account, tokens
// with the claims that a real one wrote. With COUNTERSIGN_KEYCLOAK=FOLDER the page is played with the real one instead.
//   node keycloak.mjs --port 8180

import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { port: { type: 'string' } } });
const realm = `http://127.0.0.1:${values.port}/realms/corp`;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const kid = randomUUID();

const person = {
  sub: randomUUID(),
  azp: 'people',
  sid: randomUUID(),
  scope: 'profile countersign email',
  email_verified: true,
  name: 'Rosa Reyes',
  groups: ['security'],
  preferred_username: 'rosa',
  given_name: 'Rosa',
  family_name: 'Reyes',
  email: 'rosa@corp.test',
};
const program = {
  sub: randomUUID(),
  azp: 'nightly-job',
  scope: 'countersign',
  clientHost: '127.0.0.1',
  clientAddress: '127.0.0.1',
  client_id: 'nightly-job',
};

function sign(claims) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const common = { exp: now + 300, iat: now, jti: randomUUID(), iss: realm, aud: 'countersign', typ: 'Bearer' };
  const text = `${encode({ alg: 'RS256', typ: 'JWT', kid })}.${encode({ ...common, ...claims })}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
}

function grant(form) {
  const is = (expected) => Object.entries(expected).every(([name, value]) => form.get(name) === value);
  if (is({ grant_type: 'password', client_id: 'people', username: 'rosa', password: 'rosa' })) return person;
  if (is({ grant_type: 'client_credentials', client_id: 'nightly-job', client_secret: 'nightly-secret' })) return program;
  return undefined;
}

createServer(async (request, response) => {
  const send = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const path = request.url.replace('/realms/corp', '');
  if (path === '/.well-known/openid-configuration') {
    send(200, { issuer: realm, jwks_uri: `${realm}/protocol/openid-connect/certs` });
  } else if (path === '/protocol/openid-connect/certs') {
    send(200, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] });
  } else if (path === '/protocol/openid-connect/token' && request.method === 'POST') {
    let body = '';
    for await (const chunk of request) body += chunk;
    const claims = grant(new URLSearchParams(body));
    if (claims) send(200, { access_token: sign(claims), expires_in: 300, token_type: 'Bearer' });
    else send(401, { error: 'invalid_grant' });
  } else {
    send(404, { error: 'not found' });
  }
}).listen(Number(values.port), '127.0.0.1');
