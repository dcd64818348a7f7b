/** What deployment/cloud/odoo/*.sh do on the host of the containers; Docker itself is played. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { type FakeDocker, fakeDocker, type Ran, runScript, SCRIPTS } from '../helpers/odoo-scripts.ts';
import { testDir } from '../helpers/testdir.ts';

const ASKED = ['--domain', 'books.example.org', '--email', 'you@example.org', '--no-checks'];

async function site(): Promise<{ dir: string; setup: (...args: string[]) => Promise<Ran> }> {
  const dir = join(await testDir(), 'srv');
  return { dir, setup: (...args) => runScript('setup.sh', ['--dir', dir, ...args], {}) };
}

const text = (...path: string[]): Promise<string> => readFile(join(...path), 'utf8');
const mode = async (...path: string[]): Promise<string> =>
  ((await stat(join(...path))).mode & 0o777).toString(8);

describe('the scripts', () => {
  it('are bash that stops at the first failure, executable, and say what they do', async () => {
    const names = (await readdir(SCRIPTS)).filter((name) => name.endsWith('.sh'));
    expect(names.sort()).toEqual(
      [
        'backup.sh',
        'common.sh',
        'first-start.sh',
        'initdb-role.sh',
        'monitor.sh',
        'restore.sh',
        'setup.sh',
      ].sort(),
    );
    for (const name of names) {
      await execa('bash', ['-n', join(SCRIPTS, name)]);
      if (name === 'common.sh') continue;
      const script = await text(SCRIPTS, name);
      expect(script, name).toMatch(/^#!\/usr\/bin\/env bash\n/);
      expect(script, name).toContain('\nset -euo pipefail\n');
      expect(await mode(SCRIPTS, name), name).toMatch(/^7[0-7][0-7]$/);
    }
    for (const name of names.filter((one) => !['common.sh', 'initdb-role.sh'].includes(one))) {
      const help = await runScript(name, ['--help'], {});
      expect(help.code, name).toBe(0);
      expect(help.said, name).toContain(name);
      expect(await runScript(name, ['--nonsense'], {}), name).toMatchObject({ code: 1 });
    }
  });
});

describe('setup.sh', () => {
  it('makes secrets that nobody else has, in a folder that nobody else may enter', async () => {
    const [one, other] = [await site(), await site()];
    for (const { setup } of [one, other]) expect((await setup(...ASKED)).code).toBe(0);
    expect(await mode(one.dir)).toBe('700');
    expect(await mode(one.dir, 'secrets')).toBe('700');
    expect(await mode(one.dir, 'backups')).toBe('700');
    const seen = new Set<string>();
    for (const { dir } of [one, other])
      for (const name of ['postgres_password', 'odoo_db_password', 'odoo_admin_passwd']) {
        const secret = await text(dir, 'secrets', name);
        expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
        seen.add(secret);
      }
    expect(seen.size).toBe(6);
    expect((await readdir(join(one.dir, 'secrets'))).sort()).toEqual(
      ['odoo.conf', 'odoo_admin_passwd', 'odoo_db_password', 'postgres_password'].sort(),
    );
  });

  it('says no secret on the screen, and writes none but into the folder of secrets', async () => {
    const { dir, setup } = await site();
    const { said } = await setup(...ASKED);
    const settings = await text(dir, 'site.env');
    for (const name of ['postgres_password', 'odoo_db_password', 'odoo_admin_passwd'])
      expect(`${said}${settings}`).not.toContain(await text(dir, 'secrets', name));
  });

  it('fills in the template: one database, closed to the web, behind the proxy', async () => {
    const { dir, setup } = await site();
    await setup(...ASKED, '--db', 'ledger', '--workers', '3');
    const conf = await text(dir, 'secrets/odoo.conf');
    const value = (key: string) => new RegExp(`^${key} = (.*)$`, 'm').exec(conf)?.[1];
    expect(conf).not.toMatch(/@[A-Z_]+@/);
    expect({
      db: value('db_name'),
      filter: value('dbfilter'),
      list: value('list_db'),
      proxy: value('proxy_mode'),
      demo: value('without_demo'),
      workers: value('workers'),
      host: value('db_host'),
      user: value('db_user'),
    }).toEqual({
      db: 'ledger',
      filter: '^ledger$',
      list: 'False',
      proxy: 'True',
      demo: 'True',
      workers: '3',
      host: 'db',
      user: 'odoo',
    });
    expect(value('db_password')).toBe(await text(dir, 'secrets/odoo_db_password'));
    expect(value('admin_passwd')).toBe(await text(dir, 'secrets/odoo_admin_passwd'));
    for (const limit of ['limit_memory_soft', 'limit_memory_hard', 'limit_time_cpu', 'limit_time_real'])
      expect(Number(value(limit)), limit).toBeGreaterThan(0);
  });

  it('keeps secrets and the lines of the user when it is run again', async () => {
    const { dir, setup } = await site();
    await setup(...ASKED);
    const before = await text(dir, 'secrets/odoo_db_password');
    const own = `BACKUP_COPY_COMMAND='rsync -a "$1" elsewhere:'\n`;
    await writeFile(join(dir, 'site.env'), `${await text(dir, 'site.env')}${own}`);
    expect((await setup('--no-checks', '--domain', 'new.example.org')).code).toBe(0);
    expect(await text(dir, 'secrets/odoo_db_password')).toBe(before);
    expect(await text(dir, 'site.env')).toBe(
      `ODOO_DIR=${dir}\nODOO_DOMAIN=new.example.org\nODOO_ACME_EMAIL=you@example.org\nODOO_DB=books\n${own}`,
    );
  });

  it.each([
    ['--domain', 'Books.example.org'],
    ['--domain', 'books.example.org; id'],
    ['--domain', '-x'],
    ['--email', 'nobody'],
    ['--db', 'a-b'],
    ['--db', '../x'],
    ['--db', 'a'.repeat(31)],
    ['--dir', 'srv'],
    ['--dir', '/a b'],
    ['--workers', 'many'],
  ])('refuses %s %s', async (option, value) => {
    const { setup, dir } = await site();
    expect((await setup(...ASKED, option, value)).code).toBe(1);
    expect(await readdir(join(dir, '..'))).toEqual([]);
  });

  it('says what is wrong with the machine, and ends with 1', async () => {
    const { dir } = await site();
    const docker = await fakeDocker(await testDir(), {
      "'compose version --short'": 'echo 2.40.3',
      info: 'exit 1',
    });
    const { code, said } = await runScript(
      'setup.sh',
      ['--dir', dir, '--domain', 'no-such-name.invalid', '--email', 'you@example.org'],
      { PATH: `${docker.folder}:/usr/bin:/bin:/usr/sbin:/sbin` },
    );
    expect(said).toContain('WRONG  the docker engine does not answer');
    expect(said).toContain('WRONG  no-such-name.invalid has no address');
    expect(code).toBe(1);
  });
});

/** A site as setup.sh leaves it, and a `docker` that only notes what it is told. */
async function host(rules: Readonly<Record<string, string>> = {}): Promise<{
  dir: string;
  docker: FakeDocker;
  script: (name: string, args?: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>;
}> {
  const { dir, setup } = await site();
  await setup(...ASKED);
  const docker = await fakeDocker(await testDir(), rules);
  const env = { ODOO_DIR: dir, PATH: `${docker.folder}:/usr/bin:/bin:/usr/sbin:/sbin` };
  return { dir, docker, script: (name, args = [], more = {}) => runScript(name, args, { ...env, ...more }) };
}

const RESTORE = 'run --rm -T --no-deps restore /odoo/restore.sh --bare';
/** The volume gets the owner that Odoo's image gives it. */
const FIRST = 'run --rm -T --no-deps odoo true';
const NAME = 'books-20261121T021500Z';

describe('on the host', () => {
  it('a backup runs in its container, and its exit code is the script’s', async () => {
    for (const code of [0, 1, 3]) {
      const { docker, script } = await host({ '*backup.sh*': `exit ${code}` });
      expect((await script('backup.sh')).code).toBe(code);
      expect(await docker.calls()).toEqual(['run --rm -T --no-deps backup /odoo/backup.sh --bare']);
    }
  });

  it('the newest backup is copied elsewhere when that is wished, and the copy is noted', async () => {
    const { dir, script } = await host();
    const elsewhere = await testDir();
    for (const name of [NAME, 'books-20261120T021500Z', '.partial-books-20261122T021500Z'])
      await mkdir(join(dir, 'backups', name));
    const copy = { BACKUP_COPY_COMMAND: `cp -r "$1" '${elsewhere}'` };
    expect((await script('backup.sh', ['--copy'], copy)).code).toBe(0);
    expect(await readdir(elsewhere)).toEqual([NAME]);
    expect(await text(dir, 'backups/.copied')).toBe(`${NAME}\n`);
  });

  it('the copy alone is made once for each backup, without another backup', async () => {
    const { dir, docker, script } = await host();
    const log = join(await testDir(), 'copied');
    await mkdir(join(dir, 'backups', NAME));
    const copy = { BACKUP_COPY_COMMAND: `basename "$1" >>'${log}'` };
    for (let run = 0; run < 2; run++) expect((await script('backup.sh', ['--copy-only'], copy)).code).toBe(0);
    expect(await text(log)).toBe(`${NAME}\n`);
    expect(await docker.calls()).toEqual([]);
  });

  it('a copy that fails is a failure, and is not noted', async () => {
    const { dir, script } = await host();
    await mkdir(join(dir, 'backups', NAME));
    const { code, said } = await script('backup.sh', ['--copy'], { BACKUP_COPY_COMMAND: 'exit 7' });
    expect(code).toBe(1);
    expect(said).toContain(`${NAME} is here only`);
    expect(await readdir(join(dir, 'backups'))).toEqual([NAME]);
  });

  it('no copy is made when the backup failed', async () => {
    const { dir, script } = await host({ '*backup.sh*': 'exit 1' });
    await mkdir(join(dir, 'backups', NAME));
    expect((await script('backup.sh', ['--copy'], { BACKUP_COPY_COMMAND: 'true' })).code).toBe(1);
    expect(await readdir(join(dir, 'backups'))).toEqual([NAME]);
  });

  it('a restore asks first, loads while Odoo works on, and stops Odoo for the change of names alone', async () => {
    const { docker, script } = await host();
    expect((await script('restore.sh', [NAME, '--replace', 'books'])).code).toBe(0);
    const calls = await docker.calls();
    const loaded = /--as (books_restored_\d{8}t\d{6})$/.exec(calls[3] ?? '')?.[1] ?? 'none';
    expect(calls).toEqual([
      'up -d --wait db',
      FIRST,
      `${RESTORE} --check --replace books`,
      `${RESTORE} ${NAME} --as ${loaded}`,
      'stop odoo',
      `${RESTORE} --swap ${loaded} --replace books`,
      'up -d odoo',
      'exec -T odoo curl -fsS -o /dev/null http://localhost:8069/web/health?db_server_status=1',
      'up -d',
    ]);
  });

  it.each([
    ['is refused', '*--check*', 3],
    ['cannot be loaded', '*--as*', 4],
  ])('never stops Odoo for a restore that %s', async (_, pattern, count) => {
    const { docker, script } = await host({ [pattern]: 'exit 1' });
    expect((await script('restore.sh', [NAME, '--replace', 'books'])).code).toBe(1);
    const calls = await docker.calls();
    expect(calls).toHaveLength(count);
    expect(calls.join('\n')).not.toContain('stop odoo');
  });

  it('starts Odoo again when the names could not be changed', async () => {
    const { docker, script } = await host({ '*--swap*': 'exit 1' });
    expect((await script('restore.sh', [NAME, '--replace', 'books'])).code).toBe(1);
    expect((await docker.calls()).at(-1)).toBe('up -d odoo');
  });

  it('a practice restore that cannot be neutralized does not stay', async () => {
    const { docker, script } = await host({ '*neutralize*': 'exit 1' });
    const { code, said } = await script('restore.sh', [NAME, '--as', 'practice', '--neutralize']);
    expect(code).toBe(1);
    expect(said).toContain('removed again');
    expect(await docker.calls()).toEqual([
      'up -d --wait db',
      FIRST,
      `${RESTORE} ${NAME} --as practice`,
      'run --rm -T --no-deps odoo odoo neutralize -d practice',
      `${RESTORE} --remove practice`,
    ]);
  });

  it('a backup elsewhere on the disk, which the containers do not see, is told as such', async () => {
    const { docker, script } = await host();
    const { code, said } = await script('restore.sh', [`/tmp/${NAME}`]);
    expect(code).toBe(1);
    expect(said).toContain('copy the backup there first');
    expect(await docker.calls()).toEqual([]);
  });

  it('the first start opens nothing to the internet before the administrator has a password', async () => {
    const stdin = join(await testDir(), 'stdin');
    const { dir, docker, script } = await host({ '*"odoo shell"*': `cat >'${stdin}'` });
    const { code, said } = await script('first-start.sh');
    expect({ code, said }).toMatchObject({ code: 0 });
    const calls = await docker.calls();
    const made = /--create (books_first_\d{8}t\d{6})$/.exec(calls[3] ?? '')?.[1] ?? 'none';
    const odoo = 'run --rm -T -i --no-deps odoo odoo';
    expect(calls).toEqual([
      'up -d --wait db',
      FIRST,
      `${RESTORE} --check`,
      `${RESTORE} --create ${made}`,
      `${odoo} -d ${made} -i account,base_automation --stop-after-init --no-http`,
      `${odoo} shell -d ${made} --no-http`,
      `${RESTORE} --swap ${made}`,
      'up -d --wait',
    ]);
    const password = await text(dir, 'secrets/admin_login_password');
    expect(password).toMatch(/^[A-Za-z0-9_-]{24}$/);
    expect(await text(stdin)).toContain(`password = '${password}'`);
    expect(`${calls.join()}${said}`).not.toContain(password);
    expect(await mode(dir, 'secrets/admin_login_password')).toBe('600');
  });

  it.each(['*--stop-after-init*', '*"odoo shell"*', '*--swap*'])(
    'a first start that fails at %s leaves nothing, and starts no proxy',
    async (pattern) => {
      const { docker, script } = await host({ [pattern]: 'exit 1' });
      expect((await script('first-start.sh')).code).toBe(1);
      const calls = await docker.calls();
      expect(calls.at(-1)).toMatch(/restore\.sh --bare --remove books_first_\d{8}t\d{6}$/);
      expect(calls).not.toContain('up -d --wait');
    },
  );

  it('monitoring tells a container that is not well', async () => {
    const { script } = await host({ '*"ps -a"*': "printf 'proxy running healthy\\nodoo restarting \\n'" });
    expect(await script('monitor.sh', ['--only', 'containers'])).toEqual({
      code: 2,
      said: 'WRONG  containers   odoo: restarting',
    });
    const well = await host({ '*"ps -a"*': "printf 'proxy running healthy\\nodoo running healthy\\n'" });
    expect(await well.script('monitor.sh', ['--only', 'containers'])).toMatchObject({ code: 0 });
  });

  it('nothing is done where setup.sh was not run', async () => {
    for (const name of ['backup.sh', 'monitor.sh', 'first-start.sh'])
      expect(await runScript(name, [], { ODOO_DIR: '/nowhere' }), name).toMatchObject({
        code: 1,
        said: expect.stringContaining('run setup.sh first') as string,
      });
  });
});
