// The messages of KServe V2 that the benchmark sends, in protobuf's encoding, and gRPC's frames.

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  bytes.push(value);
  return Buffer.from(bytes);
}

function nested(field, bytes) {
  const content = Buffer.from(bytes);
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

// An inference.ModelInferRequest with one text.
export function inferRequest(model, text) {
  const contents = nested(8, text);
  const input = Buffer.concat([nested(1, 'text_input'), nested(2, 'BYTES'), nested(3, varint(1)), nested(5, contents)]);
  return Buffer.concat([nested(1, model), nested(3, 'request-1'), nested(5, input)]);
}

// An inference.ModelInferResponse with one text, as Triton sends it: in a raw buffer.
export function inferResponse(model, text) {
  const content = Buffer.from(text);
  const raw = Buffer.alloc(4);
  raw.writeUInt32LE(content.length);
  const output = Buffer.concat([nested(1, 'text_output'), nested(2, 'BYTES'), nested(3, varint(1))]);
  return Buffer.concat([
    nested(1, model),
    nested(2, '1'),
    nested(3, 'request-1'),
    nested(5, output),
    nested(6, Buffer.concat([raw, content])),
  ]);
}

// An inference.ModelStreamInferResponse around it.
export const streamResponse = (response) => nested(2, response);

export function frame(message) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

// Counts the frames of a stream that arrives in pieces of any size.
export class FrameCounter {
  count = 0;
  #pending = Buffer.alloc(0);

  add(bytes) {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    let at = 0;
    while (this.#pending.length - at >= 5) {
      const end = at + 5 + this.#pending.readUInt32BE(at + 1);
      if (end > this.#pending.length) break;
      at = end;
      ++this.count;
    }
    this.#pending = this.#pending.subarray(at);
  }
}

