// The model behind the benchmark: a process of its own that answers KServe V2 over gRPC and chat completions over HTTP/1.1.
// Prints its two ports, and tells its parent when a call of the model `silent` begins and when it is cancelled.

import http from 'node:http';
import http2 from 'node:http2';
import { frame, inferResponse, streamResponse } from './messages.mjs';

const text = 'The quick brown fox jumps over the lazy dog near the river bank. '.repeat(8);
const infer = frame(inferResponse('m', text));
const piece = frame(streamResponse(inferResponse('m', 'some words ')));
const chat = JSON.stringify({
  id: 'chatcmpl-1', object: 'chat.completion', created: 1700000000, model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 100, total_tokens: 110 },
});

const grpc = http2.createServer({ maxSessionMemory: 1000 });
grpc.on('stream', (stream, headers) => {
  const received = [];
  stream.on('error', () => {});
  stream.on('data', (bytes) => received.push(bytes));
  stream.on('end', () => {
    const asked = Buffer.concat(received).toString('latin1');
    if (asked.includes('silent')) {
      const id = /silent-(\d+)/.exec(asked)?.[1];
      stream.on('close', () => process.send({ closed: id, at: process.hrtime.bigint().toString() }));
      process.send({ begun: id });
      return;
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    if (headers[':path'].endsWith('/ModelInfer')) return stream.end(infer);
    const [, count, every] = /pieces-(\d+)-(\d+)/.exec(asked) ?? [null, '100', '0'];
    sendPieces(stream, Number(count), Number(every));
  });
});

// `count` messages, one every `every` milliseconds; 0: as fast as they are taken.
function sendPieces(stream, count, every) {
  let left = count;
  const send = () => {
    while (left > 0) {
      --left;
      const room = stream.write(piece);
      if (every > 0) return setTimeout(send, every);
      if (!room) return stream.once('drain', send);
    }
    stream.end();
  };
  send();
}

const plain = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(chat));
});
plain.keepAliveTimeout = 600_000;

grpc.listen(0, '127.0.0.1', () =>
  plain.listen(0, '127.0.0.1', () => process.send({ grpc: grpc.address().port, http: plain.address().port })),
);
process.on('disconnect', () => process.exit());
