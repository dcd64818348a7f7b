/** What all verbs have in common, and that docs/verbs.md says what is true. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXIT_WORDS } from '../../../src/cli/exit-codes.ts';
import { progress } from '../../../src/cli/progress.ts';
import { knownPlaces } from '../../../src/cli/run-cli.ts';
import { EXIT } from '../../../src/runtime/exit-codes.ts';
import { PROJECT } from '../../helpers/source-tree.ts';
import { typed, typedHost } from '../../helpers/typed.ts';

const page = await readFile(join(PROJECT, 'docs/verbs.md'), 'utf8');
const places = knownPlaces();
const verbs = places.filter((place) => place.verbs.length === 0);

describe('every verb', () => {
  it.each(verbs.map(({ at }) => at.trim()))('handover %s answers as JSON and explains itself', async (at) => {
    const place = verbs.find((one) => one.at === ` ${at}`);
    expect(place?.flags.map(({ long }) => long)).toContain('--json');
    expect(place?.about.length).toBeGreaterThan(10);
    const { exit, out } = await typed([...at.split(' '), '--help']);
    expect(exit).toBe(0);
    expect(out).toContain(`Usage: handover ${at}`);
    expect(await typed([...at.split(' '), '--no-such-flag'])).toMatchObject({ exit: 2 });
  });

  it('is named in docs/verbs.md', () => {
    const missing = verbs.filter(({ at }) => !page.includes(`handover${at}`)).map(({ at }) => at);
    expect(missing).toEqual([]);
  });
});

describe('docs/verbs.md', () => {
  it('has the exit codes that the program has', () => {
    const rows = [...page.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, words]) => [
      Number(code),
      words,
    ]);
    expect(rows).toEqual(EXIT_WORDS.map(([code, words]) => [code, words]));
    expect(EXIT_WORDS.map(([code]) => code).sort()).toEqual(Object.values(EXIT).sort());
  });

  it('names no flag that is not there', () => {
    const flags = new Set(places.flatMap((place) => place.flags.map(({ long }) => long)));
    const named = [...page.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((flag) => !flags.has(flag))).toEqual([]);
  });
});

describe('colour', () => {
  it('is there only where the terminal has it', async () => {
    const { run } = await typedHost();
    expect((await run(['ls'])).out).not.toContain('\u001b');
    expect((await run(['ls'], { colour: true })).out).toContain('\u001b[2m');
    expect((await run(['--help'], { colour: true })).out).toContain('\u001b[1mUsage:');
    expect((await run(['--help'])).out).not.toContain('\u001b');
    const { out } = await run(['ls', '--json'], { colour: true });
    expect(out).not.toContain('\u001b');
  });
});

describe('a verb that takes long', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('says what it is at from the first second on, not while it asks, and leaves nothing behind', () => {
    const lines: (string | null)[] = [];
    const shown = progress(
      (line) => lines.push(line),
      () => Date.now(),
    );
    shown.begin('ls');
    vi.advanceTimersByTime(900);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1100);
    shown.doing('counting Done');
    shown.pause();
    vi.advanceTimersByTime(5000);
    shown.resume();
    shown.end();
    vi.advanceTimersByTime(5000);
    expect(lines).toEqual(['ls ... 1 s', 'ls ... 2 s', 'counting Done ... 2 s', null]);
  });

  it('says nothing where nobody sees it', () => {
    const silent = progress(undefined, () => Date.now());
    silent.begin('ls');
    expect(vi.getTimerCount()).toBe(0);
    silent.end();
  });
});
