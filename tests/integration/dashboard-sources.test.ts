import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { cureOf } from '../../src/core/alarms.ts';
import { EffectLimit } from '../../src/journal/effect-limit.ts';
import { dashboardSources } from '../../src/local/dashboard-sources.ts';
import { sweepVault } from '../../src/stages/sweep-vault.ts';
import { Vault } from '../../src/vault/vault.ts';
import { testDir } from '../helpers/testdir.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-20T14:00:00Z');

async function world(config = { MAX_SENDS_PER_HOUR: 3, MAX_POSTS_PER_HOUR: 10 }) {
  const stateDir = await testDir();
  const logs = join(stateDir, 'Logs/local-agent');
  let now = START;
  const sources = await dashboardSources({ logs, stateDir, now: () => now, config });
  return {
    ...{ stateDir, logs, sources },
    wait: (ms: number) => (now += ms),
    take: (dir = stateDir, of: 'sends' | 'posts' = 'sends') =>
      new EffectLimit({ stateDir: dir, of, perHour: 100, now: () => now }).take(),
  };
}

describe('the limits on the dashboard', () => {
  it('count what was sent and posted within the hour, account by account, and not what surely was not', async () => {
    const h = await world();
    expect(await h.sources.limits()).toEqual([
      { of: 'mails', account: null, used: 0, perHour: 3, freeAt: null },
      { of: 'invoices', account: null, used: 0, perHour: 10, freeAt: null },
    ]);
    await h.take();
    const slot = await h.take();
    if (!slot.ok) throw new Error('no place');
    await slot.release();
    await h.take(h.stateDir, 'posts');
    await mkdir(join(h.stateDir, 'accounts/club'), { recursive: true });
    await h.take(join(h.stateDir, 'accounts/club'));
    expect(await h.sources.limits()).toEqual([
      { of: 'mails', account: null, used: 1, perHour: 3, freeAt: null },
      { of: 'mails', account: 'club', used: 1, perHour: null, freeAt: null },
      { of: 'invoices', account: null, used: 1, perHour: 10, freeAt: null },
    ]);
  });

  it('say exactly when the next may go once none may, and otherwise change in quarters of an hour', async () => {
    const h = await world();
    for (let n = 0; n < 3; n++) {
      await h.take();
      h.wait(MINUTE);
    }
    const mails = async () => (await h.sources.limits())[0];
    expect(await mails()).toMatchObject({ used: 3, freeAt: START + 60 * MINUTE });
    h.wait(57 * MINUTE);
    expect(await mails()).toMatchObject({ used: 2, freeAt: null });
    h.wait(3 * MINUTE);
    expect(await mails()).toMatchObject({ used: 2 });
    h.wait(12 * MINUTE);
    expect(await mails()).toMatchObject({ used: 0 });
  });
});

describe('the log on the dashboard', () => {
  it('is read again when it grew, newest first, and holds what the page tells', async () => {
    const h = await world();
    expect(await h.sources.sentRecords()).toEqual([]);
    const log = await AuditLog.open({ dir: h.logs, process: 'approval-handler', now: () => START });
    for (const action of ['mail.approved', 'mail.sent', 'task.claimed', 'mail.bounced', 'invoice.posted'])
      await log.append({ action, task: 'em-0000000000000001', result: 'x' });
    const actions = async () => (await h.sources.sentRecords()).map(({ action }) => action);
    expect(await actions()).toEqual(['invoice.posted', 'mail.bounced', 'mail.sent', 'mail.approved']);
    expect(await h.sources.sentRecords()).toBe(await h.sources.sentRecords());
    await log.append({ action: 'mail.sent', task: 'em-0000000000000002', result: 'x' });
    expect((await actions())[0]).toBe('mail.sent');
    await appendFile(join(h.logs, '2026-11-20.approval-handler.jsonl'), 'torn');
    expect((await actions())[0]).toBe('mail.sent');
  });
});

it('a sentence of the sweep that says no cure gets one', async () => {
  const vault = await Vault.open(await testDir({ 'Approved/.keep': '' }));
  await mkdir(join(vault.root, 'Approved/of mine'));
  const audit = { append: () => Promise.resolve() };
  const { faults } = await sweepVault(
    { vault, now: () => START, timeZone: 'UTC', audit, conflictCopies: 'leave' },
    'open',
  );
  expect(faults).toHaveLength(1);
  expect(cureOf(faults[0] ?? '')).toContain('Give it a plain name');
});
