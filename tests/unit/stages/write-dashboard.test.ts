import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../../src/core/audit-chain.ts';
import type { HandoverFacts } from '../../../src/core/handover.ts';
import { LastLook } from '../../../src/stages/last-look.ts';
import { type DashboardDeps, dashboardWriter } from '../../../src/stages/write-dashboard.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { testDir } from '../../helpers/testdir.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const START = Date.parse('2026-11-20T14:30:00Z');
const name = (n: number) => `Question em-000000000000000${n}.md`;
const task = (n: number) => `em-000000000000000${n}`;

let dir: string;
let vault: Vault;
let now: number;
let records: AuditRecord[];

beforeEach(async () => {
  dir = await testDir({ 'vault/.keep': '' });
  vault = await Vault.open(join(dir, 'vault'));
  await vault.ensureFolders();
  now = START;
  records = [];
});

const file = () => join(vault.root, 'Dashboard.md');
const page = () => readFile(file(), 'utf8').catch(() => '');
const card = (n: number, drafted = '2026-11-20T14:00:00') =>
  vault.create(
    { folder: 'Pending_Approval/email', name: name(n) },
    `---\nid: ${task(n)}\ndrafted_at: ${drafted}\n---\n## Reply\n\nYes.\n`,
  );
function writer(change: Partial<DashboardDeps> = {}) {
  return dashboardWriter({
    ...{ vault, timeZone: 'UTC', dryRun: false, now: () => now, sentRecords: () => Promise.resolve(records) },
    ...change,
  });
}
const record = (action: string, n: number, ts: number): AuditRecord => ({
  ...{ action, task: task(n), ts: new Date(ts).toISOString(), actor: 'local-agent/approval-handler' },
  ...{ target: null, parameters: {}, approval: null, result: 'x', prev: '', hash: '' },
});

it('remembers every card it names before the page is there', async () => {
  const ref = { folder: 'Pending_Approval/email', name: name(1) } as const;
  await card(1);
  const seen: unknown[] = [];
  const dashboard = writer({
    remember: async (shown, at) => {
      seen.push({ shown, at, page: await page() });
    },
  });
  await dashboard.write([]);
  expect(seen).toEqual([{ shown: [ref], at: START, page: '' }]);
  expect(await page()).toContain(task(1));
});

describe('the page', () => {
  it('is written when something changed and not for a minute that went by', async () => {
    const dashboard = writer();
    await card(1);
    expect(await dashboard.write([])).toBe('written');
    for (; now < START + 14 * MINUTE; now += MINUTE) expect(await dashboard.write([])).toBe('unchanged');
    await card(2);
    expect(await dashboard.write([])).toBe('written');
  });

  it('is written once in a few seconds, and then with all that happened', async () => {
    const wakes: number[] = [];
    const dashboard = writer({ wakeAt: (at) => wakes.push(at) });
    expect(await dashboard.write([])).toBe('written');
    now += SECOND;
    await card(1);
    expect(await dashboard.write([])).toBe('put_off');
    expect(wakes).toEqual([START + 2 * SECOND]);
    now = START + 2 * SECOND;
    await card(2);
    expect(await dashboard.write([])).toBe('written');
    expect(await page()).toContain('Waits for you (2)');
  });

  it('is not kept for ever by a clock that was set back', async () => {
    const dashboard = writer({ wakeAt: () => undefined });
    await dashboard.write([]);
    now -= 60 * MINUTE;
    await card(1);
    expect(await dashboard.write([])).toBe('written');
  });

  it('waits for a user who writes into it, but not for ever, and not for a time that has not come', async () => {
    const wakes: number[] = [];
    const dashboard = writer({ wakeAt: (at) => wakes.push(at) });
    await dashboard.write([]);
    const type = async (at: number) => {
      await writeFile(file(), `my words at ${at}`);
      await utimes(file(), at / 1000, at / 1000);
    };
    now += MINUTE;
    await type(now - 2 * SECOND);
    expect(await dashboard.write([])).toBe('unchanged');
    await card(1);
    expect(await dashboard.write([])).toBe('put_off');
    expect(wakes).toEqual([now + 8 * SECOND]);
    expect(await page()).toContain('my words');
    const since = now;
    for (now += 8 * SECOND; now < since + MINUTE; now += 8 * SECOND) {
      await type(now - SECOND);
      expect(await dashboard.write([])).toBe('put_off');
    }
    await type(now - SECOND);
    expect(await dashboard.write([])).toBe('written');
    now += MINUTE;
    await card(2);
    await type(now + 5 * MINUTE);
    expect(await dashboard.write([])).toBe('written');
    expect(await page()).toContain('Waits for you (2)');
  });

  it('is written at once when another device changed it, and when this machine goes', async () => {
    let stoppedAt: number | null = null;
    const handover = (): HandoverFacts => ({
      ...{ link: { known: false, connected: false, since: null }, replier: { presence: 'never' } },
      ...{
        takeOver: { on: false, since: null, drafted: 0 },
        away: null,
        sync: { state: 'in_step' },
        stoppedAt,
      },
    });
    const dashboard = writer({ wakeAt: () => undefined, handover });
    await dashboard.write([]);
    now += MINUTE;
    await writeFile(file(), 'All is well');
    await utimes(file(), now / 1000, now / 1000);
    dashboard.forget();
    expect(await dashboard.write([])).toBe('written');
    expect(await page()).not.toContain('All is well');
    now += SECOND;
    stoppedAt = now;
    expect(await dashboard.write([])).toBe('written');
    expect(await page()).toContain('The laptop is off');
  });

  it('tells of a lag once it lasts, and since when', async () => {
    let sync: HandoverFacts['sync'] = { state: 'behind', files: 4 };
    const dashboard = writer({
      handover: (replier) => ({
        ...{ link: { known: true, connected: true, since: 1 }, replier, away: null, sync, stoppedAt: null },
        takeOver: { on: false, since: null, drafted: 0 },
      }),
    });
    await dashboard.write([]);
    expect(await page()).toContain('Sync: in step');
    now += 30 * SECOND;
    await dashboard.write([]);
    expect(await page()).toContain('Sync: a few files still to come, behind since 2026-11-20 14:30');
    now += 60 * MINUTE;
    await dashboard.write([]);
    expect(await page()).toContain('> - Sync is **behind since 2026-11-20 14:30**.');
    sync = { state: 'in_step' };
    await dashboard.write([]);
    expect(await page()).toContain('Sync: in step');
  });

  it('names what was sent by the name its note had, and looks for others through the month only now and then', async () => {
    const ref = { folder: 'In_Progress/local-agent', name: name(1) } as const;
    await vault.create(ref, 'x');
    const dashboard = writer();
    await dashboard.write([]);
    await vault.move(ref, 'Done/2026-11');
    await vault.create({ folder: 'Done/2026-11', name: name(2) }, 'x');
    records = [1, 2, 3].map((n) => record('mail.sent', n, START));
    await dashboard.write([]);
    expect(await page()).toContain(
      `- [[Question ${task(1)}|Question]] · 2026-11-20 14:30\n- [[Question ${task(2)}|Question]] · 2026-11-20 14:30\n- em\\-`,
    );
    await vault.create({ folder: 'Done/2026-11', name: name(3) }, 'x');
    expect(await dashboard.write([])).toBe('unchanged');
    now += MINUTE;
    expect(await dashboard.write([])).toBe('written');
    expect(await page()).toContain(`[[Question ${task(3)}|Question]]`);
  });
});

