// Simulated reviewers, and the ledger of their votes and of the states they saw.

import { derive } from './random.mjs';

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
export const finalStates = new Set(['DENIED', 'EXPIRED', 'CANCELLED', 'CONSUMED', 'EXHAUSTED', 'REVOKED']);

export class Reviewers {
  votes = []; // {review, marker, reviewer, decision, status}; without status: its answer was lost
  seen = new Map(); // review → {state, at}: the first final state that anybody was shown, and when
  regressions = []; // {review, was, now}
  #stopping = false;
  #running = [];

  constructor({ seed, address, keys }) {
    this.seed = seed;
    this.address = address;
    this.keys = keys; // name → access key
  }

  start() {
    for (const [name, key] of Object.entries(this.keys)) this.#running.push(this.#work(name, key));
  }

  async stop() {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  // {status, body, asked}; nothing if there was no answer.
  async request(method, key, message) {
    const asked = Date.now();
    try {
      const response = await fetch(`http://${this.address()}/countersign.approval.v1.ReviewService/${method}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(10_000),
      });
      return { status: response.status, body: await response.json(), asked };
    } catch {
      return undefined;
    }
  }

  // `asked`: the time of the request. A request before the final state was shown may return the earlier state.
  observe({ id, state }, asked) {
    const was = this.seen.get(id);
    if (was && was.state !== state && asked > was.at) this.regressions.push({ review: id, was: was.state, now: state });
    if (!was && finalStates.has(state)) this.seen.set(id, { state, at: Date.now() });
  }

  // All reviewers vote the same about a call: a fifth of all calls is refused.
  #decides(marker) {
    return derive(this.seed, `review of ${marker}`).next() < 0.8 ? 'approve' : 'deny';
  }

  async #vote(name, key, id) {
    const shown = await this.request('GetReview', key, { id });
    if (shown?.status !== 200) return false;
    const text = shown.body.parts.map((part) => part.text).join('\n');
    const marker = /call-[a-z0-9]+-[0-9]+\./.exec(text)?.[0];
    const decision = this.#decides(marker);
    const vote = { review: id, marker, reviewer: name, decision };
    this.votes.push(vote);
    const method = decision === 'approve' ? 'ApproveReview' : 'DenyReview';
    const answer = await this.request(method, key, { id, seenHash: shown.body.bindingHash, reason: 'fault run' });
    vote.status = answer?.status;
    if (answer?.status === 200) this.observe(answer.body, answer.asked);
    return vote.status === 200;
  }

  async #work(name, key) {
    const voted = new Set();
    while (!this.#stopping) {
      const pending = await this.request('ListReviews', key, { pageSize: 100 });
      for (const { id } of pending?.status === 200 ? pending.body.items : []) {
        if (!voted.has(id) && (await this.#vote(name, key, id))) voted.add(id);
      }
      const all = await this.request('ListReviews', key, { all: true, pageSize: 100 });
      for (const review of all?.status === 200 ? all.body.items : []) this.observe(review, all.asked);
      await pause(150);
    }
  }
}
