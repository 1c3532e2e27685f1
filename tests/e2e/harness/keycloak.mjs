// Answers as a Keycloak 26 with the realm of docs/oidc.md does, for the tests: one user, who signs in with a device code,
// one service account, tokens with the claims that a real one wrote. With COUNTERSIGN_KEYCLOAK=FOLDER the page is played with the real one instead.
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
// One sign-in by device code, with the pages of a real one: who signs in, and whether this device may be them.
const device = 'urn:ietf:params:oauth:grant-type:';
const deviceCode = randomUUID();
let granted = false;
const page = (fields) => `<html><form method="post" action="${realm}/device">${fields}</form></html>`;
function showDevice(form) {
  if (form.get('accept') === 'Yes') {
    granted = true;
    return '<html>Device Login Successful</html>';
  }
  if (form.get('username') === 'rosa' && form.get('password') === 'rosa')
    return page('<input type="submit" name="accept" value="Yes"><input type="submit" name="cancel" value="No">');
  return page('<input name="username"><input name="password" type="password"><button name="login" type="submit">');
}

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
  if (is({ grant_type: `${device}device_code`, client_id: 'people', device_code: deviceCode })) return granted ? person : 'authorization_pending';
  if (is({ grant_type: 'client_credentials', client_id: 'nightly-job', client_secret: 'nightly-secret' })) return program;
  return undefined;
}

async function readForm(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return new URLSearchParams(body);
}

createServer(async (request, response) => {
  const send = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const path = request.url.replace('/realms/corp', '');
  if (path === '/.well-known/openid-configuration') {
    const endpoint = (name) => `${realm}/protocol/openid-connect/${name}`;
    send(200, {
      issuer: realm,
      jwks_uri: endpoint('certs'),
      token_endpoint: endpoint('token'),
      device_authorization_endpoint: endpoint('auth/device'),
    });
  } else if (path === '/protocol/openid-connect/certs') {
    send(200, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] });
  } else if (path === '/protocol/openid-connect/auth/device' && request.method === 'POST') {
    const uri = `${realm}/device`;
    const code = 'WDJB-MJHT';
    const where = { verification_uri: uri, verification_uri_complete: `${uri}?user_code=${code}` };
    send(200, { device_code: deviceCode, user_code: code, ...where, expires_in: 600, interval: 1 });
  } else if (path.startsWith('/device')) {
    response.writeHead(200, { 'content-type': 'text/html' }).end(showDevice(await readForm(request)));
  } else if (path === '/protocol/openid-connect/token' && request.method === 'POST') {
    const claims = grant(await readForm(request));
    if (typeof claims === 'string') send(400, { error: claims });
    else if (claims) send(200, { access_token: sign(claims), expires_in: 300, token_type: 'Bearer' });
    else send(401, { error: 'invalid_grant' });
  } else {
    send(404, { error: 'not found' });
  }
}).listen(Number(values.port), '127.0.0.1');
