/** restore.sh and first-start.sh of the deployment, on a real Odoo 19 with its filestore. */
import { randomBytes } from 'node:crypto';
import { cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DeployedOdoo, startDeployedOdoo } from '../helpers/deployed-odoo.ts';
import { backup, books, databases, invoice, removeCopies } from '../helpers/odoo-backups.ts';
import { testDir } from '../helpers/testdir.ts';

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

describe('a restore', () => {
  it('comes back on a restore: invoices and attachments are what they were, and later ones are gone', async () => {
    const file = randomBytes(200_000);
    const number = await invoice(odoo, 'Bertha Example', 1234.5, file);
    const before = await books(odoo);
    const name = await backup(odoo);

    const later = await invoice(odoo, 'Carl Example', 99, randomBytes(1000));
    await odoo.sql("UPDATE account_move SET ref = 'changed' WHERE state = 'posted'");
    await rm(join(odoo.filestore, 'books'), { recursive: true });
    expect(later).not.toBe(number);

    await odoo.stopOdoo();
    const restored = await odoo.script('restore.sh', [name, '--replace', 'books']);
    expect(restored.said).toContain('books is the restored database');
    expect(restored.code).toBe(0);
    await odoo.startOdoo();
    expect(await books(odoo)).toEqual(before);
    // Odoo's folder, made by root: it must be Odoo's.
    expect((await stat(join(odoo.filestore, 'books'))).uid).toBe((await stat(odoo.filestore)).uid);
    expect(await odoo.sql("SELECT count(*) FROM account_move WHERE ref = 'changed'")).toBe('0');
    // It goes on as if nothing had been: the next number, the next file.
    expect(await invoice(odoo, 'Dora Example', 5, randomBytes(100))).toBe(later);

    const kept = /what it replaced is (books_before_\d{8}t\d{6})/.exec(restored.said)?.[1] ?? 'none';
    expect(await databases(odoo)).toContain(kept);
    expect(await odoo.sql("SELECT count(*) > 0 FROM account_move WHERE ref = 'changed'", kept)).toBe('t');
    await removeCopies(odoo);
    expect(await databases(odoo)).toEqual(['books', 'postgres']);
    expect((await readdir(odoo.filestore)).sort()).toEqual(['books']);
  });

  it('replaces nothing without the name of what it replaces, nor under open sessions', async () => {
    const name = await backup(odoo);
    const before = await databases(odoo);
    const said = async (...args: string[]) => (await odoo.script('restore.sh', [name, ...args])).said;
    expect(await said()).toContain('--replace books');
    expect(await said('--replace', 'book')).toContain('--replace books');
    await odoo.call('res.users', 'search_count', { domain: [] });
    expect(await said('--replace', 'books')).toContain('stop Odoo first');
    expect(await said('--as', 'books')).toContain('under another name');
    expect(await said('--as', 'books;drop')).toContain('not a name');
    expect(await said('--as', 'books_practice', '--replace', 'books')).toContain('one of the two');
    expect(await said('--neutralize', '--replace', 'books')).toContain('for a copy');
    expect(await databases(odoo)).toEqual(before);
  });

  it('removes copies that it made, and nothing else', async () => {
    await odoo.sql('CREATE DATABASE other_books', 'postgres');
    for (const name of ['books', 'postgres', 'template1', 'other_books', 'nothing', '-x'])
      expect((await odoo.script('restore.sh', ['--remove', name])).code, name).toBe(1);
    expect(await databases(odoo)).toEqual(['books', 'other_books', 'postgres']);
    await odoo.sql('DROP DATABASE other_books', 'postgres');
  });

  it('that is practised beside the books is neutralized: it sends no mail and does no scheduled work', async () => {
    await odoo.sql(
      'INSERT INTO ir_mail_server (name, from_filter, smtp_host, smtp_port, smtp_authentication, smtp_encryption, active)' +
        " VALUES ('out', '', 'mail.example.org', 25, 'login', 'none', true)",
    );
    const name = await backup(odoo);
    const { code, said } = await odoo.script('restore.sh', [name, '--as', 'books_practice', '--neutralize']);
    expect({ code, said }).toMatchObject({ code: 0 });
    const neutral = "SELECT value FROM ir_config_parameter WHERE key = 'database.is_neutralized'";
    expect(await odoo.sql(neutral, 'books_practice')).toMatch(/true/i);
    const servers = "SELECT count(*) FROM ir_mail_server WHERE active AND smtp_host = 'mail.example.org'";
    expect(await odoo.sql(servers, 'books_practice')).toBe('0');
    expect([await odoo.sql(neutral), await odoo.sql(servers)]).toEqual(['', '1']);
    await removeCopies(odoo);
  });

  it('that could not be neutralized does not stay', async () => {
    const name = await backup(odoo);
    const { code, said } = await odoo.script('restore.sh', [name, '--as', 'books_practice', '--neutralize'], {
      ODOO_COMMAND: '/bin/false',
    });
    expect(said).toContain('removed again');
    expect(code).toBe(1);
    expect(await databases(odoo)).toEqual(['books', 'postgres']);
    expect(await readdir(odoo.filestore)).toEqual(['books']);
  });

  it('that fails half way leaves what there was, and no half copy', async () => {
    const name = await backup(odoo);
    const before = await books(odoo);
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
      expect(await databases(odoo), command).toEqual(['books', 'postgres']);
      expect(await readdir(odoo.filestore), command).toEqual(['books']);
    }
    expect(await books(odoo)).toEqual(before);
  });

  it('that was cut off between database and files is finished by the next run', async () => {
    const number = await invoice(odoo, 'Emil Example', 10, randomBytes(500));
    const name = await backup(odoo);
    const before = await books(odoo);
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
    expect(await databases(odoo)).not.toContain('books_restored_x');
    expect((await odoo.script('restore.sh', ['--check', '--replace', 'books'])).code).toBe(0);
    await odoo.startOdoo();
    expect(await books(odoo)).toEqual(before);
    expect(JSON.stringify(before)).toContain(number);
    await removeCopies(odoo);
    expect(await readdir(odoo.filestore)).toEqual(['books']);
  });
});

