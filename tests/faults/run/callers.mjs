// Simulated users, and the ledger of the answers that each of them got.

import http from 'node:http';
import { derive } from './random.mjs';

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
export const limitMs = 45_000; // beyond it a call is stuck

// The kinds of calls, how often they occur, and how many people must agree (resources.mjs has the policies).
export const kinds = {
  plain: { weight: 27, words: 'what is the weather', approvals: 0 },
  stream: { weight: 28, words: 'tell me a story', stream: true, approvals: 0 },
  leaves: { weight: 5, words: 'tell me a long story', stream: true, approvals: 0 },
  one: { weight: 15, words: 'read the patient record', approvals: 1 },
  oneStream: { weight: 10, words: 'sum up the patient record', stream: true, approvals: 1 },
  two: { weight: 10, words: 'draft the merger plan', approvals: 2 },
  denied: { weight: 5, words: 'explain project nightfall', approvals: Infinity },
};

// Sends one request; the promise never rejects. Fills `call`.
function send(call, { address, agent, credential }) {
  const kind = kinds[call.kind];
  const [host, port] = address.split(':');
  const body = JSON.stringify({
    model: 'demo-1',
    messages: [{ role: 'user', content: `${call.marker} ${kind.words}` }],
    ...(kind.stream ? { stream: true } : {}),
  });
  return new Promise((resolve) => {
    const finish = (members) => {
      clearTimeout(timer);
      Object.assign(call, { ended: Date.now() }, members);
      resolve();
    };
    const request = http.request({
      host,
      port,
      agent,
      method: 'POST',
      path: '/v1/chat/completions',
      headers: {
        authorization: `Bearer ${credential}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    const timer = setTimeout(() => {
      request.destroy();
      finish({ stuck: true });
    }, limitMs);
    request.on('error', (error) => finish({ broken: error.code ?? String(error) }));
    request.on('response', (response) => {
      call.status = response.statusCode;
      call.session = response.headers['x-countersign-session'];
      response.setEncoding('utf8');
      response.on('error', (error) => finish({ broken: error.code ?? String(error) }));
      response.on('data', (text) => {
        call.body += text;
        if (call.kind !== 'leaves' || call.body.split('data: ').length < 4) return;
        call.left = true;
        request.destroy();
        finish({});
      });
      response.on('end', () => finish({ complete: response.complete }));
      response.on('close', () => finish(response.complete ? { complete: true } : { broken: 'closed' }));
    });
    request.end(body);
  });
}

export class Callers {
  calls = []; // {n, kind, marker, started, ended, status, session, body, complete, broken, left, stuck}
  #agent = new http.Agent({ keepAlive: true });
  #running = [];
  #stopping = false;

  // `credentials`: functions that return one; `address`: a function, because a gateway's address may change.
  constructor({ seed, run, address, credentials }) {
    this.seed = seed;
    this.run = run;
    this.address = address;
    this.credentials = credentials;
  }

  start(users) {
    for (let user = 0; user < users; ++user) this.#running.push(this.#live(user));
  }

  async stop() {
    this.#stopping = true;
    await Promise.all(this.#running);
    this.#agent.destroy();
  }

  // One call outside of the users' turns.
  async ask(kind, user = 0) {
    const n = this.calls.length;
    const call = { n, kind, marker: `call-${this.run}-${n}.`, started: Date.now(), body: '' };
    this.calls.push(call);
    const credential = this.credentials[user % this.credentials.length];
    await send(call, { address: this.address(), agent: this.#agent, credential: await credential() });
    if (call.status === 401) credential.refused?.();
    return call;
  }

  async #live(user) {
    const random = derive(this.seed, `user ${user}`);
    const choices = Object.entries(kinds).map(([name, { weight }]) => [weight, name]);
    while (!this.#stopping) {
      const { status } = await this.ask(random.weighted(choices), user);
      await pause(status === undefined || status >= 500 ? random.integer(100, 400) : random.integer(20, 200));
    }
  }
}
