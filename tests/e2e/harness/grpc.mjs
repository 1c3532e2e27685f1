// A gRPC client of the services in proto/, with the official package for Node.

import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../../proto');
const files = ['countersign/approval/v1/approval.proto', 'countersign/authn/v1/authn.proto',
  'countersign/inference/v1/inference.proto', 'countersign/policy/v1/policy.proto', 'countersign/recorder/v1/recorder.proto', 'grpc/health/v1/health.proto',
  'google/rpc/status.proto', 'google/rpc/error_details.proto'];
const definitions = protoLoader.loadSync(files, { includeDirs: [root], keepCase: true, defaults: true, enums: String, longs: String, oneofs: true });
const types = grpc.loadPackageDefinition(definitions);

// A client of a service in a file of tests/e2e/protos.
export function connectTo(address, file, service) {
  const loaded = protoLoader.loadSync(file, { includeDirs: [resolve(import.meta.dirname, '../protos')], keepCase: true, defaults: true });
  const type = service.split('.').reduce((from, part) => from[part], grpc.loadPackageDefinition(loaded));
  return new type(address, grpc.credentials.createInsecure());
}

// The class of "countersign.authn.v1.KeyService".
const find = (name) => name.split('.').reduce((from, part) => from[part], types);

export function connect(address, service, options = {}) {
  return new (find(service))(address, grpc.credentials.createInsecure(), options);
}

// The message of an Any by its type; undefined for types that are not loaded.
function unpack({ type_url: url, value }) {
  const type = definitions[url.split('/')[1]];
  return type && { type: url.split('.').at(-1), ...type.deserialize(value) };
}

// What an error says, with its details by type.
export function explain(error) {
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  const status = bytes && definitions['google.rpc.Status'].deserialize(bytes);
  const details = Object.fromEntries((status?.details ?? []).map(unpack).filter(Boolean).map((one) => [one.type, one]));
  return { code: grpc.status[error.code], message: error.details, status, details };
}

// One unary call: { value } or { error }, and the metadata that came.
export function call(client, method, request, { token, ...options } = {}) {
  const metadata = new grpc.Metadata();
  if (token) metadata.set('authorization', `Bearer ${token}`);
  return new Promise((done) => {
    client[method](request, metadata, options, (error, value) => done(error ? { error: explain(error) } : { value }));
  });
}

// A stream: `next()` gives the next message, or { end } with what explain says (code OK at a good end), `all()` what is
// left of it. `request` is the only one, or absent where the requests are a stream, too: `send` and `close` are for those.
export function stream(client, method, request, { token, headers = {}, ...options } = {}) {
  const metadata = new grpc.Metadata();
  if (token) metadata.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const answer = request ? client[method](request, metadata, options) : client[method](metadata, options);
  const queue = [];
  let waiting;
  const put = (one) => (waiting ? waiting(one) : queue.push(one));
  answer.on('data', (message) => put({ message }));
  answer.on('error', () => {});
  answer.on('status', (status) => put({ end: explain(status) }));
  const next = () =>
    queue.length > 0
      ? Promise.resolve(queue.shift())
      : new Promise((done) => (waiting = (one) => ((waiting = undefined), done(one))));
  const all = async () => {
    const messages = [];
    for (;;) {
      const { message, end } = await next();
      if (end) return { messages, end };
      messages.push(message);
    }
  };
  return {
    next,
    all,
    send: (message) => answer.write(message),
    close: () => answer.end(),
    cancel: () => answer.cancel(),
  };
}
