// A stand-in for Presidio's analyzer that takes what its API takes, and nothing else: it finds the given names.

import { createServer } from 'node:http';

export async function startFakePresidio(names) {
  const state = { mode: 'answer', asked: [] };
  const find = (text) =>
    names.flatMap((name) => {
      const at = text.indexOf(name);
      // Offsets count code points, as in Python.
      const start = [...text.slice(0, at)].length;
      const result = { entity_type: 'PERSON', start, end: start + [...name].length, score: 0.85 };
      return at < 0 ? [] : [{ ...result, analysis_explanation: null }];
    });
  const refuse = (request, body) => {
    if (request.method !== 'POST' || request.url !== '/analyze') return 'no such path';
    if (request.headers['content-type'] !== 'application/json') return 'no JSON';
    const asked = JSON.parse(body);
    if (!Array.isArray(asked.text) || asked.text.some((text) => typeof text !== 'string' || text === '')) return 'text';
    if (asked.language !== 'en') return 'language';
    if (JSON.stringify(asked.entities) !== '["PERSON"]') return 'entities';
    if (Object.keys(asked).length !== 3) return 'more than it knows';
    return undefined;
  };
  const server = createServer(async (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    for await (const chunk of request) body += chunk;
    const refusal = refuse(request, body);
    const say = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    if (refusal) return say(500, { error: refusal });
    const { text } = JSON.parse(body);
    state.asked.push(...text);
    if (state.mode === 'fail') return say(500, { error: 'failed' });
    if (state.mode === 'rubbish') return say(200, text.map(() => [{ entity_type: 'PERSON', start: 0, end: 9999, score: 1 }]));
    if (state.mode === 'hang') return undefined;
    return say(200, text.map(find));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    state,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
