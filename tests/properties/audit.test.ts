import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { readRecord, renderRecord, sealRecord, type AuditParameters } from '../../src/core/audit-chain.ts';
import { maskEntry, maskText } from '../../src/core/audit-mask.ts';
import { runs } from '../helpers/runs.ts';
import { type TempDir, tempDir } from '../helpers/testdir.ts';

const HOURS_8 = 8 * 3_600_000;
const parameters = fc.object({ maxDepth: 4 }).map((o) => JSON.parse(JSON.stringify(o)) as AuditParameters);

describe('any tampering with the audit log is found', () => {
  let root: TempDir;
  let dir: string;
  let headDir: string;
  const files = new Map<string, Buffer>();

  beforeAll(async () => {
    root = await tempDir();
    dir = join(root.path, 'Logs', 'local-agent');
    headDir = join(root.path, 'audit');
    let now = Date.parse('2026-11-18T01:00:00Z');
    const headFile = join(headDir, 'orchestrator.head.json');
    const log = await AuditLog.open({ dir, process: 'orchestrator', headFile, now: () => now });
    for (let i = 0; i < 9; i++) {
      await log.append({
        action: 'mail.sent',
        task: `em-${i}`,
        parameters: { grüße: '😀', n: i },
        result: 'ok',
      });
      now += HOURS_8;
    }
    for (const name of await readdir(dir)) files.set(name, await readFile(join(dir, name)));
    expect(files.size).toBe(3);
    expect((await verifyAudit({ dir, headDir })).findings).toEqual([]);
  });
  afterAll(() => root.remove());

  async function findings(changed: ReadonlyMap<string, Buffer>) {
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir, { recursive: true });
    for (const [name, bytes] of changed) await writeFile(join(dir, name), bytes);
    return (await verifyAudit({ dir, headDir })).findings;
  }
  const pickFile = fc.nat().map((n) => [...files.keys()].sort()[n % files.size] ?? '');

  it('one changed byte', async () => {
    await fc.assert(
      fc.asyncProperty(pickFile, fc.nat(), fc.integer({ min: 1, max: 255 }), async (name, at, xor) => {
        const bytes = Buffer.from(files.get(name) ?? '');
        const i = at % bytes.length;
        bytes[i] = (bytes[i] ?? 0) ^ xor;
        // A whole file is still there, only one byte of it is different.
        expect(await findings(new Map([...files, [name, bytes]]))).not.toEqual([]);
      }),
      { numRuns: runs(1_000) },
    );
  });

  it('one byte added or removed', async () => {
    await fc.assert(
      fc.asyncProperty(pickFile, fc.nat(), fc.option(fc.nat(255)), async (name, at, added) => {
        const bytes = files.get(name) ?? Buffer.alloc(0);
        const i = at % bytes.length;
        const changed =
          added === null
            ? Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + 1)])
            : Buffer.concat([bytes.subarray(0, i), Buffer.of(added), bytes.subarray(i)]);
        expect(await findings(new Map([...files, [name, changed]]))).not.toEqual([]);
      }),
      { numRuns: runs(1_000) },
    );
  });

  it('the last byte of any file: a line that lost nothing but its end', async () => {
    for (const [name, bytes] of files) {
      expect(await findings(new Map([...files, [name, bytes.subarray(0, -1)]]))).not.toEqual([]);
    }
  });

  it('lines removed, doubled, or in another order, within a file and across files', async () => {
    const all = () => [...files].sort().flatMap(([name, b]) => lines(b).map((line) => ({ name, line })));
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.constantFrom('remove', 'double', 'swap'), async (a, b, how) => {
        const list = all();
        const [i, j] = [a % list.length, b % list.length];
        fc.pre(how !== 'swap' || i !== j);
        const [x, y] = [list[i], list[j]];
        if (!x || !y) return;
        if (how === 'remove') list.splice(i, 1);
        else if (how === 'double') list.splice(j, 0, { name: y.name, line: x.line });
        else
          [list[i], list[j]] = [
            { ...x, line: y.line },
            { ...y, line: x.line },
          ];
        const changed = new Map<string, Buffer>();
        for (const { name, line } of list)
          changed.set(name, Buffer.concat([changed.get(name) ?? Buffer.alloc(0), line]));
        expect(await findings(changed)).not.toEqual([]);
      }),
      { numRuns: runs(1_000) },
    );
  });

  it('any file removed, or the log cut at any byte', async () => {
    for (const name of files.keys()) {
      expect(await findings(new Map([...files].filter(([n]) => n !== name)))).not.toEqual([]);
    }
    const last = [...files.keys()].sort().at(-1) ?? '';
    const bytes = files.get(last) ?? Buffer.alloc(0);
    for (let cut = 0; cut < bytes.length; cut += 29) {
      expect(await findings(new Map([...files, [last, bytes.subarray(0, cut)]]))).not.toEqual([]);
    }
    expect(await findings(new Map())).not.toEqual([]);
  });
});

function lines(bytes: Buffer): Buffer[] {
  return bytes
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((l) => Buffer.from(`${l}\n`));
}

describe('an audit line', () => {
  const fields = { ts: 't', actor: 'a/b', prev: 'p' };

  it('comes back from disk as it was written, whatever the parameters hold', () => {
    fc.assert(
      fc.property(parameters, fc.string({ unit: 'binary' }), (p, s) => {
        const record = sealRecord({
          ...fields,
          ...maskEntry({ action: s, target: s, parameters: p, result: s }),
        });
        const line = Buffer.from(renderRecord(record));
        expect(line.indexOf(10)).toBe(line.length - 1);
        expect(line.length).toBeLessThan(64 * 1024);
        expect(readRecord(line.subarray(0, -1))).toEqual({ ok: true, record });
      }),
    );
  });

  it('never holds an address, whatever stands around it', () => {
    fc.assert(
      fc.property(fc.emailAddress({ size: 'small' }), fc.string(), (address, around) => {
        const masked = maskText(`${around} ${address}`);
        const local = address.split('@')[0] ?? '';
        if (local.length > 1) expect(masked).not.toContain(`${local}@`);
      }),
    );
  });
});
