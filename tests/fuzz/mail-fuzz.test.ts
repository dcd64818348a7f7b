/**
 * A hundred thousand broken mails (`npm run test:long`; else a part of them): no crash, no hang, memory bounded, each in
 * exactly one state. Always the same ones, so that a failure can be repeated; `tests/fuzz/fuzz-mails.ts <seed> 1` does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runs } from '../helpers/runs.ts';
import { testDir } from '../helpers/testdir.ts';
import { dice, mutate } from './mutate-mail.ts';

/** Of each half. */
const SEEDS = 50_000;
const MAILS = runs(SEEDS);
/** The whole program, its packages included; without a bound the parser's trees of a few mails fill it. */
const HEAP_MB = 256;
/** No mail at work may be the same one after so long. */
const HANGS_MS = 60_000;

describe('very many broken mails', () => {
  it.each([
    ['first', 1],
    ['second', 1 + SEEDS],
  ])(
    'end in one state each, the %s half',
    async (_half, firstSeed) => {
      const { code, said } = await fuzz(firstSeed, MAILS);
      expect(said).not.toContain('failure');
      expect({ code, said: said.slice(-2000) }).toMatchObject({ code: 0 });
      const { mails, outcomes } = JSON.parse(said) as { mails: number; outcomes: Record<string, number> };
      console.log(said);
      expect(mails).toBe(MAILS);
      // A fuzzer that only ever makes one kind of mail says nothing about the others.
      expect(Object.keys(outcomes).sort()).toEqual(['already', 'bounce', 'card', 'quarantined', 'skipped']);
    },
    1_200_000,
  );

  it('are broken: hardly one is a mail as it was', () => {
    const [mail, other] = [
      Buffer.from('Subject: a\r\n\r\nbody of a mail\r\n'),
      Buffer.from('X: y\r\n\r\nz\r\n'),
    ];
    const same = Array.from({ length: 1000 }, (_, seed) => mutate(mail, other, dice(seed))).filter((broken) =>
      broken.equals(mail),
    );
    expect(same.length).toBeLessThan(20);
  });
});

async function fuzz(firstSeed: number, mails: number): Promise<{ code: number | string; said: string }> {
  const progress = join(await testDir(), 'at');
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', `--max-old-space-size=${HEAP_MB}`],
      ...[join(import.meta.dirname, 'fuzz-mails.ts'), String(firstSeed), String(mails), progress],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += String(chunk)));
  let last = '';
  const watch = setInterval(() => {
    void readFile(progress, 'utf8')
      .catch(() => '')
      .then((at) => {
        if (at !== last || at === '') last = at;
        else {
          said += `{"failure": "it hangs at seed ${at.trim()}"}`;
          child.kill('SIGKILL');
        }
      });
  }, HANGS_MS);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearInterval(watch);
  return { code: code ?? signal ?? 'unknown', said };
}
