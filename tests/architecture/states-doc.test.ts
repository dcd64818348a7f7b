import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CRASH_POINTS } from '../../src/core/crash-points.ts';
import { STATES } from '../../src/core/states.ts';

const doc = await readFile(join(import.meta.dirname, '../../docs/states.md'), 'utf8');

/** Cells of the table of folders, without code marks and bold. */
const table = doc
  .split('\n')
  .filter((line) => /^\| *`[A-Z]/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replace(/[`*]/g, '').trim()),
  );

describe('docs/states.md', () => {
  it('has the table of the code, row by row', () => {
    const words = (items: readonly string[]) => (items.length === 0 ? '–' : items.join(', '));
    const expected = STATES.map((row) => [
      row.folder,
      row.travelsToCloud ? 'yes' : 'no',
      words(row.createdBy),
      words(row.movedOutBy),
      words(row.next),
    ]);
    expect(table.slice(0, STATES.length)).toEqual(expected);
  });

  it.each(CRASH_POINTS)('says what a crash at %s leaves', (point) => {
    expect(doc).toContain(`\`${point}\``);
  });

  it('names no crash point that is not in the code', () => {
    const named = [
      ...doc.matchAll(/`((?:watcher|replier|handler|email-mcp|odoo-mcp|orchestrator):[a-z-]+)`/g),
    ];
    expect(
      named
        .map((match) => match[1])
        .filter((point) => !(CRASH_POINTS as readonly string[]).includes(point ?? '')),
    ).toEqual([]);
  });
});
