import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuditFault } from '../../../src/audit/audit-fault.ts';
import { AuditLog } from '../../../src/audit/audit-log.ts';
import { verifyAudit } from '../../../src/audit/verify-audit.ts';
import { readRecord } from '../../../src/core/audit-chain.ts';
import { testDir } from '../../helpers/testdir.ts';

const DAY = 86_400_000;
const NOON = Date.parse('2026-11-20T12:00:00Z');

async function place() {
  const root = await testDir();
  const dir = join(root, 'vault', 'Logs', 'local-agent');
  const headDir = join(root, 'state', 'audit');
  const clock = { now: NOON };
  const deps = {
    dir,
    process: 'approval-handler',
    headFile: join(headDir, 'approval-handler.head.json'),
    now: () => clock.now,
  };
  const records = async () => {
    const out = [];
    for (const name of (await readdir(dir)).sort()) {
      for (const line of (await readFile(join(dir, name), 'utf8')).split('\n')) {
        const read = readRecord(Buffer.from(line));
        if (read.ok) out.push(read.record);
      }
    }
    return out;
  };
  const kinds = async (withHead = true) =>
    (await verifyAudit(withHead ? { dir, headDir } : { dir })).findings.map((f) => f.kind);
  return { dir, headDir, clock, deps, records, kinds, today: join(dir, '2026-11-20.approval-handler.jsonl') };
}

