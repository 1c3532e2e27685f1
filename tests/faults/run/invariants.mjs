// The invariants that must hold after all faults, checked with three independent ledgers: what callers were told, what
// the model received, and what the exported record says. A pure function of them.

import { canary, credential } from './model.mjs';
import { kinds } from './callers.mjs';

export const invariants = {
  lost: 'every answer that a caller was given is on record as it was given',
  unrecorded: 'every byte that reached the model has a recorded intent',
  double: 'nothing is sent to the model twice',
  unapproved: 'nothing that needs people is sent before they have agreed',
  leaked: 'no caller and no log sees what is masked, or a secret',
  verify: 'the export verifies',
  stuck: 'every call ends, every session ends, the gateway recovers by itself',
  regressed: 'a decided review stays as it was decided',
};

const markerOf = (text) => /call-[a-z0-9]+-[0-9]+\./.exec(text)?.[0];

// Complete events, without the comments of a held stream and the error that may end it, which need not be recorded.
function recordable(body) {
  return body
    .slice(0, body.lastIndexOf('\n\n') + 2)
    .split(/(?<=\n\n)/)
    .filter((event) => !event.startsWith(':') && !event.startsWith('data: {"error"'))
    .join('');
}

function errorCode(call) {
  try {
    return JSON.parse(call.body).error.code;
  } catch {
    return undefined;
  }
}

function checkCall(call, sessions, say) {
  if (call.stuck) say('stuck', call, `no answer within the limit; so far ${call.status ?? 'nothing'}`);
  if (call.body.includes(canary) || call.body.includes(credential)) say('leaked', call, "in the caller's answer");
  if (call.status === undefined) return;
  const session = sessions.get(call.session);
  const ended = (outcome) => session?.outcome === outcome;
  const is = `session ${call.session} is ${session ? session.outcome || 'running' : 'not on record'}`;
  if (call.status === 200) {
    if (!session) return say('lost', call, `answered with 200, but ${is}`);
    const stream = kinds[call.kind].stream;
    const whole = stream ? call.body.includes('data: [DONE]') : call.complete;
    if (whole && !ended('completed')) say('lost', call, `answered whole, but ${is}`);
    const told = stream ? recordable(call.body) : call.complete ? call.body : '';
    if (!session.delivered.startsWith(told)) say('lost', call, 'was given more than is on record');
  }
  const code = call.status === 403 ? errorCode(call) : undefined;
  if (code === 'policy_denied' && !ended('blocked')) say('lost', call, `was refused by policy, but ${is}`);
  if (code === 'review_denied' && !ended('review_denied')) say('lost', call, `was refused by a reviewer, but ${is}`);
  if (call.kind === 'denied' && call.status === 200) say('unapproved', call, 'is denied by policy, and was answered');
}

function checkApprovals(marker, call, votes, say) {
  const needed = kinds[call.kind].approvals;
  // A vote whose answer was lost, or was a 503, may count.
  const mayCount = ({ status }) => status === undefined || status === 200 || status >= 500;
  const people = new Set(
    votes
      .filter((vote) => vote.marker === marker && vote.decision === 'approve' && mayCount(vote))
      .map((vote) => vote.reviewer),
  );
  if (people.size < needed) say('unapproved', call, `reached the model after ${people.size} of ${needed} approvals`);
  const denied = votes.find((vote) => vote.marker === marker && vote.decision === 'deny' && vote.status === 200);
  if (denied) say('unapproved', call, `reached the model although ${denied.reviewer} had denied review ${denied.review}`);
}

function checkReceived({ calls, received, sessions, votes }, say) {
  const byMarker = new Map(calls.map((call) => [call.marker, call]));
  const recorded = new Map();
  for (const session of sessions.values()) {
    const marker = markerOf(session.prompt);
    if (marker && session.forwarded.length > 0) recorded.set(marker, session);
  }
  const times = new Map();
  for (const { body, complete } of received) {
    const marker = markerOf(body);
    if (marker === undefined) continue; // cut off before its text
    const call = byMarker.get(marker) ?? { marker };
    times.set(marker, (times.get(marker) ?? 0) + 1);
    if (times.get(marker) === 2) say('double', call, 'reached the model twice');
    const session = recorded.get(marker);
    if (!session) say('unrecorded', call, 'reached the model without a recorded intent');
    if (session && complete && session.forwarded[0] !== Buffer.byteLength(body)) {
      say('unrecorded', call, `${Buffer.byteLength(body)} bytes reached the model, ${session.forwarded[0]} are on record`);
    }
    if (call.kind) checkApprovals(marker, call, votes, say);
  }
}

// {calls, received, sessions, votes, regressions, verify: {code, output}, logs: [{name, text}], secrets: [text],
// unsettled} → [{invariant, call, what}]. If the record cannot be read, that is the only violation reported.
export function findViolations(ledgers) {
  const violations = [];
  const say = (invariant, call, what) => violations.push({ invariant, call, what });
  if (ledgers.unsettled) say('stuck', undefined, ledgers.unsettled);
  if (ledgers.sessions === undefined) {
    say('verify', undefined, `no export could be had: ${ledgers.verify.output}`);
    return violations;
  }
  for (const call of ledgers.calls) checkCall(call, ledgers.sessions, say);
  checkReceived(ledgers, say);
  for (const session of ledgers.sessions.values()) {
    if (!session.outcome) say('stuck', undefined, `session ${session.id} is still running`);
  }
  for (const { review, was, now } of ledgers.regressions) {
    say('regressed', undefined, `review ${review} was ${was} and is ${now}`);
  }
  if (ledgers.verify.code !== 0) say('verify', undefined, ledgers.verify.output);
  for (const { name, text } of ledgers.logs) {
    for (const secret of [canary, credential, ...ledgers.secrets]) {
      if (text.includes(secret)) say('leaked', undefined, `${name} holds a secret or a masked text`);
    }
    if (markerOf(text)) say('leaked', undefined, `${name} holds a prompt`);
  }
  return violations;
}
