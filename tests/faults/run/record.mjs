// The third ledger: the exported record, parsed from the description of its format in
// services/session_recorder/README.md and not with the product's own code.

import { createDecipheriv } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

function lengthPrefixed(fields) {
  const size = (n) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(n));
    return bytes;
  };
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = typeof field === 'number' ? size(field) : Buffer.from(field);
      return [size(bytes.length), bytes];
    }),
  );
}

function open(key, { session, index, event, payload }) {
  const sealed = Buffer.from(payload, 'base64url');
  const cipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'base64url'), sealed.subarray(0, 12));
  cipher.setAAD(lengthPrefixed(['countersign event', session, index, event]));
  cipher.setAuthTag(sealed.subarray(-16));
  return JSON.parse(Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]).toString());
}

const bytes = (payload) =>
  payload.text_base64 === undefined ? payload.text : Buffer.from(payload.text_base64, 'base64url').toString();

// Sessions by id: {id, outcome, events: [type], prompt, forwarded, delivered}. `forwarded`: bytes of each forward.
export async function readExport(file) {
  const sessions = new Map();
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const line = JSON.parse(text);
    if (line.type === 'session') {
      const { id, outcome, data_key: key } = line;
      sessions.set(id, { id, outcome, key, events: [], prompt: '', forwarded: [], delivered: '' });
    } else if (line.type === 'event') {
      const session = sessions.get(line.session);
      const payload = open(session.key, line);
      session.events.push(line.event);
      if (line.event === 'request') session.prompt = (payload.parts ?? []).map((part) => part.text).join('\n');
      if (line.event === 'forward') session.forwarded.push(payload.bytes);
      if (line.event === 'response.data') session.delivered += bytes(payload);
    }
  }
  return sessions;
}