describe('the audit log', () => {
  it('writes one masked, chained line per action', async () => {
    const { deps, records, kinds } = await place();
    const log = await AuditLog.open(deps);
    await log.append({
      action: 'mail.sent',
      task: 'em-0123456789abcdef',
      target: 'anna.meier@example.org',
      parameters: {
        to: ['Anna <anna.meier@example.org>'],
        body: 'the whole text',
        smtp_password: 'hunter2',
        bytes: 17,
      },
      approval: { who: 'user', when: '2026-11-20T11:59:00Z', hash: 'abc' },
      result: '250 ok, queued for anna.meier@example.org',
    });
    const [line] = await records();
    expect(line).toMatchObject({
      ts: '2026-11-20T12:00:00.000Z',
      action: 'mail.sent',
      actor: 'local-agent/approval-handler',
      task: 'em-0123456789abcdef',
      target: 'a***@example.org',
      parameters: {
        to: ['Anna <a***@example.org>'],
        body: '[14 characters]',
        smtp_password: '[secret]',
        bytes: 17,
      },
      approval: { who: 'user', when: '2026-11-20T11:59:00Z', hash: 'abc' },
      result: '250 ok, queued for a***@example.org',
    });
    expect(await kinds()).toEqual([]);
  });

  it('goes on across days and restarts as one chain', async () => {
    const { deps, clock, records, kinds } = await place();
    for (let day = 0; day < 3; day++) {
      const log = await AuditLog.open(deps);
      await log.append({ action: 'a', result: 'ok' });
      await log.append({ action: 'b', result: 'ok' });
      clock.now += DAY;
    }
    const all = await records();
    expect(all).toHaveLength(6);
    for (const [i, record] of all.slice(1).entries()) expect(record.prev).toBe(all[i]?.hash);
    expect(await kinds()).toEqual([]);
  });

  it('keeps the order of the chain when many append at once', async () => {
    const { deps, kinds, records } = await place();
    const log = await AuditLog.open(deps);
    await Promise.all(Array.from({ length: 30 }, (_, i) => log.append({ action: `n${i}`, result: 'ok' })));
    expect((await records()).map((r) => r.action)).toEqual(Array.from({ length: 30 }, (_, i) => `n${i}`));
    expect(await kinds()).toEqual([]);
  });

  it('does not write into an earlier file when the clock goes back', async () => {
    const { deps, clock, dir, kinds } = await place();
    const log = await AuditLog.open(deps);
    await log.append({ action: 'a', result: 'ok' });
    clock.now -= 3 * DAY;
    await log.append({ action: 'b', result: 'ok' });
    await (await AuditLog.open(deps)).append({ action: 'c', result: 'ok' });
    expect(await readdir(dir)).toEqual(['2026-11-20.approval-handler.jsonl']);
    expect(await kinds()).toEqual([]);
  });

  it('keeps a torn last line as evidence, names it, and goes on', async () => {
    const { deps, today, records, kinds } = await place();
    await (await AuditLog.open(deps)).append({ action: 'a', result: 'ok' });
    await appendFile(today, '{"ts":"2026-11-20T12:00:0');
    expect(await kinds()).toEqual(['torn-end']);
    await (await AuditLog.open(deps)).append({ action: 'b', result: 'ok' });
    expect(await readFile(today, 'utf8')).toContain('\n{"ts":"2026-11-20T12:00:0\n');
    expect((await records()).map((r) => r.action)).toEqual(['a', 'audit.recovered', 'b']);
    expect(await kinds()).toEqual([]);
    const text = await readFile(today, 'utf8');
    await writeFile(today, text.replace('12:00:0\n', '12:00:1\n'));
    expect(await kinds()).toContain('not-a-record');
  });

  it('survives a second crash while it names the first', async () => {
    const { deps, today, kinds } = await place();
    await (await AuditLog.open(deps)).append({ action: 'a', result: 'ok' });
    await appendFile(today, '{"ts":"2026\n{"ts":"2026-11');
    await (await AuditLog.open(deps)).append({ action: 'b', result: 'ok' });
    expect(await kinds()).toEqual([]);
  });

  it('heals a torn line that a full disk left while the process runs', async () => {
    const { deps, today, kinds, records } = await place();
    const log = await AuditLog.open(deps);
    await log.append({ action: 'a', result: 'ok' });
    await appendFile(today, '{"ts":');
    await log.append({ action: 'b', result: 'ok' });
    expect((await records()).map((r) => r.action)).toEqual(['a', 'audit.recovered', 'b']);
    expect(await kinds()).toEqual([]);
  });

  it('adopts the line that was written just before a crash kept the head behind', async () => {
    const { deps, headDir, records, kinds } = await place();
    const log = await AuditLog.open(deps);
    await log.append({ action: 'a', result: 'ok' });
    const head = await readFile(deps.headFile);
    await log.append({ action: 'b', result: 'ok' });
    await mkdir(headDir, { recursive: true });
    await writeFile(deps.headFile, head);
    expect(await kinds()).toEqual(['beyond-head']);
    await AuditLog.open(deps);
    expect((await records()).at(-1)).toMatchObject({ action: 'audit.recovered' });
    expect(await kinds()).toEqual([]);
  });

  it('writes down for good that its last lines were cut off while it was away', async () => {
    const { deps, today, kinds } = await place();
    const log = await AuditLog.open(deps);
    await log.append({ action: 'a', result: 'ok' });
    const { length } = await readFile(today);
    await log.append({ action: 'b', result: 'ok' });
    await truncate(today, length);
    expect(await kinds()).toEqual(['cut-end']);
    await (await AuditLog.open(deps)).append({ action: 'c', result: 'ok' });
    expect(await kinds()).toEqual(['gap-recorded']);
  });

  it('notices while it runs that its file went away', async () => {
    const { deps, today, kinds } = await place();
    const log = await AuditLog.open(deps);
    await log.append({ action: 'a', result: 'ok' });
    await rm(today);
    expect(await kinds()).toEqual(['missing-chain']);
    await log.append({ action: 'b', result: 'ok' });
    expect(await kinds()).toEqual(['gap-recorded']);
  });

  it('fails with AuditFault when the line cannot be written, and works again afterwards', async () => {
    const { deps, today, kinds } = await place();
    const log = await AuditLog.open(deps);
    await mkdir(today, { recursive: true });
    await expect(log.append({ action: 'a', result: 'ok' })).rejects.toThrow(AuditFault);
    await rm(today, { recursive: true });
    await log.append({ action: 'b', result: 'ok' });
    expect(await kinds()).toEqual([]);
  });

  it('never writes through a link in the place of its folder or file', async () => {
    const { deps, dir, today } = await place();
    const outside = await testDir({ 'target.txt': 'untouched' });
    await mkdir(join(dir, '..'), { recursive: true });
    await symlink(outside, dir);
    await expect(AuditLog.open(deps)).rejects.toThrow(AuditFault);
    await rm(dir);
    const log = await AuditLog.open(deps);
    await symlink(join(outside, 'target.txt'), today);
    await expect(log.append({ action: 'a', result: 'ok' })).rejects.toThrow(AuditFault);
    expect(await readFile(join(outside, 'target.txt'), 'utf8')).toBe('untouched');
  });

  it('does not start with a damaged head', async () => {
    const { deps, headDir } = await place();
    await mkdir(headDir, { recursive: true });
    await writeFile(deps.headFile, '{"hash":');
    await expect(AuditLog.open(deps)).rejects.toMatchObject({ code: 'log-head' });
  });

  it('finds a chain under the name of another process', async () => {
    const { deps, dir, kinds } = await place();
    await (await AuditLog.open({ ...deps, headFile: undefined })).append({ action: 'a', result: 'ok' });
    await rename(join(dir, '2026-11-20.approval-handler.jsonl'), join(dir, '2026-11-20.orchestrator.jsonl'));
    expect(await kinds()).toEqual(['wrong-actor']);
  });
});
