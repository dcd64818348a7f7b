/** backup.sh of the deployment, on a real Odoo 19 with its filestore. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DeployedOdoo, startDeployedOdoo } from '../helpers/deployed-odoo.ts';
import { backup, backupInAnotherSecond, invoice, NAME, removeCopies } from '../helpers/odoo-backups.ts';
import { SCRIPTS } from '../helpers/odoo-scripts.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

// A restore loads a whole database; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 300_000 });

let odoo: DeployedOdoo;

beforeAll(async () => {
  odoo = await startDeployedOdoo();
}, 120_000);
afterAll(() => odoo.stop());
beforeEach(async () => {
  for (const name of await readdir(odoo.backups)) await rm(join(odoo.backups, name), { recursive: true });
});

describe('a backup', () => {
  it('is a folder of its own with dump, files, manifest and checksums, for its owner alone', async () => {
    await invoice(odoo, 'Anna Example', 100, randomBytes(5000));
    const name = await backup(odoo);
    const folder = join(odoo.backups, name);
    expect((await readdir(folder)).sort()).toEqual(
      ['SHA256SUMS', 'database.dump', 'filestore.tar', 'manifest.txt'].sort(),
    );
    expect(((await stat(folder)).mode & 0o777).toString(8)).toBe('700');
    for (const part of await readdir(folder))
      expect(((await stat(join(folder, part))).mode & 0o777).toString(8), part).toBe('600');
    const manifest = await readFile(join(folder, 'manifest.txt'), 'utf8');
    expect(manifest).toMatch(/^odoo: 19\.0\./m);
    expect(manifest).toMatch(/^missing: 0$/m);
    expect(await readdir(odoo.backups)).toEqual([name]);
    expect(await odoo.script('restore.sh', ['--verify', name])).toMatchObject({ code: 0 });
  });

  it('is of one moment although Odoo works on: the files are those that the dump names', async () => {
    const traffic = new AbortController();
    let made = 0;
    const busy = (async () => {
      while (!traffic.signal.aborted) {
        const ids = (await odoo.call('ir.attachment', 'create', {
          vals_list: [{ name: `busy ${made}`, datas: randomBytes(3000).toString('base64') }],
        })) as number[];
        if (made % 2 === 0) await odoo.call('ir.attachment', 'unlink', { ids });
        made += 1;
      }
    })();
    await until('there is traffic', () => made > 3);
    const first = await backup(odoo);
    const seen = made;
    await until('there is more', () => made > seen + 3);
    const names = [first, await backupInAnotherSecond(odoo)];
    traffic.abort();
    await busy;
    for (const name of names) {
      const folder = join(odoo.backups, name);
      const files = await execa('tar', ['-tf', join(folder, 'filestore.tar')]);
      expect(files.stdout.split('\n').sort()).toEqual(await namedByDump(folder));
    }
  });

  it('keeps Odoo’s collector away while it runs, and no longer', async () => {
    // What _gc_file_store does first, in its own words; NOWAIT instead of its ten seconds.
    const collector = 'BEGIN; LOCK TABLE ir_attachment IN SHARE MODE NOWAIT; ROLLBACK';
    const dir = await testDir();
    // A pg_dump that waits for a sign, so that the backup is surely in the middle.
    const go = join(dir, 'go');
    await writeFile(
      join(dir, 'pg_dump'),
      `#!/bin/bash\ntouch '${dir}/there'\nwhile [ ! -e '${go}' ]; do sleep 0.02; done\nexec "$REAL/pg_dump" "$@"\n`,
      { mode: 0o755 },
    );
    const { PATH: path = '' } = odoo.environment;
    const running = odoo.script('backup.sh', [], { PATH: `${dir}:${path}`, REAL: path.split(':')[0]! });
    await until('the dump begins', async () => (await readdir(dir)).includes('there'));
    await expect(odoo.sql(collector)).rejects.toThrow(/could not obtain lock/);
    // Others write on.
    await odoo.call('ir.attachment', 'create', { vals_list: [{ name: 'meanwhile', datas: 'YQ==' }] });
    await writeFile(go, '');
    expect(await running).toMatchObject({ code: 0 });
    await odoo.sql(collector);
  });
});

/** The files of the filestore that the attachments in a dump have. */
async function namedByDump(folder: string): Promise<string[]> {
  const args = ['--data-only', '--table=ir_attachment', '--file=-', join(folder, 'database.dump')];
  const { stdout } = await execa('pg_restore', args, { env: { ...odoo.environment } });
  const lines = stdout.split('\n');
  const start = lines.findIndex((line) => line.startsWith('COPY '));
  const columns = /\((.*)\)/.exec(lines[start]!)![1]!.split(', ');
  const rows = lines.slice(start + 1, lines.indexOf('\\.')).map((line) => line.split('\t'));
  const names = rows.map((row) => row[columns.indexOf('store_fname')]!).filter((name) => name !== '\\N');
  return [...new Set(names)].sort();
}

