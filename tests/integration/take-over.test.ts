import { chmod, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startTakeOver, type TakeOverDeps } from '../../src/local/take-over.ts';
import { mailNote, openReplier } from '../helpers/replier.ts';
import { type SteeredClock, steeredClock } from '../helpers/steered-clock.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';
import { onlyWriter } from '../../src/stages/account-writers.ts';

/** The take-over without a Syncthing to ask; `take-over-on-a-pair.test.ts` has real ones. */
const SETTINGS = {
  takeoverMs: 60_000,
  writerFor: onlyWriter({ name: 'Mia', addresses: ['mia@example.net'], replyAll: false }),
  expiresMs: 72 * 3_600_000,
  drafter: { drafter: 'template', model: '', baseUrl: '', apiKey: '', timeoutMs: 1000 },
} as const;

async function laptop() {
  const replier = await openReplier();
  const clock = steeredClock();
  const faults: (string | null)[] = [];
  const deps: TakeOverDeps = {
    vault: replier.vault,
    clock,
    log: pino({ level: 'silent' }),
    stateDir: await testDir(),
    at: () => undefined,
    timeZone: 'UTC',
    scanSeconds: 1,
    sync: null,
    peer: () => ({ connected: false, known: false }),
    audit: { append: () => Promise.resolve() },
    onChange: () => undefined,
    onFault: (words) => faults.push(words),
  };
  const start = async (change: Partial<TakeOverDeps> = {}) => {
    const takeOver = await startTakeOver({ ...deps, settings: SETTINGS, ...change });
    onTestFinished(() => takeOver.stop());
    return takeOver;
  };
  return { replier, clock, faults, start, deps };
}

async function silence(clock: SteeredClock, over: () => boolean): Promise<void> {
  await until('it is on', () => {
    clock.advance(10_000);
    return over();
  });
}

describe('the take-over', () => {
  it.each(['Updates/local-agent', 'Updates/cloud-agent'])(
    'does not stop the orchestrator when a peer replaced %s by a link, and writes nothing through it',
    async (folder) => {
      const { replier, clock, start } = await laptop();
      const outside = await testDir({ 'mine.txt': 'mine' });
      await rm(join(replier.root, folder), { recursive: true });
      await symlink(outside, join(replier.root, folder));
      const takeOver = await start();
      await silence(clock, () => takeOver.state().on);
      expect(await readdir(outside)).toEqual(['mine.txt']);
    },
  );

  it('without what it needs says so by name, once, and does nothing', async () => {
    const { replier, clock, faults, deps, start } = await laptop();
    const { name, source } = mailNote();
    await replier.put(`Needs_Action/email/${name}`, source);
    const takeOver = await startTakeOver(deps);
    for (let i = 0; i < 60; i++) clock.advance(10_000);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain('MAIL_FROM is missing');
    expect(takeOver.state()).toEqual({ on: false, since: null, drafted: 0 });
    await takeOver.stop();
    // The same with its settings: it would have drafted.
    const able = await start();
    await silence(clock, () => able.state().on);
    await until('it is offered', () => replier.vault.exists({ folder: 'Pending_Approval/email', name }));
  });

  it('without the model’s key, which is the cloud’s, drafts from the templates', async () => {
    const { replier, clock, start } = await laptop();
    const { name, source } = mailNote();
    await replier.put(`Needs_Action/email/${name}`, source);
    const drafter = { ...SETTINGS.drafter, drafter: 'anthropic', model: 'some' } as const;
    const takeOver = await start({ settings: { ...SETTINGS, drafter } });
    await silence(clock, () => takeOver.state().on);
    await until('it is offered', () => replier.vault.exists({ folder: 'Pending_Approval/email', name }));
    expect((await replier.note(`Pending_Approval/email/${name}`)).data['drafted_by']).toBe('template');
  });

  it('drafts for each account of the accounts file as that account', async () => {
    const { replier, clock, faults, deps } = await laptop();
    const accounts = ['work', 'club'].map(
      (name) => `[accounts.${name}]\nfrom = "Mia of ${name} <mia@${name}.example>"\n`,
    );
    const dir = await testDir({ 'accounts.toml': accounts.join(''), env: '' });
    await Promise.all(['accounts.toml', 'env'].map((name) => chmod(join(dir, name), 0o600)));
    await replier.put('Company_Handbook.md', '## Signature club\n\nWith a song\n{{my_name}}\n');
    await replier.put(
      'Templates/Default.md',
      '---\nfor: email_reply\n---\n\nHello {{name}}.\n\n{{signature}}\n',
    );
    const env = { ENV_FILE: join(dir, 'env'), VAULT_DIR: replier.root, STATE_DIR: deps.stateDir };
    for (const [key, value] of Object.entries({
      ...env,
      ACCOUNTS_FILE: 'accounts.toml',
      TAKEOVER_MINUTES: '1',
    }))
      vi.stubEnv(key, value);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const { name, source } = mailNote({ account: 'club' });
    await replier.put(`Needs_Action/email/${name}`, source);
    const takeOver = await startTakeOver(deps);
    onTestFinished(() => takeOver.stop());
    expect(faults).toEqual([]);
    await silence(clock, () => takeOver.state().on);
    await until('it is offered', () => replier.vault.exists({ folder: 'Pending_Approval/email', name }));
    const { body, data } = await replier.note(`Pending_Approval/email/${name}`);
    expect(data['account']).toBe('club');
    expect(body).toContain('**From** Mia of club <mia@club.example> · **To** Anna Berg');
    expect(body).toContain('With a song\nMia of club');
  });
});
