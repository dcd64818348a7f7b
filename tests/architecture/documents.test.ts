/** Documents name files, commands and verbs. What they name has to be there. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { PROJECT } from '../helpers/source-tree.ts';

const inDocs = await readdir(join(PROJECT, 'docs'), { recursive: true });
const paths = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...inDocs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
].sort();
const pages = await Promise.all(
  paths.map(async (path) => ({ path, text: await readFile(join(PROJECT, path), 'utf8') })),
);

const all = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? '')),
];
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

  it('names verbs of handover that exist', async () => {
    const help: string[] = [];
    const collect = (words: string): void => void help.push(words);
    await runCli(['--help'], { cwd: PROJECT, out: collect, err: collect });
    const verbs = all(help.join(''), /^ {2}([a-z]+)(?: |$)/gm);
    expect(all(text, /`(?:npx )?handover ([a-z]+)/g).filter((verb) => !verbs.includes(verb))).toEqual([]);
  });
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
