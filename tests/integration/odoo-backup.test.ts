/** backup.sh and restore.sh of the deployment, on a real Odoo 19 with its filestore. */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeployedOdoo, startDeployedOdoo } from '../helpers/deployed-odoo.ts';
import { SCRIPTS } from '../helpers/odoo-scripts.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

let odoo: DeployedOdoo;

beforeAll(async () => {
  odoo = await startDeployedOdoo();
}, 60_000);
afterAll(() => odoo.stop());
beforeEach(async () => {
  for (const name of await readdir(odoo.backups)) await rm(join(odoo.backups, name), { recursive: true });
});

const NAME = /^books-\d{8}T\d{6}Z$/;

async function backup(): Promise<string> {
  const { code, said } = await odoo.script('backup.sh');
  expect(said).toMatch(/^books-\d{8}T\d{6}Z: /);
  expect(code).toBe(0);
  const names = (await readdir(odoo.backups)).filter((name) => NAME.test(name)).sort();
  return names.at(-1)!;
}

/** A customer invoice with an attachment; posted. Returns its number. */
async function invoice(customer: string, price: number, file: Buffer): Promise<string> {
  const [partner] = (await odoo.call('res.partner', 'create', {
    vals_list: [{ name: customer }],
  })) as number[];
  const line = [0, 0, { name: 'Work', quantity: 1, price_unit: price }];
  const vals = { move_type: 'out_invoice', partner_id: partner, invoice_line_ids: [line] };
  const ids = (await odoo.call('account.move', 'create', { vals_list: [vals] })) as number[];
  const of = { res_model: 'account.move', res_id: ids[0]! };
  await odoo.call('ir.attachment', 'create', {
    vals_list: [{ name: 'receipt.bin', datas: file.toString('base64'), ...of }],
  });
  await odoo.call('account.move', 'action_post', { ids });
  const [read] = (await odoo.call('account.move', 'read', { ids, fields: ['name'] })) as { name: string }[];
  return read!.name;
}

/** Everything that a bookkeeper would miss, from Odoo's own mouth, and the bytes of each attachment. */
async function books(): Promise<unknown> {
  const moves = await odoo.call('account.move', 'search_read', {
    domain: [],
    fields: ['name', 'state', 'amount_total', 'partner_id', 'invoice_date', 'line_ids'],
    order: 'id',
  });
  const files = (await odoo.call('ir.attachment', 'search_read', {
    domain: [['res_model', '=', 'account.move']],
    fields: ['name', 'res_id', 'datas', 'checksum'],
    order: 'id',
  })) as { datas: string; checksum: string }[];
  for (const { datas, checksum } of files)
    expect(createHash('sha1').update(Buffer.from(datas, 'base64')).digest('hex')).toBe(checksum);
  return { moves, files };
}

const databases = async (): Promise<string[]> =>
  (await odoo.sql('SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1', 'postgres')).split(
    '\n',
  );

async function removeCopies(): Promise<void> {
  for (const name of await databases())
    if (/^books_/.test(name)) expect((await odoo.script('restore.sh', ['--remove', name])).code).toBe(0);
}

