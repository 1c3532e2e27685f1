// Writes tests/testdata/tokenizer/vectors.zst: texts of many scripts and their number of tokens in both encodings,
// counted by the reference implementation (tiktoken's Rust core, compiled to WebAssembly).
//   cd scripts/tokenizer-data && npm ci && npm run vectors      (needs the zstd command; about a minute)
// Also the vectors of the two encodings from gpt-tokenizer's TestPlans.txt, with the counts written there.
//
// The file: per vector u32 bytes of text, u32 tokens of o200k_base, u32 tokens of cl100k_base (0xffffffff: not known),
// then the text. Little endian.
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import tiktoken from 'tiktoken';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../../tests/testdata/tokenizer');
const unknown = 0xffffffff;

// A small seeded generator (mulberry32), so that the texts never change.
let state = 20240607;
function random(below) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];
const range = (from, to) => Array.from({length: to - from + 1}, (_, i) => String.fromCodePoint(from + i));

const scripts = {
  lower: [...'abcdefghijklmnopqrstuvwxyz'], upper: [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'], digits: [...'0123456789'],
  punctuation: [...'.,;:!?\'"`()[]{}<>/\\|@#$%^&*-_=+~'], spaces: [' ', ' ', ' ', '\n', '\r', '\t', '\r\n', '\u00a0', '\u2003', '\u3000', '\u2028', '\u0085', '\u000b'],
  latin: range(0xc0, 0x24f), greek: range(0x391, 0x3c9), cyrillic: range(0x410, 0x44f), armenian: range(0x531, 0x556),
  hebrew: range(0x5d0, 0x5ea), arabic: range(0x621, 0x64a), arabicMarks: range(0x64b, 0x655), devanagari: range(0x900, 0x94f),
  bengali: range(0x985, 0x9cd), tamil: range(0xb85, 0xbcd), thai: range(0xe01, 0xe3a), georgian: range(0x10a0, 0x10ff),
  hangul: range(0xac00, 0xac7f), jamo: range(0x1100, 0x1112), hiragana: range(0x3041, 0x3096), katakana: range(0x30a1, 0x30fa),
  han: range(0x4e00, 0x4eff), hanB: range(0x20000, 0x20020), ethiopic: range(0x1200, 0x1240), cherokee: range(0x13a0, 0x13f5),
  marks: range(0x300, 0x32f), enclosing: range(0x20d0, 0x20e4), modifiers: range(0x2b0, 0x2c5), titlecase: ['\u01c5', '\u01c8', '\u1f88'],
  digitsElsewhere: [...range(0x660, 0x669), ...range(0x966, 0x96f), ...range(0xff10, 0xff19), ...range(0x1d7ce, 0x1d7d8)],
  numbers: ['\u00bd', '\u00b2', '\u2167', '\u3007', '\u2460', '\u{10107}'], symbols: ['€', '™', '→', '∑', '░', '•', '…', '—', '“', '”', '\u00ad', '\u200b', '\u200d', '\ufeff', '\u180e'],
  emoji: ['😀', '👩‍💻', '🏳️‍🌈', '👍🏽', '🇩🇪', '❤️', '🤷‍♀️'], math: range(0x1d400, 0x1d420), unassigned: ['\u0378', '\u{e0fff}', '\ue000', '\u{10ffff}', '\ufffd'],
};
const scriptNames = Object.keys(scripts);
const words = readFileSync(join(here, 'node_modules/gpt-tokenizer/README.md'), 'utf8').split(/(\s+)/).filter(Boolean);
const contractions = ["'s", "'S", "'t", "'re", "'RE", "'Ve", "'m", "'ll", "'lL", "'d", "'D", "'ſ", "'x", "''s", "’s"];

const texts = new Set([
  '', ' ', '  ', '\n', '\r\n', ' \n', '\n ', '  \n  ', ' \n \n x', 'a\n\n\nb', '   a', '\t\ta', ' \ta', 'a  b   c    d', 'a \r b', "I'm he's THEY'RE we'Ve", "'s", "'sabc",
  "don''t", "o'clock", "x'ſ", 'ABCdef', 'ABCDef', 'aBC', 'ÀÉ', 'Aa\u0301B', '\u0301ABC', '\u0301abc', '!\u0301x', ' \u0301', '1234567', '１２３４５', '12a34', 'ⅣⅣⅣⅣ',
  '///\n//', '!!/\n/x', ' //', '$$$\r\n\r\n', '<|endoftext|>', '<|im_start|>user<|im_end|>', '<|fim_prefix|>', 'http://example.com/a/b?c=d&e=f#g', '{"a": [1, 2, {"b": null}]}\n',
  'def f(x):\n    return x ** 2\n\n\nclass A:\n\tpass\n', '中文测试，没有空格的句子。', 'こんにちは、世界！', '안녕하세요 세계', 'สวัสดีชาวโลก', 'नमस्ते दुनिया', 'مرحبا بالعالم', 'שלום עולם',
  'Привет, мир!', 'Γειά σου Κόσμε', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(129), 'x'.repeat(1000), ' '.repeat(200), ' '.repeat(200) + 'a', '\n'.repeat(300), '='.repeat(300),
  'ab'.repeat(400), '字'.repeat(150), 'é'.repeat(200), '🙂'.repeat(60), '0'.repeat(100), 'aA'.repeat(100), '-_'.repeat(150), '\u0301'.repeat(90),
]);
const runOf = (name, most) => Array.from({length: 1 + random(most)}, () => pick(scripts[name])).join('');
// One code point in many places: at each side of letters, digits, spaces, contractions.
const frames = [(c) => c, (c) => `a${c}`, (c) => `${c}a`, (c) => `${c}A`, (c) => ` ${c}`, (c) => `${c} `, (c) => `12${c}34`, (c) => `A${c}b`, (c) => `it${c}'s`, (c) => `!${c}\n`, (c) => `  ${c}  x`, (c) => `the${c}The${c}THE`];
const odd = [0xaa, 0xb5, 0x130, 0x131, 0x17f, 0x1c5, 0x2bb, 0x345, 0x386, 0x3c2, 0x488, 0x559, 0x5bf, 0x60c, 0x660, 0x6dd, 0x85, 0xa0, 0x1680, 0x180e, 0x2000, 0x200b, 0x2028, 0x2029, 0x202f, 0x205f, 0x2060, 0x3000,
  0xfeff, 0x212a, 0x2160, 0x2188, 0x24b6, 0x2c7c, 0xa7f2, 0xa66f, 0xfb01, 0xff21, 0xff41, 0xfffd, 0x10400, 0x10428, 0x10d40, 0x11f50, 0x16e40, 0x1ccf0, 0x1d400, 0x1e900, 0x1e922, 0x1f600, 0x2ebf0, 0x31350, 0xe0001, 0x1c89, 0xa7cb, 0x1e5f0];
for (const cp of odd) for (const frame of frames) texts.add(frame(String.fromCodePoint(cp)));
while (texts.size < 2400) texts.add(Array.from({length: 1 + random(12)}, () => runOf(pick(scriptNames), 6)).join(''));
while (texts.size < 3400) texts.add(Array.from({length: 1 + random(30)}, () => pick([() => runOf('lower', 9), () => runOf('upper', 5), () => runOf('digits', 8), () => runOf('punctuation', 3), () => runOf('spaces', 4), () => pick(contractions)])()).join(''));
while (texts.size < 4200) {
  const at = random(words.length);
  texts.add(words.slice(at, at + 1 + random(120)).join(''));
}
while (texts.size < 4800) texts.add(Array.from({length: 1 + random(40)}, () => runOf(pick(['lower', 'upper', 'latin', 'cyrillic', 'greek', 'marks', 'modifiers', 'titlecase', 'han']), 3)).join(''));
while (texts.size < 5400) texts.add(Array.from({length: 2 + random(6)}, () => runOf(pick(scriptNames), 40) + pick(['', ' ', '\n'])).join(''));
// Long pieces, which are merged in another way than short ones.
while (texts.size < 5700) texts.add(runOf(pick(['lower', 'upper', 'han', 'hiragana', 'cyrillic', 'punctuation', 'hangul', 'thai']), 900));
while (texts.size < 5800) texts.add(Buffer.from(runOf('latin', 400)).toString('base64').replace(/[+/=]/g, 'A'));

const u32 = (...numbers) => Buffer.from(Uint32Array.from(numbers).buffer);
const vectors = [];
const add = (text, o200k, cl100k) => {
  const bytes = Buffer.from(text);
  vectors.push(u32(bytes.length, o200k, cl100k), bytes);
};
const o200k = tiktoken.get_encoding('o200k_base');
const cl100k = tiktoken.get_encoding('cl100k_base');
for (const text of texts) add(text, o200k.encode_ordinary(text).length, cl100k.encode_ordinary(text).length);

let plans = 0;
const plan = readFileSync(join(here, 'node_modules/gpt-tokenizer/data/TestPlans.txt'), 'utf8');
for (const [, name, sample, encoded] of plan.matchAll(/EncodingName: (\S+)\nSample: ([^]*?)\nEncoded: (\[.*?\])\n/g)) {
  if (name !== 'o200k_base' && name !== 'cl100k_base') continue;
  const count = JSON.parse(encoded).length;
  add(sample, name === 'o200k_base' ? count : unknown, name === 'cl100k_base' ? count : unknown);
  ++plans;
}

mkdirSync(out, {recursive: true});
const plain = join(out, 'vectors');
writeFileSync(plain, Buffer.concat(vectors));
execFileSync('zstd', ['-q', '-f', '--ultra', '-22', '-T1', plain, '-o', `${plain}.zst`]);
rmSync(plain);
console.log(`${texts.size} texts and ${plans} of the test plans`);
