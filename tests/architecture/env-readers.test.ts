import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMON_KEYS, type Key, KEYS, SYNC_KEYS } from '../../src/runtime/config.ts';
import { PROJECT, readSources } from '../helpers/source-tree.ts';

/** Least privilege is visible in the code: each process names the keys that it gets. */
const mains = (await readSources('src')).filter(({ path }) => path.endsWith('.main.ts'));
const lines = (await readFile(join(PROJECT, '.env.example'), 'utf8')).split('\n');

function readersInCode(key: Key): string[] {
  if ((COMMON_KEYS as readonly Key[]).includes(key)) return ['all'];
  const readers = mains
    .filter(({ text }) => text.includes(`'${key}'`) || (isSyncKey(key) && text.includes('...SYNC_KEYS')))
    .map(({ path }) => basename(path, '.main.ts'));
  // A process that runs on both hosts has an entry on each.
  return [...new Set(readers)].sort();
}

const isSyncKey = (key: Key): boolean => (SYNC_KEYS as readonly Key[]).includes(key);

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