describe('since the user was last here', () => {
  const looked = () => LastLook.open(join(dir, 'last-look.json'));

  it('counts from the last visit, which a moved card begins and half an hour ends', async () => {
    const lastLook = await looked();
    const dashboard = writer({ lastLook });
    await card(1, '2026-11-20T10:00:00');
    await dashboard.write([]);
    expect(await page()).not.toContain('last here');
    await vault.move({ folder: 'Pending_Approval/email', name: name(1) }, 'Rejected');
    await dashboard.write([]);
    now += 31 * MINUTE;
    records = [
      record('mail.sent', 2, now),
      record('mail.sent', 2, now),
      record('invoice.posted', 3, now),
      record('mail.bounced', 4, now),
      record('mail.sent', 5, START - MINUTE),
    ];
    await card(6, '2026-11-20T15:00:00');
    await card(7, '2026-11-20T09:00:00');
    await dashboard.write([]);
    expect(await page()).toContain(
      'Since 2026-11-20 14:30, when you last moved or edited a card: 1 mail sent, 1 invoice posted, 1 came back to you, 1 new card.',
    );
    // The same after a restart, and while the next visit lasts.
    const again = writer({ lastLook: await looked() });
    await again.write([]);
    const edited = join(vault.root, 'Pending_Approval/email', name(7));
    await writeFile(edited, (await readFile(edited, 'utf8')).replace('Yes.', 'Yes!'));
    await again.write([]);
    expect(await page()).toContain('Since 2026-11-20 14:30, when');
    now += 31 * MINUTE;
    await again.write([]);
    expect(await page()).not.toContain('last here');
  });

  it('takes a yes of the log for a sign, and no move of an agent', async () => {
    const lastLook = await looked();
    const dashboard = writer({ lastLook });
    await card(1);
    await card(2);
    await dashboard.write([]);
    await vault.move({ folder: 'Pending_Approval/email', name: name(1) }, 'Skipped');
    await vault.move({ folder: 'Pending_Approval/email', name: name(2) }, 'Conflicts');
    await dashboard.write([]);
    expect(lastLook.since(now + 60 * MINUTE)).toBeNull();
    records = [record('mail.approved', 3, START - 60 * MINUTE), record('mail.approved', 3, now + MINUTE)];
    await dashboard.write([]);
    expect(lastLook.since(now + 60 * MINUTE)).toBe(START - 60 * MINUTE);
  });

  it('names the mails skipped yesterday when the user was not here since', async () => {
    const lastLook = await looked();
    records = [record('mail.approved', 3, START - 24 * 60 * MINUTE)];
    await vault.writeOther(
      'Updates/cloud-agent/Skipped-2026-11-19.md',
      '# Skipped on 2026-11-19\n\n4 mails were skipped. x',
    );
    await writer({ lastLook }).write([]);
    expect(await page()).toContain('nothing was sent.\n\n4 mails skipped yesterday: [[Skipped-2026-11-19]]');
  });
});