describe('a backup that is not whole', () => {
  it('never has the name of one: killed at any moment, what is left is no backup, and the next run clears it', async () => {
    for (const command of ['pg_dump', 'tar', 'pg_restore', 'sha256sum', 'sync', 'mv']) {
      const dir = await testDir();
      const there = join(dir, 'there');
      // Stands still at that program, for as long as it lives.
      await writeFile(join(dir, command), `#!/bin/bash\ntouch '${there}'\nexec sleep 600\n`, { mode: 0o755 });
      const child = spawn(join(SCRIPTS, 'backup.sh'), ['--bare'], {
        env: { ...odoo.environment, PATH: `${dir}:${odoo.environment['PATH'] ?? ''}` },
        stdio: 'ignore',
        detached: true,
      });
      const gone = once(child, 'exit');
      await until(`it comes to ${command}`, async () => (await readdir(dir)).includes('there'));
      process.kill(-child.pid!, 'SIGKILL');
      await gone;
      const left = await readdir(odoo.backups);
      expect(left, command).toEqual([expect.stringMatching(/^\.partial-books-/)]);
      expect(await odoo.script('restore.sh', ['--list']), command).toEqual({ code: 0, said: '' });
      expect((await odoo.script('restore.sh', ['--verify', left[0]!])).code, command).toBe(1);
      expect(await odoo.script('monitor.sh', ['--only', 'backup']), command).toMatchObject({ code: 2 });
      // Its children hold the lock until they are gone as well.
      await until('the lock is free', () =>
        execa('/usr/bin/flock', ['-n', odoo.backups, 'true'], { reject: false }).then(
          ({ exitCode }) => exitCode === 0,
        ),
      );
    }
    const name = await backup(odoo);
    expect(await readdir(odoo.backups)).toEqual([name]);
  });

  it('is not made where the database goes away, where a program fails, or where another runs', async () => {
    const dir = await testDir({ tar: '#!/bin/sh\nexit 2\n' });
    await chmod(join(dir, 'tar'), 0o755);
    const failed = await odoo.script('backup.sh', [], { PATH: `${dir}:${odoo.environment['PATH'] ?? ''}` });
    expect(failed.code).not.toBe(0);
    expect((await odoo.script('backup.sh', [], { ODOO_DB: 'nothing' })).code).toBe(1);
    expect((await odoo.script('backup.sh', [], { PGPORT: '1' })).code).not.toBe(0);
    expect((await readdir(odoo.backups)).filter((name) => NAME.test(name))).toEqual([]);
    const holder = spawn('/usr/bin/flock', [odoo.backups, 'sleep', '600'], {
      stdio: 'ignore',
      detached: true,
    });
    await until('the lock is held', async () =>
      (await odoo.script('backup.sh')).said.includes('another backup'),
    );
    process.kill(-holder.pid!, 'SIGKILL');
    await once(holder, 'exit');
    await backup(odoo);
  });

  it('says so when files were lost before it: it is whole, but exits with 3, and monitor.sh looks at it', async () => {
    const [row] = (
      await odoo.sql('SELECT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL LIMIT 1')
    ).split('\n');
    const lost = join(odoo.filestore, 'books', row!);
    const bytes = await readFile(lost);
    await rm(lost);
    const { code, said } = await odoo.script('backup.sh');
    expect(said).toContain('1 files that the database names are not in the filestore');
    expect(code).toBe(3);
    const [name] = await readdir(odoo.backups);
    expect(await readFile(join(odoo.backups, name!, 'missing.txt'), 'utf8')).toBe(`${row}\n`);
    expect(await odoo.script('monitor.sh', ['--only', 'backup'])).toMatchObject({ code: 1 });
    expect((await odoo.script('restore.sh', [name!, '--as', 'books_practice'])).code).toBe(0);
    await removeCopies(odoo);
    await writeFile(lost, bytes);
  });
});

