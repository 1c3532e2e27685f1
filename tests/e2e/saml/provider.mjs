// A SAML identity provider on loopback: npm samlp, with a key of its own. It signs in whom the test names
// (identity-provider initiated) and serves its metadata.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import samlp from 'samlp';

export function makeKey() {
  const folder = mkdtempSync(join(tmpdir(), 'cs-saml-'));
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', files.key, '-out', files.cert,
    '-days', '1', '-subj', '/CN=idp'], { stdio: 'ignore' });
  const pair = { key: readFileSync(files.key, 'utf8'), cert: readFileSync(files.cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}

// What samlp asks about a user, who is {id, groups, name}.
function Profile(user) {
  this.getClaims = () => ({ groups: user.groups, displayName: user.name ?? user.id });
  this.getNameIdentifier = () => ({
    nameIdentifier: user.id,
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  });
}
Profile.prototype.metadata = [];
const profileMapper = (user) => new Profile(user);
profileMapper.prototype = Profile.prototype;

export async function startSamlProvider({ audience, recipient }) {
  let pair = makeKey();
  let issuer;
  const options = (more = {}) => ({
    issuer, ...pair, audience, recipient, destination: recipient, profileMapper, lifetimeInSeconds: 300, signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256', authnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    ...more,
  });
  const server = createServer((request, response) => {
    const serve = samlp.metadata({
      ...options(), redirectEndpointPath: '/sso', postEndpointPath: '/sso', logoutEndpointPaths: {},
    });
    response.set = (name, value) => response.setHeader(name, value);
    response.send = (body) => response.end(body);
    request.get = request.header = (name) => request.headers[name.toLowerCase()];
    request.headers['x-forwarded-host'] ??= request.headers.host;
    serve({ ...request, headers: request.headers, protocol: 'http', get: request.get, connection: request.socket,
      query: {}, url: request.url, originalUrl: request.url }, response);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = `http://127.0.0.1:${server.address().port}`;
  issuer = `${origin}/idp`;
  return {
    get issuer() {
      return issuer;
    },
    get cert() {
      return pair.cert;
    },
    metadataUrl: `${origin}/metadata`,
    metadata: async () => (await fetch(`${origin}/metadata`)).text(),
    rotate: () => (pair = makeKey()),
    // The SAMLResponse that the provider would post for `user`, in base64.
    signIn: (user, more = {}) =>
      new Promise((resolve, reject) => {
        const sign = samlp.auth({
          ...options(more),
          getUserFromRequest: () => user,
          getPostURL: (to, dom, request, done) => done(null, recipient),
          responseHandler: (answer) => resolve(answer.toString('base64')),
        });
        sign({ method: 'GET', query: {}, body: {} }, {}, reject);
      }),
    stop: () => server.close(),
  };
}
