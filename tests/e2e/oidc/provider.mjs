// A certified OpenID provider on loopback that issues JWT access tokens: to a program by client credentials, and to people
// through the public client `people`, by device code or in a browser, under the name that they type.
//   node provider.mjs [--port 0]
// prints one line of JSON {issuer, clientId, clientSecret, audience} and serves until its standard input ends. The
// resource indicator `https://resource.test/ALG` chooses the algorithm of the token, `…/ALG/AUDIENCE` its audience too.
// `POST /test/rotate` replaces the signing keys, as an operator would; the old ones are not published any more.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import Provider from 'oidc-provider';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const client = { id: 'batch-job', secret: randomUUID(), audience: 'countersign' };
const resources = 'https://resource.test/';

function signingKeys() {
  const jwk = (type, options, alg) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
    kid: `${alg}-${randomUUID()}`,
    use: 'sig',
    alg,
  });
  return [
    jwk('rsa', { modulusLength: 2048 }, 'RS256'),
    jwk('rsa', { modulusLength: 2048 }, 'PS256'),
    jwk('ec', { namedCurve: 'P-256' }, 'ES256'),
    jwk('ed25519', {}, 'EdDSA'),
  ];
}

const configuration = () => ({
  clients: [
    {
      client_id: client.id,
      client_secret: client.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
    {
      client_id: 'people',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: ['http://127.0.0.1/callback'],
      response_types: ['code'],
    },
  ],
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  scopes: ['openid', 'call'],
  // As most issuers do for a native application, without asking for consent each time.
  issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
  jwks: { keys: signingKeys() },
  extraTokenClaims: () => ({ groups: ['batch', 'nightly'], department: 'research' }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => `${resources}RS256`,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, resource) => {
        const [alg, audience = client.audience] = resource.slice(resources.length).split('/');
        return { scope: 'call', audience, accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg } } };
      },
    },
  },
});

// Its notices about a development issuer do not belong among the tests' output.
console.info = console.warn = () => {};

const server = createServer();
server.listen(Number(values.port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  let provider = new Provider(issuer, configuration()).callback();
  server.on('request', (request, response) => {
    if (request.method === 'POST' && request.url === '/test/rotate') {
      provider = new Provider(issuer, configuration()).callback();
      response.end('rotated');
      return;
    }
    provider(request, response);
  });
  const { id: clientId, secret: clientSecret, audience } = client;
  process.stdout.write(`${JSON.stringify({ issuer, clientId, clientSecret, audience })}\n`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
