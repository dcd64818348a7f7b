import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  COMMON_KEYS,
  IMAP_KEYS,
  type Key,
  KEYS,
  ODOO_KEYS,
  SMTP_KEYS,
  SYNC_KEYS,
} from '../../src/runtime/config.ts';
import { PROJECT, readSources } from '../helpers/source-tree.ts';

/** Least privilege is visible in the code: each process names the keys that it gets. */
const sources = new Map((await readSources('src')).map((source) => [source.path, source]));
const mains = [...sources.values()].filter(({ path }) => path.endsWith('.main.ts'));
const lines = (await readFile(join(PROJECT, '.env.example'), 'utf8')).split('\n');

/** Of an administrator, for one command: no process may ever see them. */
const ADMIN_KEYS: readonly Key[] = ['ODOO_ADMIN_USERNAME', 'ODOO_ADMIN_API_KEY'];

function readersInCode(key: Key): string[] {
  if ((COMMON_KEYS as readonly Key[]).includes(key)) return ['all'];
  if (ADMIN_KEYS.includes(key)) return ['handover odoo guard'];
  const readers = mains
    .filter((main) =>
      [main.text, ...loaders(main.path)].some(
        (text) => text.includes(`'${key}'`) || bundles(key).some((bundle) => text.includes(bundle)),
      ),
    )
    .map(({ path }) => basename(path, '.main.ts'));
  // A process that runs on both hosts has an entry on each.
  return [...new Set(readers)].sort();
}

/** How a process names several keys at once. */
function bundles(key: Key): string[] {
  const all: readonly (readonly [string, readonly Key[]])[] = [
    ['...SYNC_KEYS', SYNC_KEYS],
    ['...ODOO_KEYS', ODOO_KEYS],
    ['...IMAP_KEYS', IMAP_KEYS],
    ['...SMTP_KEYS', SMTP_KEYS],
  ];
  return all.filter(([, keys]) => keys.includes(key)).map(([name]) => name);
}

/** Texts of what a process imports, however far, that reads configuration of its own. */
function loaders(main: string): string[] {
  const seen = new Set([main, 'src/runtime/config.ts', 'src/runtime/daemon.ts']);
  const found: string[] = [];
  const todo = [main];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    for (const { to } of sources.get(path)?.imports ?? []) {
      if (seen.has(to)) continue;
      seen.add(to);
      todo.push(to);
      const text = sources.get(to)?.text ?? '';
      if (text.includes('loadConfig(')) found.push(text);
    }
  }
  return found;
}

/** The comment right above the key. */
function commentOf(key: Key): string[] {
  const at = lines.findIndex((line) => line.startsWith(`${key}=`));
  let from = at;
  while ((lines[from - 1] ?? '').startsWith('#')) from--;
  return lines.slice(from, at);
}

describe('.env.example', () => {
  it.each(Object.keys(KEYS) as Key[])('says which processes read %s', (key) => {
    const said = /^# Read by: (.+)$/.exec(commentOf(key).at(-1) ?? '')?.[1] ?? '';
    expect(said.split(', ').sort()).toEqual(readersInCode(key));
  });

  it.each(Object.keys(KEYS) as Key[])('explains %s', (key) => {
    expect(commentOf(key).length).toBeGreaterThan(1);
  });
});

describe('the keys that send', () => {
  it.each(['SMTP_HOST', 'SMTP_USER', 'SMTP_PASSWORD'] as const)('%s is read by email-mcp alone', (key) => {
    expect(readersInCode(key)).toEqual(['email-mcp']);
  });
});

describe('the keys of an administrator of Odoo', () => {
  it.each(ADMIN_KEYS)(
    '%s is in the text of the command that installs the guard, and of no process',
    (key) => {
      const readers = [...sources.values()]
        .filter(({ path, text }) => path !== 'src/runtime/config.ts' && text.includes(`'${key}'`))
        .map(({ path }) => path);
      expect(readers.length).toBeGreaterThan(0);
      // Doctor asks only whether one was left behind.
      const allowed = ['src/cli/open-guarded-odoo.ts', 'src/cli/doctor-config.ts'];
      expect(readers.filter((path) => !allowed.includes(path))).toEqual([]);
    },
  );
});