describe('a damaged backup', () => {
  it('is refused by restore, with nothing done, however it is damaged', async () => {
    const name = await backup(odoo);
    const whole = join(await testDir(), 'whole');
    const folder = join(odoo.backups, name);
    await cp(folder, whole, { recursive: true });
    const before = await databases(odoo);
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
      expect(await databases(odoo), what).toEqual(before);
      expect(await readdir(odoo.filestore), what).toEqual(['books']);
      await rm(folder, { recursive: true });
      await cp(whole, folder, { recursive: true });
    }
    expect((await odoo.script('restore.sh', ['--verify', name])).code).toBe(0);
  });

  it('cannot write outside of the filestore, whoever made it', async () => {
    const name = await backup(odoo);
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
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = bytes[at]! ^ 1;
  await writeFile(path, bytes);
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
    expect(await databases(odoo)).toEqual(['books', 'ledger', 'postgres']);
    // Again: refused, nothing changed.
    expect((await odoo.script('first-start.sh', [], env)).code).toBe(1);
    expect(await databases(odoo)).toEqual(['books', 'ledger', 'postgres']);
    await odoo.sql('DROP DATABASE ledger', 'postgres');
  });
});

/** By the hash that Odoo keeps. */
async function logsIn(database: string, login: string, password: string): Promise<string> {
  const hash = await odoo.sql(`SELECT password FROM res_users WHERE login = '${login}'`, database);
  const program =
    'import sys; from passlib.context import CryptContext as C; print("t" if C(["pbkdf2_sha512", "plaintext"]).verify(sys.argv[2], sys.argv[1]) else "f")';
  return (await execa('/usr/bin/python3', ['-c', program, hash, password])).stdout;
}
