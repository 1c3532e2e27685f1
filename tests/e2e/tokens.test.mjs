// `countersign tokens` against other implementations: tiktoken's Rust core (compiled to WebAssembly) for OpenAI's
// encodings and, as Meta's own code uses it, for the ranks of Llama 3; and llama3-tokenizer-js. The texts are generated
// from a seed, which is printed; COUNTERSIGN_SEED repeats a run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import llama3 from 'llama3-tokenizer-js';
import tiktoken from 'tiktoken';
import { program, run } from './harness/processes.mjs';

const seed = Number(process.env.COUNTERSIGN_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${seed}`);

// A linear congruential generator is random enough to choose characters (constants of "Numerical Recipes").
let state = seed >>> 0;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
const pick = (list) => list[random(list.length)];
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i));
const many = (most, make) => Array.from({ length: 1 + random(most) }, make).join('');

const alphabets = [
  range(0x61, 0x7a), range(0x41, 0x5a), range(0x30, 0x39), range(0x21, 0x2f), range(0x3a, 0x40), [' ', ' ', '\n', '\t', '\r\n', '\u00a0', '\u3000', '\u0085', '\u2028'],
  range(0xc0, 0x17f), range(0x370, 0x3ff), range(0x400, 0x4ff), range(0x531, 0x586), range(0x5d0, 0x5ea), range(0x600, 0x6ff),
  range(0x900, 0x97f), range(0x980, 0x9ff), range(0xb80, 0xbff), range(0xe01, 0xe5b), range(0x1000, 0x104f), range(0x10a0, 0x10ff),
  range(0x1200, 0x12ff), range(0x1780, 0x17e9), range(0x1e00, 0x1eff), range(0x3041, 0x30ff), range(0x4e00, 0x5200), range(0xac00, 0xae00),
  range(0x300, 0x33f), range(0x2190, 0x21ff), range(0x1f600, 0x1f64f), range(0xff01, 0xff5e), range(0x20000, 0x200ff), range(0x1d400, 0x1d4ff),
  ['\u200b', '\u200d', '\ufe0f', '\u180e', '\ufffd', '\ue000', '\u{10ffff}', '\u01c5', '\u2167', '\u00bd', '\u0660', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
];
const words = ('the of and to in policy gateway review approval tokens streaming masks answers people rights freedom Die Würde des Menschen ist unantastbar '
  + 'Les hommes naissent libres Все люди рождаются свободными и равными в своем достоинстве 人人生而自由 在尊严和权利上一律平等 すべての人間は 모든 인간은 태어날 때부터 자유로우며 '
  + 'सभी मनुष्यों को गौरव और अधिकारों มนุษย์ทั้งหลายเกิดมามีอิสระ يولد جميع الناس أحراراً כל בני האדם nghiệp việc thời maktadır позволяет που και').split(' ');
const joints = [' ', ' ', ' ', ', ', '. ', '\n', '\n\n  ', "'s ", "'LL ", ' — ', '/', '_', '  ', ' 2024 ', '(', ') ', '": "', '::', '->', '.:.:'];

const fixed = [
  '', ' ', '   ', '\n', ' \n ', '\r\n\r\n', '\ta', 'a  b', "don't I'M he'Ll 'tis", "x'ſ", 'aBcDEfgHIJk', 'ÀÉa', '\u0301ABC\u0301', '1234567890', '１２３４', '٣٤٥٦٧', 'ⅣⅣⅣⅣ½', '///\n//', '!!\r\n/x',
  '😀😀👩‍💻🏳️‍🌈👍🏽🇩🇪❤️', '\u0000\u0001\u007f', '中文测试，没有空格的句子。', '{"a": [1, 2.50, {"b": null}]}\n', 'def f(x):\n    return x ** 2\n\n\nclass A:\n\tpass\n', 'http://example.com/a/b?c=d&e=f#g',
  ' nghiệp', ' việc', ' позволяет', '.:.:.:', '.:.:.:.:.:', ' maktadır', 'x'.repeat(300), ' '.repeat(300) + 'x', '='.repeat(200), '\n'.repeat(100), 'ab'.repeat(150), '字'.repeat(80), 'é'.repeat(120), '\u0301'.repeat(60),
  'dGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZw==', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '4111 1111 1111 1111', 'AKIAIOSFODNN7EXAMPLE',
];
const makers = [
  () => many(12, () => many(6, ((alphabet) => () => pick(alphabet))(pick(alphabets)))),
  () => many(25, () => pick(words) + pick(joints)),
  () => many(6, () => many(40, ((alphabet) => () => pick(alphabet))(pick(alphabets))) + pick(['', ' ', '\n'])),
  () => many(40, () => pick(pick(alphabets))),
  () => many(30, () => pick([() => pick(words), () => pick(joints), () => pick(words).slice(1 + random(3)), () => pick(pick(alphabets))])()),
];
const texts = [...new Set([...fixed, ...Array.from({ length: 5400 }, () => pick(makers)().toWellFormed())])];

async function counted(tokenizer, list) {
  const { code, stdout, stderr } = await run(program('countersign'), ['tokens', '--tokenizer', tokenizer, '--jsonl'],
    { input: list.map((text) => `${JSON.stringify(text)}\n`).join('') });
  assert.equal(code, 0, stderr);
  return stdout.trimEnd().split('\n').map((line) => JSON.parse(line).tokens);
}

async function compare(tokenizer, list, reference) {
  const counts = await counted(tokenizer, list);
  assert.equal(counts.length, list.length);
  let tokens = 0;
  list.forEach((text, i) => {
    const expected = reference(text);
    tokens += expected;
    assert.equal(counts[i], expected, `${tokenizer}, seed ${seed}: ${JSON.stringify(text)}`);
  });
  console.log(`${tokenizer}: ${list.length} texts, ${tokens} tokens`);
}

// The bytes of a vocabulary in GPT-2's printable form.
function llama3Ranks() {
  const bytes = new Map();
  for (let byte = 0, next = 256; byte < 256; ++byte) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    bytes.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  const tokens = llama3.vocabById.slice(0, 128000).map((token) => Buffer.from([...token].map((char) => bytes.get(char))).toString('base64'));
  return `! 0 ${tokens.join(' ')}`;
}

test('there are texts enough', () => assert.ok(texts.length >= 5000, `${texts.length}`));

for (const name of ['o200k_base', 'cl100k_base']) {
  const encoding = tiktoken.get_encoding(name);
  test(`${name} is counted as tiktoken does`, () => compare(name, texts, (text) => encoding.encode_ordinary(text).length));
  if (name === 'o200k_base') {
    test('o200k_harmony counts text as o200k_base', () => compare('o200k_harmony', texts, (text) => encoding.encode_ordinary(text).length));
  }
}

test('llama3 is counted as tiktoken does with its ranks', () => {
  const pattern = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  const encoding = new tiktoken.Tiktoken(llama3Ranks(), {}, pattern);
  return compare('llama3', texts, (text) => encoding.encode_ordinary(text).length);
});

// JavaScript's \s contains U+FEFF and lacks U+0085, and its s does not match ſ: texts with those are split differently.
test('llama3 is counted as llama3-tokenizer-js does', () => compare('llama3', texts.filter((text) => text !== '' && !/[\ufeff\u0085ſ]/.test(text)),
  (text) => llama3.encode(text, { bos: false, eos: false }).length));
