// A server of KServe's V2 protocol over REST, like Triton's: JSON and binary data, and the generate extension.
//
// Models: `echo` answers each input as an output of the same form; `pieces` answers a generate_stream with the text cut
// before byte `cut` of the event stream; `slow` waits until it is cancelled; `fails` and `refuses` answer with a status;
// `dies` breaks off within its answer; `large` answers with as many bytes as `size` says.

import http from 'node:http';

const kHeadSize = 'inference-header-content-length';

// The elements of a raw buffer of BYTES.
export function unpack(buffer) {
  const elements = [];
  for (let at = 0; at < buffer.length; at += 4 + buffer.readUInt32LE(at)) {
    elements.push(buffer.subarray(at + 4, at + 4 + buffer.readUInt32LE(at)).toString());
  }
  return elements;
}

export const pack = (texts) =>
  Buffer.concat(texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    return [size, bytes];
  }));

// A body of JSON, and of the binary data of the tensors that have it.
export function readBody(headers, body) {
  const size = Number(headers[kHeadSize] ?? body.length);
  const json = body.length === 0 ? {} : JSON.parse(body.subarray(0, size));
  let at = size;
  const texts = {};
  for (const tensor of json.inputs ?? json.outputs ?? []) {
    const bytes = tensor.parameters?.binary_data_size;
    const raw = bytes === undefined ? undefined : body.subarray(at, (at += bytes));
    if (tensor.datatype === 'BYTES') texts[tensor.name] = raw ? unpack(raw) : tensor.data;
  }
  if (at !== body.length) throw new Error(`${body.length - at} bytes of binary data belong to no tensor`);
  return { json, binary: body.subarray(size), texts };
}

// A body and its headers: `tensors` is {name: [text]}, in JSON or as binary data.
export function writeBody(tensors, { binary, list = 'inputs', more = {} } = {}) {
  const packed = Object.values(tensors).map(pack);
  const described = Object.entries(tensors).map(([name, texts], i) => ({
    name, datatype: 'BYTES', shape: [texts.length],
    ...(binary ? { parameters: { binary_data_size: packed[i].length } } : { data: texts }),
  }));
  const json = Buffer.from(JSON.stringify({ ...more, [list]: described }));
  if (!binary) return { body: json, headers: { 'content-type': 'application/json' } };
  return {
    body: Buffer.concat([json, ...packed]),
    headers: { 'content-type': 'application/octet-stream', [kHeadSize]: String(json.length) },
  };
}

function stream(response, { text_input: text, parameters }) {
  const pieces = text.match(/.{1,3}/gs) ?? [];
  const events = pieces.map((piece) => `data: ${JSON.stringify({ model_name: 'pieces', model_version: '1', text_output: piece })}\n\n`);
  const bytes = Buffer.from(events.join(''));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const cut = parameters?.cut ?? bytes.length;
  response.write(bytes.subarray(0, cut), () => setImmediate(() => response.end(bytes.subarray(cut))));
}

// `url`, and `log`: what it received, an entry per request.
export async function startKserveRestServer() {
  const log = [];
  const json = (response, status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  function answer(request, response, body) {
    const [, , , model, action] = request.url.split('/');
    const read = readBody(request.headers, body);
    const entry = { url: request.url, headers: request.headers, json: read.json, texts: read.texts };
    log.push(entry);
    if (request.url === '/v2/health/ready') return response.writeHead(400).end();
    if (request.url.startsWith('/v2/health')) return response.writeHead(200).end();
    if (request.url === '/v2') return json(response, 200, { name: 'triton', version: '2.1', extensions: ['for ada@example.com'] });
    if (action === undefined) return json(response, 200, { name: model, versions: ['1'], platform: 'for ada@example.com', inputs: [], outputs: [] });
    if (model === 'fails') return json(response, 400, { error: 'no such thing as ada@example.com' });
    if (model === 'refuses') return json(response, 401, { error: 'who are you?' });
    if (model === 'slow') return response.on('close', () => (entry.cancelled = true));
    if (model === 'large') return json(response, 200, { model_name: model, outputs: [{ name: 't', datatype: 'BYTES', shape: [1], data: ['x'.repeat(read.json.parameters.size)] }] });
    if (model === 'dies') {
      response.writeHead(200, { 'content-type': action === 'infer' ? 'application/json' : 'text/event-stream' });
      return response.write('data: {"model_name":"dies","text_output":"ab"}\n\n', () => request.socket.destroy());
    }
    if (action === 'generate_stream') return stream(response, read.json);
    if (action === 'generate') return json(response, 200, { model_name: model, text_output: read.json.text_input });
    const { parameters, inputs, ...more } = read.json;
    const head = Buffer.from(JSON.stringify({ model_name: model, model_version: '1', id: more.id, outputs: inputs }));
    const coded = read.binary.length ? { [kHeadSize]: String(head.length) } : {};
    response.writeHead(200, { 'content-type': read.binary.length ? 'application/octet-stream' : 'application/json', ...coded });
    response.end(Buffer.concat([head, read.binary]));
  }

  const server = http.createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      try {
        answer(request, response, Buffer.concat(pieces));
      } catch (error) {
        json(response, 500, { error: `the test's server: ${error.message}` });
      }
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    log,
    stop: () => new Promise((done) => (server.closeAllConnections(), server.close(done))),
  };
}
