/** Documents name files, commands and verbs. What they name has to be there. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cliTree, faultOfCall } from '../helpers/cli-tree.ts';
import { PROJECT } from '../helpers/source-tree.ts';

const inDocs = await readdir(join(PROJECT, 'docs'), { recursive: true });
const paths = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...inDocs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
].sort();
const pages = await Promise.all(
  paths.map(async (path) => ({ path, text: await readFile(join(PROJECT, path), 'utf8') })),
);

const all = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? '')),
];
/** Lines of code, fenced or in the text. */
const codeIn = (text: string): string[] => {
  const fenced = [...text.matchAll(/^ *```[^\n]*\n([^]*?)^ *```/gm)].flatMap(([, code = '']) =>
    code.split('\n'),
  );
  const inline = text.replace(/^ *```[^]*?^ *```/gm, '').matchAll(/`([^`]+)`/g);
  return [...fenced, ...[...inline].map(([, code = '']) => code)].map((line) =>
    line.replace(/\s+/g, ' ').trim(),
  );
};

/** `install|check` is two calls. */
function alternatives(words: readonly string[]): string[][] {
  const choice = words.find((word) => /^[a-z]+(?:\|[a-z]+)+$/.test(word));
  if (choice === undefined) return [[...words]];
  return choice.split('|').map((one) => words.map((word) => (word === choice ? one : word)));
}

/** The words after each `handover` that is run, up to a comment, a pipe or the next command. */
const callsIn = (line: string): string[][] =>
  line
    .split(/ #| \| | && |; /)
    .map((part) => /^(?:\$ )?(?:sudo )?(?:[A-Z_]+=\S* )*(?:npx )?handover ([a-z].*)$/.exec(part.trim())?.[1])
    .filter((words) => words !== undefined)
    .flatMap((words) => alternatives(words.split(' ')));

/** As GitHub makes them from headings. */
const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set(
    all(text, /^#+ (.+)$/gm).map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );

const tree = await cliTree();
const program = await namesInTheProgram();

/** Every name in capitals that stands in the program, its scripts or its example of a configuration. */
async function namesInTheProgram(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const add = async (path: string): Promise<void> => {
    for (const name of all(await readFile(join(PROJECT, path), 'utf8'), /\b([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)\b/g))
      names.add(name);
  };
  await add('.env.example');
  for (const folder of ['src', 'deployment', 'tests', 'bench']) {
    for (const file of await readdir(join(PROJECT, folder), { recursive: true })) {
      if (/\.(?:ts|mjs|js|sh|env|ya?ml)$/.test(file)) await add(`${folder}/${file}`);
    }
  }
  return names;
}

const exists = (path: string): boolean => existsSync(join(PROJECT, path));

describe.each(pages)('$path', ({ path, text }) => {
  it('links to pages that exist', () => {
    const links = all(text, /\]\((?!https?:)([^)#\s]+)/g);
    expect(links.filter((link) => !exists(join(dirname(path), link)))).toEqual([]);
  });

  it('names files that exist', () => {
    const named = all(text, /`((?:src|tests|docs|deployment|bench|vault-template)\/[\w./-]*)`/g);
    // ARCHITECTURE.md speaks of what lies in src without saying so each time.
    const inSource = all(
      text,
      /`((?:core|stages|mail|vault|runtime|drafting|mcp|cloud|local|cli)\/[\w./-]*)`/g,
    );
    expect([...named, ...inSource.map((name) => `src/${name}`)].filter((name) => !exists(name))).toEqual([]);
  });

  it('names commands of npm that exist', async () => {
    const { scripts } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(all(text, /npm run ([\w:]+)/g).filter((name) => !(name in scripts))).toEqual([]);
  });

  it('links to headings that exist', async () => {
    const links = all(text, /\]\((?!https?:)([^)\s]*#[^)\s]+)\)/g);
    const missing = [];
    for (const link of links) {
      const [file = '', anchor = ''] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      const there = await readFile(join(PROJECT, target), 'utf8').catch(() => '');
      if (!anchorsOf(there).has(anchor)) missing.push(link);
    }
    expect(missing).toEqual([]);
  });

  it('calls handover with verbs and options that it knows', () => {
    const calls = codeIn(text).flatMap(callsIn);
    expect(calls.map((words) => faultOfCall(tree, words)).filter((fault) => fault !== null)).toEqual([]);
  });

  it('names settings that somebody reads', () => {
    const names = all(text, /`([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)(?:=[^`]*)?`/g);
    expect(names.filter((name) => !/^(NODE|PM2)_/.test(name) && !program.has(name))).toEqual([]);
  });
});

describe('the reading of documents', () => {
  it.each([
    ['`handover doctor`', ['doctor']],
    ['`npx handover sync apply --role cloud`', ['sync', 'apply', '--role', 'cloud']],
    ['```\n$ npx handover ls --json   # all\n```', ['ls', '--json']],
    ['```\nENV_FILE=x handover status | less\n```', ['status']],
    ['```\ncd handover && npx handover init --vault ~/V\n```', ['init', '--vault', '~/V']],
  ])('finds the call in %j', (text, words) => {
    expect(codeIn(text).flatMap(callsIn)).toEqual([words]);
  });

  it.each([
    [['launch'], 'handover knows no "launch"'],
    [['sync', 'aply'], 'handover sync knows no "aply"'],
    [['sync', 'apply', '--rolle', 'cloud'], 'handover sync apply knows no --rolle'],
    [['doctor', '--jsn'], 'handover doctor knows no --jsn'],
  ])('sees what is wrong with %j', (words, fault) => {
    expect(faultOfCall(tree, words)).toBe(fault);
  });

  it.each([[['sync', 'apply', '--role', 'cloud']], [['ls']], [['odoo', 'guard', 'check', '--json']]])(
    'lets %j pass',
    (words) => expect(faultOfCall(tree, words)).toBe(null),
  );
});

describe('a decision', () => {
  it.each(pages.filter(({ path }) => path.startsWith('docs/adr/')))(
    '$path has its four parts and is short',
    ({ text }) => {
      expect(all(text, /^## (.+)$/gm)).toEqual(['Context', 'Decision', 'Rejected', 'Consequence']);
      expect(text.split('\n').length).toBeLessThan(60);
    },
  );
});
