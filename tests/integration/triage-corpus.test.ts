/** The labelled corpus through the real parser and triage: precision and recall of each class, with a floor. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { NO_RULES } from '../../src/core/mail-rules.ts';
import { type SkipCode, triage, type Triage } from '../../src/core/triage/triage.ts';
import { readMessage } from '../../src/mail/message/read-message.ts';
import { corpus, type Listed } from '../fixtures/mail/corpus/make/corpus.ts';
import { OWN } from '../fixtures/mail/corpus/make/voice.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/mail/corpus');

/** A mail often shows several signs; these reasons are right for a class besides its own. */
const ALSO: Readonly<Record<string, readonly SkipCode[]>> = {
  automatic: ['bulk', 'robot', 'list'],
  report: ['null-return-path', 'automatic', 'robot'],
  'null-return-path': ['automatic'],
  newsletter: ['list', 'bulk'],
  list: ['bulk', 'automatic'],
  robot: ['automatic'],
  calendar: ['robot'],
};

interface Judged extends Listed {
  readonly verdict: Triage;
}

let judged: readonly Judged[] = [];

beforeAll(async () => {
  const rows = JSON.parse(await readFile(join(FOLDER, 'index.json'), 'utf8')) as readonly Listed[];
  judged = await Promise.all(
    rows.map(async (row) => {
      const raw = await readFile(join(FOLDER, row.file));
      const read = await readMessage(raw, raw.length);
      if (!read.ok) throw new Error(`${row.file}: ${read.reason}`);
      return { ...row, verdict: triage(read.mail, { addresses: OWN, rules: NO_RULES, answered: false }) };
    }),
  );
});

describe('the corpus', () => {
  it('is what its makers make, and its index names class, label, system and source of each of at least 300 mails', async () => {
    const made = corpus();
    const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.eml'));
    expect(files.sort()).toEqual(made.map(({ file }) => file).sort());
    expect(made.length).toBeGreaterThanOrEqual(300);
    for (const { file, bytes } of made) {
      expect((await readFile(join(FOLDER, file))).equals(bytes), file).toBe(true);
    }
    const index = JSON.parse(await readFile(join(FOLDER, 'index.json'), 'utf8')) as readonly Listed[];
    expect(index).toEqual(made.map(({ bytes: _, ...row }) => row));
    for (const { class: kind, label, system, source } of index) {
      expect([kind, system, source].every((text) => text.length > 1)).toBe(true);
      expect(['card', 'skip']).toContain(label);
    }
  });

  it('loses no letter of a person, and keeps what nobody answers out of the queue', () => {
    const table = tableOf(judged);
    process.stdout.write(`${printed(table)}\n`);
    expect(wrong(judged)).toEqual([]);
    for (const row of table) {
      expect(row.recall, `recall of ${row.class}`).toBeGreaterThanOrEqual(0.98);
      expect(row.precision, `precision of ${row.class}`).toBeGreaterThanOrEqual(0.98);
    }
  });

  it('gives every skipped mail a reason of one sentence', () => {
    for (const { verdict } of judged) {
      if (verdict.verdict === 'card') continue;
      expect(verdict.reason.length).toBeGreaterThan(10);
      expect(verdict.reason.length).toBeLessThanOrEqual(200);
    }
  });
});

interface Row {
  readonly class: string;
  readonly mails: number;
  /** Share of the class with the right verdict. */
  readonly recall: number;
  /** Of the mails with this code (or with a card), the share whose label allows it. */
  readonly precision: number;
}

function tableOf(list: readonly Judged[]): Row[] {
  const classes = [...new Set(list.map((one) => one.class))];
  return classes.map((kind) => {
    const own = list.filter((one) => one.class === kind);
    const right = own.filter((one) => one.verdict.verdict === one.label);
    const skips = own[0]?.label === 'skip';
    const claimed = skips
      ? list.filter((one) => codeOf(one) === kind)
      : list.filter((one) => codeOf(one) === 'card');
    const allowed = claimed.filter((one) =>
      skips ? one.class === kind || (ALSO[one.class] ?? []).includes(kind as SkipCode) : one.label === 'card',
    );
    return {
      class: kind,
      mails: own.length,
      recall: right.length / own.length,
      precision: claimed.length === 0 ? 1 : allowed.length / claimed.length,
    };
  });
}

function codeOf({ verdict }: Judged): string {
  return verdict.verdict === 'card' ? 'card' : verdict.code;
}

function wrong(list: readonly Judged[]): string[] {
  return list
    .filter((one) => one.verdict.verdict !== one.label || !isRightReason(one))
    .map(
      (one) =>
        `${one.file}: ${one.verdict.verdict === 'card' ? 'card' : `${one.verdict.code} (${one.verdict.reason})`}`,
    );
}

function isRightReason(one: Judged): boolean {
  const code = codeOf(one);
  return one.label === 'card' || code === one.class || (ALSO[one.class] ?? []).includes(code as SkipCode);
}

function printed(table: readonly Row[]): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`.padStart(8);
  const rows = table.map(
    (row) =>
      `${row.class.padEnd(22)}${String(row.mails).padStart(5)}${percent(row.recall)}${percent(row.precision)}`,
  );
  return [`${'class'.padEnd(22)}mails  recall precision`, ...rows].join('\n');
}
