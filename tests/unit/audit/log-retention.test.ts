import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuditLog } from '../../../src/audit/audit-log.ts';
import { dropOldLogs, logRetention } from '../../../src/audit/log-retention.ts';
import { verifyAudit } from '../../../src/audit/verify-audit.ts';
import { readRecord } from '../../../src/core/audit-chain.ts';
import { testDir } from '../../helpers/testdir.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const NOON = Date.parse('2026-11-20T12:00:00Z');
const HANDLER = 'approval-handler';

/** Two processes of the laptop that wrote a line each tenth day for 120 days. */
async function place() {
  const root = await testDir();
  const dir = join(root, 'vault', 'Logs', 'local-agent');
  const headDir = join(root, 'state', 'audit');
  const clock = { now: NOON - 120 * DAY, monotonic: 0 };
  const open = (process: string) =>
    AuditLog.open({
      ...{ dir, process, now: () => clock.now },
      headFile: join(headDir, `${process}.head.json`),
    });
  for (; clock.now <= NOON; clock.now += 10 * DAY) {
    for (const process of [HANDLER, 'orchestrator']) {
      const log = await open(process);
      await log.append({ action: 'a.b', result: 'ok' });
      await log.append({ action: 'c.d', result: 'ok' });
    }
  }
  clock.now = NOON;
  const audit = await open('orchestrator');
  const deps = {
    ...{ dir, headDir, keepDays: 90, audit },
    ...{ now: () => clock.now, monotonic: () => clock.monotonic },
  };
  const filesOf = async (process: string) => (await readdir(dir)).filter((name) => name.includes(process));
  const findings = async () => (await verifyAudit({ dir, headDir })).findings;
  const kinds = async () => (await findings()).map((found) => found.kind);
  const told = async () => {
    const text = await readFile(join(dir, '2026-11-20.orchestrator.jsonl'), 'utf8');
    const lines = text.split('\n').map((line) => readRecord(Buffer.from(line)));
    return lines.flatMap((line) => (line.ok && line.record.action === 'audit.dropped' ? [line.record] : []));
  };
  return {
    dir,
    headDir,
    clock,
    deps,
    open,
    filesOf,
    kinds,
    told,
    basePath: join(headDir, `${HANDLER}.base.json`),
  };
}

