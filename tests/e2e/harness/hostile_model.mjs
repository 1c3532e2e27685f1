// A model whose every byte a test decides: what no well-behaved server would send.

import http from 'node:http';
import { once } from 'node:events';

const head = '"id":"c-1","object":"chat.completion.chunk","created":1,"model":"demo-1"';
const event = (choice) => `data: {${head},"choices":[${choice}]}\n\n`;
// `members` are JSON: a test spells them as it wants.
export const delta = (members, index = 0) => event(`{"index":${index},"delta":${members},"finish_reason":null}`);
export const content = (text, index = 0) => delta(`{"content":${JSON.stringify(text)}}`, index);
const call = (members) => delta(`{"tool_calls":[{"index":0,${members}}]}`);
export const firstCall = call('"id":"call_1","type":"function","function":{"name":"send","arguments":""}');
export const argument = (text) => call(`"function":{"arguments":${JSON.stringify(text)}}`);
export const finished = (reason = 'stop', index = 0) =>
  event(`{"index":${index},"delta":{},"finish_reason":"${reason}"}`);
export const done = 'data: [DONE]\n\n';

// Answers a prompt `play NAME` as the script of that name does: `script(response, request, body)`, with a response
// whose head is not yet sent. `script` may await; what it throws cuts the connection.
export async function startHostileModel() {
  const scripts = new Map();
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const name = JSON.parse(body.replace(/^\ufeff/, '')).messages.at(-1).content.replace('play ', '');
    response.socket.setNoDelay(true);
    try {
      await scripts.get(name)(response, request, body);
    } catch {
      response.destroy();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let plays = 0;
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    // Gives the prompt that plays `script`.
    play(script) {
      const name = `piece ${++plays}`;
      scripts.set(name, script);
      return `play ${name}`;
    },
    // A stream that comes in these writes.
    stream(writes) {
      return this.play(async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const write of writes) {
          if (!response.write(write)) await once(response, 'drain');
        }
        response.end();
      });
    },
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

// `bytes` in pieces of the sizes that `next` gives.
export function cut(bytes, next) {
  const buffer = Buffer.from(bytes);
  const pieces = [];
  for (let at = 0; at < buffer.length; ) {
    const size = next();
    pieces.push(buffer.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