describe('what is kept', () => {
  /** Folders with the names of backups of the past, one a day, and rubbish that is none. */
  async function past(days: number): Promise<void> {
    for (let day = 1; day <= days; day++) {
      const at = new Date(Date.now() - day * 86_400_000).toISOString();
      const stamp = `${at.slice(0, 10).replaceAll('-', '')}T021500Z`;
      await mkdir(join(odoo.backups, `books-${stamp}`));
    }
    for (const name of ['books-20200101T000000', 'ledger-20200101T000000Z', 'notes', '.hidden'])
      await mkdir(join(odoo.backups, name));
  }

  it('is the newest of each day, week and month, as many as is said, and everything that is no backup', async () => {
    await past(400);
    const all = (await readdir(odoo.backups)).filter((name) => NAME.test(name));
    const { code } = await odoo.script('backup.sh', [], {
      BACKUP_KEEP_HOURS: '0',
      BACKUP_KEEP_DAILY: '5',
      BACKUP_KEEP_WEEKLY: '4',
      BACKUP_KEEP_MONTHLY: '3',
    });
    expect(code).toBe(0);
    const left = await readdir(odoo.backups);
    for (const other of ['books-20200101T000000', 'ledger-20200101T000000Z', 'notes', '.hidden'])
      expect(left).toContain(other);
    const kept = left
      .filter((name) => NAME.test(name))
      .sort()
      .reverse();
    const ours = kept[0]!;
    expect(kept).toEqual(expectedToStay([...all, ours], [5, 4, 3]));
    expect(kept.length).toBeLessThanOrEqual(12);
  });

  it('is everything of the last two days', async () => {
    await past(6);
    const few = { BACKUP_KEEP_DAILY: '1', BACKUP_KEEP_WEEKLY: '0', BACKUP_KEEP_MONTHLY: '0' };
    const made = [
      await odoo.script('backup.sh', [], few),
      await odoo.script('monitor.sh', ['--only', 'backup']),
    ];
    expect(made.map(({ code }) => code)).toEqual([0, 0]);
    await backupInAnotherSecond(odoo);
    const kept = (await readdir(odoo.backups)).filter((name) => NAME.test(name));
    const age = (name: string): number => {
      const parts = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(name)!.slice(1).map(Number);
      return Date.now() - Date.UTC(parts[0]!, parts[1]! - 1, parts[2], parts[3], parts[4], parts[5]);
    };
    expect(kept.filter((name) => age(name) < 3_600_000)).toHaveLength(2);
    expect(Math.max(...kept.map(age))).toBeLessThan(48 * 3_600_000);
    expect(kept.length).toBeGreaterThan(2);
  });

  it('is never nothing, and nothing goes when the new one fails', async () => {
    await past(3);
    const none = {
      BACKUP_KEEP_HOURS: '0',
      BACKUP_KEEP_DAILY: '0',
      BACKUP_KEEP_WEEKLY: '0',
      BACKUP_KEEP_MONTHLY: '0',
    };
    const before = (await readdir(odoo.backups)).sort();
    expect((await odoo.script('backup.sh', [], { ...none, ODOO_FILESTORE: '/nowhere' })).code).toBe(1);
    expect((await readdir(odoo.backups)).filter((name) => !name.startsWith('.partial-')).sort()).toEqual(
      before,
    );
    expect((await odoo.script('backup.sh', [], none)).code).toBe(0);
    expect((await readdir(odoo.backups)).filter((name) => NAME.test(name))).toHaveLength(1);
    expect((await odoo.script('backup.sh', [], { BACKUP_KEEP_DAILY: 'all' })).code).toBe(1);
  });

  it('is too old after a day and two hours, and monitor.sh says it', async () => {
    await past(1);
    const look = (hours: string, ...more: string[]) =>
      odoo.script('monitor.sh', ['--only', 'backup', ...more], { BACKUP_MAX_AGE_HOURS: hours });
    const [old] = (await readdir(odoo.backups)).filter((name) => NAME.test(name));
    expect((await look('26')).said).toContain('is not whole');
    for (const part of ['database.dump', 'filestore.tar', 'manifest.txt', 'SHA256SUMS'])
      await writeFile(join(odoo.backups, old!, part), 'x');
    expect(await look('9999')).toMatchObject({ code: 0 });
    expect(await look('9999', '--deep')).toMatchObject({ code: 2 });
    expect(await look('1')).toMatchObject({
      code: 2,
      said: expect.stringMatching(/at most 1 are wanted/) as string,
    });
    await backup(odoo);
    expect(await look('1', '--deep')).toMatchObject({ code: 0 });
  });
});

/** The rule in other words: of the sorted names the first of each period, so many periods. */
function expectedToStay(
  names: readonly string[],
  [daily, weekly, monthly]: readonly [number, number, number],
): string[] {
  const sorted = [...names].sort().reverse();
  const day = (name: string) => name.slice(6, 14);
  const week = (name: string) => {
    const text = day(name);
    const date = Date.UTC(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6)));
    // Monday is the first day of a week; 1970-01-05 was one.
    return String(Math.floor((date / 86_400_000 - 4) / 7));
  };
  const first = (period: (name: string) => string, count: number): string[] =>
    [...new Map(sorted.map((name) => [period(name), name]).reverse() as [string, string][]).values()]
      .sort()
      .reverse()
      .slice(0, count);
  const stay = new Set([
    ...first(day, daily),
    ...first(week, weekly),
    ...first((name) => name.slice(6, 12), monthly),
  ]);
  return sorted.filter((name) => stay.has(name));
}