describe('old days of the audit logs', () => {
  it('go, are told in a line that stays, and what is left is one chain', async () => {
    const { deps, dir, filesOf, kinds, told, open } = await place();
    expect(await filesOf(HANDLER)).toHaveLength(13);
    expect(await dropOldLogs(deps)).toBe(6);
    expect((await filesOf(HANDLER))[0]).toBe('2026-08-22.approval-handler.jsonl');
    expect(await kinds()).toEqual([]);
    expect(await told()).toMatchObject([
      {
        target: 'local-agent/approval-handler',
        parameters: { files: 3, lines: 6, from: '2026-07-23', through: '2026-08-12', findings: 0 },
        result: 'whole',
      },
      { target: 'local-agent/orchestrator', parameters: { files: 3 } },
    ]);
    const { chains } = await verifyAudit({ dir, headDir: deps.headDir });
    expect(chains.map((chain) => chain.droppedThrough)).toEqual(['2026-08-12', '2026-08-12']);
    await (await open(HANDLER)).append({ action: 'e.f', result: 'ok' });
    expect(await kinds()).toEqual([]);
    expect(await dropOldLogs(deps)).toBe(0);
  });

  it('go again as time passes', async () => {
    const { deps, clock, kinds, filesOf } = await place();
    await dropOldLogs(deps);
    clock.now += 25 * DAY;
    expect(await dropOldLogs(deps)).toBe(6);
    expect((await filesOf(HANDLER))[0]).toBe('2026-09-21.approval-handler.jsonl');
    expect(await kinds()).toEqual([]);
  });

  it('are found out to be gone when somebody else took one more', async () => {
    const { deps, dir, kinds } = await place();
    await dropOldLogs(deps);
    await rm(join(dir, '2026-08-22.approval-handler.jsonl'));
    expect(await kinds()).toEqual(['broken-link']);
  });

  it('are found out to be gone when somebody else took all that are left', async () => {
    const { deps, dir, filesOf, kinds } = await place();
    await dropOldLogs(deps);
    for (const name of await filesOf(HANDLER)) await rm(join(dir, name));
    expect(await kinds()).toEqual(['missing-chain']);
  });

  it('do not take the proof with them that somebody had changed them before', async () => {
    const { deps, dir, kinds, told } = await place();
    await rm(join(dir, '2026-08-02.approval-handler.jsonl'));
    await dropOldLogs(deps);
    expect((await told())[0]).toMatchObject({ parameters: { files: 2, findings: 1 }, result: 'not whole' });
    expect(await kinds()).toEqual([]);
  });

  it('that somebody put between them and the rest break the chain', async () => {
    const { deps, dir, kinds } = await place();
    const forged = await readFile(join(dir, '2026-07-23.approval-handler.jsonl'));
    await writeFile(join(dir, '2026-08-20.approval-handler.jsonl'), forged);
    await dropOldLogs(deps);
    expect(await kinds()).toEqual(['broken-link']);
  });

  it('that come back are no part of the log, and go with the next step', async () => {
    const { deps, dir, kinds, told } = await place();
    const old = join(dir, '2026-08-12.approval-handler.jsonl');
    const before = await readFile(old);
    await dropOldLogs(deps);
    await writeFile(old, before);
    expect(await kinds()).toEqual(['dropped-day']);
    expect(await dropOldLogs(deps)).toBe(1);
    expect(await kinds()).toEqual([]);
    expect(await told()).toHaveLength(2);
  });

  it('go after a crash between the record of it and the files', async () => {
    const { deps, dir, kinds } = await place();
    const copy = await testDir();
    await cp(dir, copy, { recursive: true });
    await dropOldLogs(deps);
    // The crash: all files are still there, and the record says that they went.
    for (const name of ['2026-08-02', '2026-08-12'].map((day) => `${day}.approval-handler.jsonl`))
      await cp(join(copy, name), join(dir, name));
    expect(await dropOldLogs(deps)).toBe(2);
    expect(await kinds()).toEqual([]);
  });

  it("of another machine's chains stay, and their beginning is not judged", async () => {
    const { deps, dir, headDir, filesOf } = await place();
    await rm(join(headDir, `${HANDLER}.head.json`));
    await dropOldLogs(deps);
    expect(await filesOf(HANDLER)).toHaveLength(13);
    await rm(join(dir, '2026-07-23.approval-handler.jsonl'));
    const { chains } = await verifyAudit({ dir, headDir });
    expect(chains[0]).toMatchObject({
      actor: 'local-agent/approval-handler',
      headKnown: false,
      findings: [],
    });
    await rm(join(dir, '2026-09-01.approval-handler.jsonl'));
    expect((await verifyAudit({ dir, headDir })).findings.map((found) => found.kind)).toEqual([
      'broken-link',
    ]);
  });

  it('stay while the record of them cannot be read', async () => {
    const { deps, basePath, filesOf } = await place();
    await mkdir(deps.headDir, { recursive: true });
    await writeFile(basePath, '{"hash":');
    await expect(dropOldLogs(deps)).rejects.toMatchObject({ code: 'log-head' });
    expect(await filesOf(HANDLER)).toHaveLength(13);
  });

  it('stay while the line about them cannot be written', async () => {
    const { deps, filesOf, kinds } = await place();
    const audit = { append: () => Promise.reject(new Error('full')) };
    await expect(dropOldLogs({ ...deps, audit })).rejects.toThrow('full');
    expect(await filesOf(HANDLER)).toHaveLength(13);
    expect(await kinds()).toEqual([]);
  });
});

describe('the clean-up of the logs', () => {
  it('does nothing in the first minutes, when the clock may be wrong, and then runs once a day', async () => {
    const { deps, clock, filesOf } = await place();
    const retention = logRetention(deps);
    clock.now += 4000 * DAY;
    expect(await retention.step()).toBe(0);
    clock.monotonic += 9 * MINUTE;
    expect(await retention.step()).toBe(0);
    clock.now = NOON;
    clock.monotonic += 2 * MINUTE;
    expect(await retention.step()).toBe(6);
    clock.now += 25 * DAY;
    clock.monotonic += 23 * 60 * MINUTE;
    expect(await retention.step()).toBe(0);
    clock.monotonic += 60 * MINUTE;
    expect(await retention.step()).toBe(6);
    expect((await filesOf(HANDLER))[0]).toBe('2026-09-21.approval-handler.jsonl');
  });
});
