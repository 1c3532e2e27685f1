// The faults of a run, their order and durations, decided by a seed.

import { derive } from './random.mjs';

// `kinds`: names of faults. Each fault: {n, kind, holdMs, gapMs, together}. `together`: it does not wait for the
// recovery from earlier ones.
export function makeSchedule({ seed, faults, kinds }) {
  const random = derive(seed, 'schedule');
  return Array.from({ length: faults }, (_, n) => ({
    n,
    kind: random.pick(kinds),
    holdMs: random.weighted([
      [6, random.integer(100, 500)],
      [3, random.integer(500, 1500)],
      [1, random.integer(1500, 5000)],
    ]),
    gapMs: random.integer(100, 400),
    together: random.next() < 0.3,
  }));
}

// "3-5,9" → a predicate for a fault's number; without text: all.
export function parseOnly(text) {
  if (!text) return () => true;
  const ranges = text.split(',').map((range) => {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (from === undefined) throw new Error(`--only takes numbers and ranges such as 3-5,9, not '${range}'`);
    return [Number(from), Number(to ?? from)];
  });
  return (n) => ranges.some(([from, to]) => n >= from && n <= to);
}
