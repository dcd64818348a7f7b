/** A bare Debian of its own in a folder: debootstrap, then chroot. Shares the network with this machine, nothing else. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AtTerminal, openTerminal } from '../helpers/terminal.ts';

const MOUNTS = [
  ['-t', 'proc', 'proc', 'proc'],
  ['-t', 'sysfs', 'sys', 'sys'],
  ['-t', 'devtmpfs', 'dev', 'dev'],
  ['-t', 'devpts', 'devpts', 'dev/pts'],
] as const;
/** What apt and npm need of this machine to reach their registries; copied at run time, whatever it says. */
const OF_THIS_MACHINE = [
  ...['/etc/apt', '/etc/resolv.conf', '/etc/hosts', '/etc/npmrc', '/root/.npmrc'],
  ...['/etc/ssl/certs', '/usr/local/share/ca-certificates', '/usr/share/ca-certificates'],
];

export interface Ran {
  readonly exit: number;
  readonly text: string;
}

export interface BareRoot {
  readonly path: string;
  /** A shell line as root inside; its output is shown and returned. */
  run(line: string): Promise<Ran>;
  /** A shell of this user at a terminal inside; what is on its screen is shown. Its prompt is `PROMPT`. */
  shell(user: string): Promise<AtTerminal>;
  stop(): void;
}

/** How a shell of ours says that it is done. */
export const PROMPT = 'done> ';

/** Once for all roots: half a minute. */
export function makeBase(base: string): void {
  if (existsSync(join(base, 'etc/debian_version'))) return;
  const format = '$(REPO_URI)|$(RELEASE)|$(TRUSTED)';
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const [uri, suite, trusted] =
    stdout
      .split('\n')
      .find((line) => /\/debian\/?\|/.test(line))
      ?.split('|') ?? [];
  if (uri === undefined || suite === undefined) throw new Error('apt knows no mirror here');
  const unchecked = trusted === 'yes' ? ['--no-check-gpg'] : [];
  must('debootstrap', ['--variant=minbase', ...unchecked, suite, base, uri]);
}

export function bareRoot(base: string, path: string): BareRoot {
  const isNew = !existsSync(join(path, 'etc/debian_version'));
  if (isNew) must('cp', ['-a', base, path]);
  for (const file of isNew ? OF_THIS_MACHINE.filter((one) => existsSync(one)) : []) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    cpSync(file, join(path, file), { recursive: true, dereference: true, force: true });
  }
  // A root that is thrown away needs no fsync for each file of each package.
  writeFileSync(join(path, 'etc/dpkg/dpkg.cfg.d/prove'), 'force-unsafe-io\n');
  for (const [flag, type, source, at] of MOUNTS) must('mount', [flag, type, source, join(path, at)]);
  return {
    path,
    run: (line) => inside(path, line),
    shell: async (user) => {
      const env = ['-i', 'TERM=xterm', `PATH=${PATH}`, ...certificates(path)];
      const keep = '--whitelist-environment=NODE_EXTRA_CA_CERTS,SSL_CERT_FILE';
      const terminal = openTerminal(['chroot', path, 'env', ...env, 'su', '--login', keep, user], {
        cwd: path,
        onText: (text) => process.stdout.write(text),
      });
      // In two words, so that the screen does not show it before it is the prompt.
      await terminal.answer(/[$#] $/, `PS1='done''> '`);
      return terminal;
    },
    stop: () => {
      spawnSync('chroot', [path, 'handover-services', 'stop'], { stdio: 'ignore' });
      endAll(path);
      for (const [, , , at] of [...MOUNTS].reverse()) spawnSync('umount', ['-l', join(path, at)]);
    },
  };
}

/** What still runs with this folder as its root. Process ids are shared with the machine, names prove nothing. */
function endAll(path: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(join('/proc', pid, 'root')) === path) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

function inside(path: string, line: string): Promise<Ran> {
  const env = ['-i', 'HOME=/root', `PATH=${PATH}`, ...certificates(path)];
  console.log(`\n$ ${line}`);
  return new Promise((resolve, reject) => {
    const child = spawn('chroot', [path, 'env', ...env, 'bash', '-c', `cd && ${line} 2>&1`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      process.stdout.write(part);
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve({ exit: code ?? -1, text }));
    // What it leaves running keeps the pipe open.
    child.once('exit', () => child.stdout.destroy());
  });
}

const PATH = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function certificates(path: string): string[] {
  return ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'].flatMap((name) => {
    const value = process.env[name];
    return value !== undefined && existsSync(value) ? [`${name}=${copied(path, value)}`] : [];
  });
}

function copied(path: string, file: string): string {
  const to = '/etc/prove-certificates.pem';
  cpSync(file, join(path, to), { dereference: true });
  return to;
}

function must(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
