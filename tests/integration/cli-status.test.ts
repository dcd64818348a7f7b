/** `handover status`: what the dashboard tells, on one screen, and by its exit code whether somebody should look. */
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { taskIdFromMessage } from '../../src/core/task-id.ts';
import { EffectLimit } from '../../src/journal/effect-limit.ts';
import { Findings } from '../../src/stages/findings.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { typedHost } from '../helpers/typed.ts';

const ID = taskIdFromMessage('user@example.org', '<1@example.com>');
const NAME = `Anna - Offer ${ID}.md`;
const PEER = Array(8).fill('ABCDEFG').join('-');

const beat = (vault: Vault, agent: string, process: string, more: object = {}, at = Date.now()) =>
  vault.writeOther(
    `Updates/${agent}/${process}.json`,
    JSON.stringify({ process, at: new Date(at).toISOString(), state: 'ok', ...more }),
  );

/** A Syncthing as the laptop's, which answers what it is told to. */
async function syncthing(connected: boolean, behind: number): Promise<string> {
  const answers: Record<string, unknown> = {
    '/rest/system/connections': {
      connections: { [PEER]: { connected, paused: false, startedAt: '2026-11-20T10:00:00Z' } },
    },
    '/rest/stats/device': { [PEER]: { lastSeen: '2026-11-20T09:00:00Z' } },
    '/rest/db/status': { state: 'idle', needTotalItems: behind, localFiles: 1, globalFiles: 1, errors: 0 },
  };
  const server = createServer((request, response) => {
    const answer = answers[new URL(request.url ?? '/', 'http://x').pathname];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const TWO = {
  SYNC: 'syncthing',
  SYNCTHING_API_KEY: 'k',
  SYNCTHING_PEER_DEVICE: PEER,
  SMTP_HOST: 'smtp.example.org',
};

describe('handover status', () => {
  it('finds nothing to look at in a new vault', async () => {
    const { run, json } = await typedHost();
    const { exit, out } = await run(['status']);
    expect(exit).toBe(0);
    expect(out).toMatch(/^ok {5}nothing needs a look\n/);
    expect(out.split('\n').length).toBeLessThan(25);
    expect(await json('status')).toMatchObject({ exit: 0, answer: { ok: true, alarms: [] } });
  });

  it('tells what waits, who runs, what was used of the limits, and what is wrong with its cure', async () => {
    const { vault, stateDir, run, json } = await typedHost({
      SMTP_HOST: 'smtp.example.org',
      MAX_SENDS_PER_HOUR: '2',
    });
    const card = `---\nid: ${ID}\noutcome: in_doubt\n---\n## Reply\n`;
    await vault.create({ folder: 'Pending_Approval/email', name: NAME }, card);
    await vault.create({ folder: 'Quarantine', name: NAME }, card);
    await beat(vault, 'local-agent', 'approval-handler', {
      state: 'paused',
      reason: 'log in \u001b[2J again',
    });
    await beat(vault, 'local-agent', 'orchestrator', {}, Date.now() - 3_600_000);
    await beat(vault, 'cloud-agent', 'draft-replier');
    const limit = new EffectLimit({ stateDir, of: 'sends', perHour: 2, now: () => Date.now() });
    await limit.take();
    await mkdir(join(stateDir, 'orchestrator'));
    const findings = await Findings.open(join(stateDir, 'orchestrator', 'findings.json'), () => Date.now());
    findings.add('odd', 'something odd was seen');
    await findings.flush();
    await writeFile(join(vault.root, 'PAUSE.md'), '');
    const { exit, out } = await run(['status'], { colour: true });
    expect(exit).toBe(1);
    expect(out).not.toContain('\u001b[2J');
    expect(out).toContain(`\u001b[31m\u001b[1mALARM  it is not known whether a mail was sent: ${NAME}`);
    expect(out).toContain(`-> handover resolve ${ID} --sent, or --resend`);
    expect(out).toMatch(/ALARM {2}approval-handler is paused: log in .* again/);
    expect(out).toMatch(/ALARM {2}orchestrator is silent since .*\n\s+-> .*pm2 restart orchestrator/);
    expect(out).toContain('ALARM  something odd was seen');
    expect(out).toContain('nothing is sent while PAUSE.md is there');
    expect(out).toContain('DRY_RUN=true');
    expect(out).toContain('mails     1 of 2 this hour');
    expect(out).toContain('draft-replier         cloud-agent  \u001b[32mrunning');
    expect(await json('status')).toMatchObject({
      exit: 1,
      answer: {
        ok: false,
        paused: ['PAUSE.md'],
        queue: { waiting: 1, quarantined: 1, approved: 0 },
        limits: [{ of: 'mails', used: 1, perHour: 2 }],
      },
    });
  });

  it('knows the other machine by the Syncthing of this one', async () => {
    const there = await typedHost({ ...TWO, SYNCTHING_URL: await syncthing(true, 0) });
    await beat(there.vault, 'cloud-agent', 'draft-replier');
    expect((await there.run(['status'])).out).toContain(
      'link      Cloud: connected, drafting\n          Sync: in step',
    );
    const gone = await typedHost({ ...TWO, SYNCTHING_URL: await syncthing(false, 12) });
    const { exit, out } = await gone.run(['status']);
    expect(exit).toBe(1);
    expect(out).toMatch(/ALARM {2}The cloud and this laptop have no connection since 2026-11-20 09:00\./);
    expect(out).toMatch(/Sync: more than 10 files still to come/);
    const off = await typedHost({ ...TWO, SYNCTHING_URL: `http://127.0.0.1:${await freePort()}` });
    await off.vault.writeOther(
      'Updates/local-agent/takeover.json',
      '{"on":true,"since":"2026-11-20T09:00:00Z"}',
    );
    const silent = await off.run(['status']);
    expect(silent.out).toContain('ALARM  Syncthing on this laptop does not answer.');
    expect(silent.out).toContain("This laptop drafts in the cloud's place since 2026-11-20 09:00");
  });
});