describe('a backup', () => {
  it('is a folder of its own with dump, files, manifest and checksums, for its owner alone', async () => {
    await invoice('Anna Example', 100, randomBytes(5000));
    const name = await backup();
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

  it('comes back on a restore: invoices and attachments are what they were, and later ones are gone', async () => {
    const file = randomBytes(200_000);
    const number = await invoice('Bertha Example', 1234.5, file);
    const before = await books();
    const name = await backup();

    const later = await invoice('Carl Example', 99, randomBytes(1000));
    await odoo.sql("UPDATE account_move SET ref = 'changed' WHERE state = 'posted'");
    await rm(join(odoo.filestore, 'books'), { recursive: true });
    expect(later).not.toBe(number);

    await odoo.stopOdoo();
    const restored = await odoo.script('restore.sh', [name, '--replace', 'books']);
    expect(restored.said).toContain('books is the restored database');
    expect(restored.code).toBe(0);
    await odoo.startOdoo();
    expect(await books()).toEqual(before);
    expect(await odoo.sql("SELECT count(*) FROM account_move WHERE ref = 'changed'")).toBe('0');
    // It goes on as if nothing had been: the next number, the next file.
    expect(await invoice('Dora Example', 5, randomBytes(100))).toBe(later);

    const kept = /what it replaced is (books_before_\d{8}t\d{6})/.exec(restored.said)?.[1] ?? 'none';
    expect(await databases()).toContain(kept);
    expect(await odoo.sql("SELECT count(*) > 0 FROM account_move WHERE ref = 'changed'", kept)).toBe('t');
    await removeCopies();
    expect(await databases()).toEqual(['books', 'postgres']);
    expect((await readdir(odoo.filestore)).sort()).toEqual(['books']);
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
    const first = await backup();
    const seen = made;
    await until('there is more', () => made > seen + 3);
    const names = [first, await backupInAnotherSecond()];
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

/** Names go by the second. */
async function backupInAnotherSecond(): Promise<string> {
  const second = Math.floor(Date.now() / 1000);
  await until('another second', () => Math.floor(Date.now() / 1000) > second);
  return backup();
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
      const name = await backup();
      expect(await readdir(odoo.backups), command).toEqual([name]);
      await rm(join(odoo.backups, name), { recursive: true });
    }
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
    await backup();
  });

  it('is refused by restore, with nothing done, however it is damaged', async () => {
    const name = await backup();
    const whole = join(await testDir(), 'whole');
    const folder = join(odoo.backups, name);
    await cp(folder, whole, { recursive: true });
    const before = await databases();
    const damages: Record<string, () => Promise<unknown>> = {
      'a byte of the dump': () => flip(join(folder, 'database.dump')),
      'a byte of the files': () => flip(join(folder, 'filestore.tar')),
      'a byte of the manifest': () => flip(join(folder, 'manifest.txt')),
      'the end of the dump': async () =>
        truncate(join(folder, 'database.dump'), (await stat(join(folder, 'database.dump'))).size - 1),
      'no files': () => rm(join(folder, 'filestore.tar')),
      'no sums': () => rm(join(folder, 'SHA256SUMS')),
      'empty sums': () => writeFile(join(folder, 'SHA256SUMS'), ''),
      'sums of other files': () =>
        writeFile(join(folder, 'SHA256SUMS'), `${'0'.repeat(64)}  /etc/hostname\n`),
    };
    for (const [what, damage] of Object.entries(damages)) {
      await damage();
      for (const how of [
        ['--replace', 'books', '--disconnect'],
        ['--as', 'books_practice'],
      ])
        expect((await odoo.script('restore.sh', [name, ...how])).code, what).toBe(1);
      expect(await databases(), what).toEqual(before);
      expect(await readdir(odoo.filestore), what).toEqual(['books']);
      await rm(folder, { recursive: true });
      await cp(whole, folder, { recursive: true });
    }
    expect((await odoo.script('restore.sh', ['--verify', name])).code).toBe(0);
  });

  it('cannot write outside of the filestore, whoever made it', async () => {
    const name = await backup();
    const folder = join(odoo.backups, name);
    const dir = await testDir({ 'a/b': 'x' });
    for (const [flags, entry] of [
      [['-P'], '../outside'],
      [[], 'etc'],
      [['-P'], join(dir, 'outside')],
    ] as const) {
      const rename = `--transform=s,^a/b$,${entry},`;
      await execa('tar', [...flags, '-cf', join(folder, 'filestore.tar'), rename, 'a/b'], { cwd: dir });
      await execa('bash', ['-c', 'sha256sum database.dump filestore.tar manifest.txt >SHA256SUMS'], {
        cwd: folder,
      });
      const { code, said } = await odoo.script('restore.sh', [name, '--as', 'books_practice']);
      expect(said).toContain('no file of a filestore');
      expect(code).toBe(1);
    }
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
    await removeCopies();
    await writeFile(lost, bytes);
  });
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = bytes[at]! ^ 1;
  await writeFile(path, bytes);
}

describe('a restore', () => {
  it('replaces nothing without the name of what it replaces, nor under open sessions', async () => {
    const name = await backup();
    const before = await databases();
    const said = async (...args: string[]) => (await odoo.script('restore.sh', [name, ...args])).said;
    expect(await said()).toContain('--replace books');
    expect(await said('--replace', 'book')).toContain('--replace books');
    await odoo.call('res.users', 'search_count', { domain: [] });
    expect(await said('--replace', 'books')).toContain('stop Odoo first');
    expect(await said('--as', 'books')).toContain('under another name');
    expect(await said('--as', 'books;drop')).toContain('not a name');
    expect(await said('--as', 'books_practice', '--replace', 'books')).toContain('one of the two');
    expect(await said('--neutralize', '--replace', 'books')).toContain('for a copy');
    expect(await databases()).toEqual(before);
  });

  it('removes copies that it made, and nothing else', async () => {
    await odoo.sql('CREATE DATABASE other_books', 'postgres');
    for (const name of ['books', 'postgres', 'template1', 'other_books', 'nothing', '-x'])
      expect((await odoo.script('restore.sh', ['--remove', name])).code, name).toBe(1);
    expect(await databases()).toEqual(['books', 'other_books', 'postgres']);
    await odoo.sql('DROP DATABASE other_books', 'postgres');
  });

  it('that is practised beside the books is neutralized: it sends no mail and does no scheduled work', async () => {
    await odoo.sql(
      'INSERT INTO ir_mail_server (name, from_filter, smtp_host, smtp_port, smtp_authentication, smtp_encryption, active)' +
        " VALUES ('out', '', 'mail.example.org', 25, 'login', 'none', true)",
    );
    const name = await backup();
    const { code, said } = await odoo.script('restore.sh', [name, '--as', 'books_practice', '--neutralize']);
    expect({ code, said }).toMatchObject({ code: 0 });
    const neutral = "SELECT value FROM ir_config_parameter WHERE key = 'database.is_neutralized'";
    expect(await odoo.sql(neutral, 'books_practice')).toMatch(/true/i);
    const servers = "SELECT count(*) FROM ir_mail_server WHERE active AND smtp_host = 'mail.example.org'";
    expect(await odoo.sql(servers, 'books_practice')).toBe('0');
    expect([await odoo.sql(neutral), await odoo.sql(servers)]).toEqual(['', '1']);
    await removeCopies();
  });

  it('that could not be neutralized does not stay', async () => {
    const name = await backup();
    const { code, said } = await odoo.script('restore.sh', [name, '--as', 'books_practice', '--neutralize'], {
      ODOO_COMMAND: '/bin/false',
    });
    expect(said).toContain('removed again');
    expect(code).toBe(1);
    expect(await databases()).toEqual(['books', 'postgres']);
    expect(await readdir(odoo.filestore)).toEqual(['books']);
  });

  it('that fails half way leaves what there was, and no half copy', async () => {
    const name = await backup();
    const before = await books();
    for (const command of ['pg_restore', 'tar']) {
      const dir = await testDir();
      const real =
        command === 'tar' ? '/usr/bin/tar' : `${odoo.environment['PATH']?.split(':')[0]}/pg_restore`;
      // Does half of its work, and fails. Reading the list, which comes first, is not that work.
      const body = `case "$*" in *--list*) exec ${real} "$@" ;; esac\n${real} "$@"\nexit 1`;
      await writeFile(join(dir, command), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
      const env = { PATH: `${dir}:${odoo.environment['PATH'] ?? ''}` };
      const { code } = await odoo.script('restore.sh', [name, '--replace', 'books', '--disconnect'], env);
      expect(code, command).not.toBe(0);
      expect(await databases(), command).toEqual(['books', 'postgres']);
      expect(await readdir(odoo.filestore), command).toEqual(['books']);
    }
    expect(await books()).toEqual(before);
  });

  it('that was cut off between database and files is finished by the next run', async () => {
    const number = await invoice('Emil Example', 10, randomBytes(500));
    const name = await backup();
    const before = await books();
    await odoo.stopOdoo();
    expect((await odoo.script('restore.sh', [name, '--as', 'books_restored_x'])).code).toBe(0);
    const dir = await testDir();
    // The second folder is not moved any more.
    const body = 'case "$*" in *books_restored_x*) kill -9 $PPID; exit 1 ;; esac\nexec /usr/bin/mv "$@"';
    await writeFile(join(dir, 'mv'), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
    const env = { PATH: `${dir}:${odoo.environment['PATH'] ?? ''}` };
    expect(
      (await odoo.script('restore.sh', ['--swap', 'books_restored_x', '--replace', 'books'], env)).code,
    ).not.toBe(0);
    expect(await readdir(odoo.filestore)).toContain('books_restored_x');
    expect(await databases()).not.toContain('books_restored_x');
    expect((await odoo.script('restore.sh', ['--check', '--replace', 'books'])).code).toBe(0);
    await odoo.startOdoo();
    expect(await books()).toEqual(before);
    expect(JSON.stringify(before)).toContain(number);
    await removeCopies();
    expect(await readdir(odoo.filestore)).toEqual(['books']);
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
    await backupInAnotherSecond();
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
    await backup();
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

describe('first-start.sh', () => {
  it('makes books whose administrator has a random password, and only then gives them their name', async () => {
    const dir = await testDir();
    const password = join(dir, 'password');
    const env = { ODOO_DB: 'ledger', ODOO_MODULES: 'base', ADMIN_PASSWORD_FILE: password };
    const made = await odoo.script('first-start.sh', [], env);
    expect(made.said).toContain('the database ledger is made');
    expect(made.code).toBe(0);
    const secret = await readFile(password, 'utf8');
    expect(made.said).not.toContain(secret);
    expect(await logsIn('ledger', 'admin', secret)).toBe('t');
    expect(await logsIn('ledger', 'admin', 'admin')).toBe('f');
    expect(await databases()).toEqual(['books', 'ledger', 'postgres']);
    // Again: refused, nothing changed.
    expect((await odoo.script('first-start.sh', [], env)).code).toBe(1);
    expect(await databases()).toEqual(['books', 'ledger', 'postgres']);
    await odoo.sql('DROP DATABASE ledger', 'postgres');
  }, 120_000);
});

/** By the hash that Odoo keeps. */
async function logsIn(database: string, login: string, password: string): Promise<string> {
  const hash = await odoo.sql(`SELECT password FROM res_users WHERE login = '${login}'`, database);
  const program =
    'import sys; from passlib.context import CryptContext as C; print("t" if C(["pbkdf2_sha512", "plaintext"]).verify(sys.argv[2], sys.argv[1]) else "f")';
  return (await execa('/usr/bin/python3', ['-c', program, hash, password])).stdout;
}
