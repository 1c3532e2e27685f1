// The model behind the gateway, and the log of what reached it: it keeps every byte of every request, even if the
// connection breaks. Its answers contain text that must be masked, cut into pieces.

import { once } from 'node:events';
import http from 'node:http';

export const canary = '4111 1111 1111 1111';
export const credential = 'fault-run-upstream-secret';
const pieces = ['Your card ', '4111 1', '111 11', '11 1111', ' belongs to ', 'PRJ-', '1234', ' and to no', ' one else.'];

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
const chunk = (choice) =>
  `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'demo-1', choices: [choice] })}\n\n`;
const delta = (members) => chunk({ index: 0, delta: members, finish_reason: null });

function whole() {
  const message = { role: 'assistant', content: pieces.join('') };
  return JSON.stringify({
    id: 'c-1',
    object: 'chat.completion',
    created: 1,
    model: 'demo-1',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 4, completion_tokens: 9, total_tokens: 13 },
  });
}

const events = () => [
  delta({ role: 'assistant', content: '' }),
  ...pieces.map((content) => delta({ content })),
  chunk({ index: 0, delta: {}, finish_reason: 'stop' }),
  'data: [DONE]\n\n',
];

async function answerStream(response, mode) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const [n, event] of events().entries()) {
    if (mode === 'breaks off' && n === 5) return response.destroy();
    if (mode === 'silent' && n === 5) return;
    if (mode === 'slices') {
      for (const byte of Buffer.from(event)) response.write(Buffer.from([byte]));
    } else {
      response.write(event);
    }
    await pause(mode === 'slow' ? 150 : 10);
  }
  response.end();
}

// `mode` of the started model: 'well', or the way it fails. `received`: {at, body, complete, authorization}.
export async function startModel() {
  const model = { mode: 'well', received: [] };
  const server = http.createServer(async (request, response) => {
    const entry = { at: Date.now(), body: '', complete: false, authorization: request.headers.authorization };
    model.received.push(entry);
    response.on('error', () => {});
    try {
      for await (const piece of request) entry.body += piece;
      entry.complete = true;
      const { mode } = model;
      if (mode === 'resets') return request.socket.resetAndDestroy();
      const { stream } = JSON.parse(entry.body);
      if (stream) return await answerStream(response, mode);
      if (mode === 'silent') return;
      response.writeHead(200, { 'content-type': 'application/json' });
      if (mode === 'breaks off') return response.write(whole().slice(0, 80), () => response.destroy());
      response.end(whole());
    } catch {
      response.destroy();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  model.url = `http://127.0.0.1:${server.address().port}`;
  // Ends hanging connections, as a restart of the model by its operator would.
  model.dropConnections = () => server.closeAllConnections();
  model.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return model;
}
