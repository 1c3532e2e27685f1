// Breaks a running gateway in seeded ways while people use it, then checks with three ledgers that the invariants hold.
// scripts/faults builds what this needs and runs it.

import { parseArgs } from 'node:util';
import { findViolations, invariants } from './invariants.mjs';
import { targetOf } from './nemesis.mjs';
import { makeSchedule, parseOnly } from './schedule.mjs';
import { World } from './world.mjs';

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

const { values } = parseArgs({
  options: {
    shape: { type: 'string', default: 'standalone' },
    faults: { type: 'string', default: '300' },
    users: { type: 'string', default: '24' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
    verbose: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const included = parseOnly(values.only);
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

// Runs the schedule; returns the faults with their times, and what did not recover.
async function run(world, schedule) {
  const done = [];
  const running = new Map(); // target → the fault's promise
  const problems = [];
  const inject = async (fault) => {
    const entry = { ...fault, from: Date.now() };
    done.push(entry);
    if (values.verbose) say(`fault ${fault.n}: ${fault.kind} for ${fault.holdMs} ms`);
    const heal = await world.faults[fault.kind]();
    await pause(fault.holdMs);
    await heal?.();
    entry.to = Date.now();
  };
  let longest = 0;
  const recovered = async () => {
    await Promise.all(running.values());
    running.clear();
    const from = Date.now();
    await world.recover();
    longest = Math.max(longest, Date.now() - from);
    if (values.verbose) say(`recovered after ${Date.now() - from} ms`);
  };
  try {
    for (const fault of schedule) {
      const target = targetOf(fault.kind);
      if (!fault.together || running.has(target) || running.size >= 3) await recovered();
      if (problems.length > 0) break;
      running.set(target, inject(fault).catch((error) => problems.push({ fault, error })));
      await pause(fault.gapMs);
      if (done.length % 25 === 0) say(`${done.length} faults, ${world.callers.calls.length} calls`);
    }
    await recovered();
  } catch (error) {
    problems.push({ fault: done.at(-1), error });
  }
  return { done, problems, longest };
}

// The faults that were active during `call`, and shortly before it: the first ones to look at.
const aroundOf = (call, done) =>
  call?.started === undefined
    ? []
    : done.filter(({ from, to }) => from <= (call.ended ?? Infinity) && (to ?? Infinity) >= call.started - 2000);

const missing = [];
const world = await World.start({ shape: values.shape, seed, missing: (what) => missing.push(what) });
for (const what of missing) say(`left out: ${what}`);
const kinds = Object.keys(world.faults).filter((name) => name.includes(values.kind));
if (kinds.length === 0) throw new Error(`no fault's name holds '${values.kind}': ${Object.keys(world.faults).join(', ')}`);
const schedule = makeSchedule({ seed, faults: Number(values.faults), kinds }).filter(({ n }) => included(n));
say(`${values.shape}: ${schedule.length} faults of ${kinds.length} kinds, ${values.users} users, seed ${seed}`);

let failed = false;
try {
  await world.recover();
  world.callers.start(Number(values.users));
  world.reviewers.start();
  const outcome = await run(world, schedule);
  await world.callers.stop();
  await world.reviewers.stop();
  const ledgers = await world.ledgers();
  const violations = findViolations(ledgers);
  for (const { fault, error } of outcome.problems) {
    violations.push({ invariant: 'stuck', what: `${fault ? `after fault ${fault.n} (${fault.kind}): ` : ''}${error.message}` });
  }
  const shown = Object.keys(invariants).flatMap((name) => violations.filter(({ invariant }) => invariant === name).slice(0, 5));
  for (const { invariant, call, what } of shown) {
    say(`${invariant}: ${call ? `${call.marker} (${call.kind}, session ${call.session ?? 'unknown'}) ` : ''}${what}`);
    const around = aroundOf(call, outcome.done);
    for (const fault of around) console.log(`            fault ${fault.n}: ${fault.kind} for ${fault.holdMs} ms`);
    if (around.length > 0) {
      const numbers = around.map(({ n }) => n).join(',');
      console.log(`            again: scripts/faults --shape ${values.shape} --seed ${seed} --only ${numbers}`);
    }
  }
  if (violations.length > shown.length) say(`and ${violations.length - shown.length} more`);
  const count = (name) => violations.filter(({ invariant }) => invariant === name).length;
  const { calls } = ledgers;
  console.log(
    [
      `shape=${values.shape} faults=${outcome.done.length} calls=${calls.length}`,
      `acked=${calls.filter(({ status }) => status === 200 || status === 403).length}`,
      `indeterminate=${calls.filter(({ broken, stuck }) => broken || stuck).length}`,
      `reached_model=${ledgers.received.length} sessions=${ledgers.sessions?.size ?? 'unread'} votes=${ledgers.votes.length}`,
      ...Object.keys(invariants).map((name) => `${name}=${count(name)}`),
      `longest_recovery=${(outcome.longest / 1000).toFixed(1)}s seed=${seed} wall=${Math.round((Date.now() - began) / 1000)}s`,
    ].join(' '),
  );
  failed = violations.length > 0;
} finally {
  if (failed && process.env.COUNTERSIGN_KEEP) say(`kept: ${world.folder}`);
  else await world.stop();
}
process.exit(failed ? 1 : 0);
