import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createVault } from '../../src/cli/create-vault.ts';
import { type Area, type DoctorOptions, examineAll, type Finding } from '../../src/cli/doctor.ts';
import { testDir } from './testdir.ts';

export const ROOT = join(import.meta.dirname, '../..');

type Keys = Readonly<Record<string, string>>;

/** A machine that is well: vault, STATE_DIR, `.env`, the program, no process. What is wrong with it is the test's. */
export interface DoctorHost {
  readonly dir: string;
  readonly vault: string;
  readonly state: string;
  /** Program folder of its own: `package.json`, `dist`. */
  readonly program: string;
  /** Stands for `/proc`, for units of systemd, and is first in PATH. */
  readonly proc: string;
  readonly units: string;
  readonly bin: string;
  put(path: string, text: string, mode?: number): Promise<void>;
  examine(only: readonly Area[], env?: Keys, more?: Partial<DoctorOptions>): Promise<readonly Finding[]>;
  /** A PM2 that says this of its processes. `pid` is taken for its daemon. */
  pm2(answer: string | readonly object[], daemon?: Keys): Promise<void>;
}

export async function doctorHost(): Promise<DoctorHost> {
  const dir = await testDir();
  const [vault, state, program] = [join(dir, 'vault'), join(dir, 'state'), join(dir, 'program')];
  const [proc, units, bin] = [join(dir, 'proc'), join(dir, 'units'), join(dir, 'bin')];
  await createVault({
    templateDir: join(ROOT, 'vault-template'),
    vaultDir: vault,
    stateDir: state,
    foldersOnly: false,
  });
  const put: DoctorHost['put'] = async (path, text, mode = 0o600) => {
    const file = join(dir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
    await chmod(file, mode);
  };
  await put('program/package.json', '{ "engines": { "node": ">=20.19.0" } }');
  await put('program/dist/cli/handover.js', '');
  await put('home/.env', '');
  await put('proc/none', '');
  await put('units/none', '');
  await put('bin/ps', '', 0o700);
  const base = {
    PATH: bin,
    HOME: join(dir, 'home'),
    ENV_FILE: join(dir, 'home/.env'),
    VAULT_DIR: vault,
    STATE_DIR: state,
    MAIL_FROM: 'me@example.org',
    IMAP_HOST: '127.0.0.1',
    IMAP_USER: 'me@example.org',
    IMAP_PASSWORD: 'imap password',
    IMAP_SECURE: 'false',
    PM2_HOME: join(dir, 'pm2'),
  };
  const places = { proc, systemd: join(dir, 'none'), units: [units] };
  return {
    ...{ dir, vault, state, program, proc, units, bin, put },
    examine: (only, env = {}, more = {}) =>
      examineAll({ programDir: program, env: { ...base, ...env }, only, places, ...more }),
    pm2: async (answer, daemon = {}) => {
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
      await put('program/node_modules/pm2/bin/pm2', `process.stdout.write(${JSON.stringify(text)});\n`);
      await put('program/node_modules/pm2/package.json', '{ "type": "commonjs" }');
      await put('pm2/pm2.pid', String(process.pid));
      await chmod(join(dir, 'pm2'), 0o700);
      await put(`proc/${process.pid}/cmdline`, 'PM2 v7.0.4: God Daemon');
      const told = { PM2_DISCRETE_MODE: 'true', PM2_DISABLE_VERSION_CHECK: 'true', ...daemon };
      const environ = Object.entries(told).map(([name, value]) => `${name}=${value}\0`);
      await put(`proc/${process.pid}/environ`, environ.join(''));
    },
  };
}

/** An entry of `pm2 jlist`: this one runs well. */
export function pm2Entry(name: string, script: string, more: object = {}, pid: number = process.pid): object {
  const env = {
    status: 'online',
    unstable_restarts: 0,
    restart_time: 0,
    exit_code: 0,
    pm_uptime: Date.now() - 3_600_000,
    pm_exec_path: script,
  };
  return { name, pid, pm2_env: { ...env, ...more } };
}
