/**
 * Programs that tests talk to, from Debian: installed where we may (root), or only fetched and unpacked from another
 * suite. The mirror is the one that apt uses here anyway; no address is written down.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const POLICY = '/usr/sbin/policy-rc.d';
const MINUTES = 60_000;

/** Whether this user may install packages on this machine. */
export function mayInstall() {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/** @returns those of `names` that are not installed; all, where there is no dpkg */
export function notInstalled(names) {
  const { stdout } = spawnSync(
    '/usr/bin/dpkg-query',
    ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names],
    {
      encoding: 'utf8',
    },
  );
  const lines = new Set((stdout ?? '').split('\n'));
  return names.filter((name) => !lines.has(`${name} installed`));
}

/** Without recommendations and without starting a service. Whoever needs to know looks afterwards. */
export function install(names) {
  console.log(`Installing ${names.join(', ')} (apt-get) ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // It says at length what it unpacks.
  const stdio = ['ignore', 'ignore', 'inherit'];
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, stdio });
  apt('update');
  withoutServices(() => apt('install', '-y', '--no-install-recommends', ...names));
}

/** Debian starts a server as it installs it, on the ports of the machine; 101 forbids that. */
function withoutServices(action) {
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    action();
  } finally {
    if (ours) rmSync(POLICY);
  }
}

/**
 * One package of another suite, unpacked into `target` and not installed; needs no root. `target` is there as a whole
 * or not at all.
 * @param options.exclude tar patterns of what is not unpacked
 * @param options.finish (folder) => boolean, on the unpacked tree before it gets its name
 * @returns why it is not there; null: it is
 */
export function fetchUnpacked({ name, suite, target, exclude = [], finish = () => true }) {
  const dir = mkdtempSync(join(tmpdir(), 'ho-apt-'));
  const near = `${target}.${process.pid}`;
  try {
    removeHalves(target);
    const fetched = download(name, suite, dir);
    if (fetched.why !== undefined) return fetched.why;
    mkdirSync(near, { recursive: true });
    const tar = ['tar', '-x', '-C', near, ...exclude.map((pattern) => `--exclude=${pattern}`)];
    const pipe = 'deb=$1; shift; dpkg-deb --fsys-tarfile "$deb" | "$@"';
    if (!run('sh', ['-c', pipe, 'sh', fetched.file, ...tar], dir)) return `${name} cannot be unpacked`;
    if (!finish(near)) return `${name} is not what was expected`;
    renameSync(near, target);
    return null;
  } finally {
    for (const path of [dir, near]) rmSync(path, { recursive: true, force: true });
  }
}

/** What a killed run left: older than any fetch takes. */
function removeHalves(target) {
  const parent = dirname(target);
  if (!existsSync(parent)) return;
  for (const entry of readdirSync(parent)) {
    const path = join(parent, entry);
    if (!entry.startsWith(`${basename(target)}.`)) continue;
    if (Date.now() - statSync(path).mtimeMs > 30 * MINUTES) rmSync(path, { recursive: true, force: true });
  }
}

function download(name, suite, dir) {
  const source = sourceLine(suite);
  if (source === null) return { why: 'apt knows no mirror here' };
  for (const folder of ['state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(dir, folder), { recursive: true });
  }
  writeFileSync(join(dir, 'sources.list'), `${source}\n`);
  const settings = [
    `Dir::Etc::sourcelist=${join(dir, 'sources.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State=${join(dir, 'state')}`,
    'Dir::State::status=/dev/null',
    `Dir::Cache=${join(dir, 'cache')}`,
    'Acquire::Retries=1',
    'Acquire::http::Timeout=20',
    // The folder is ours alone, which apt's own user could not read.
    'APT::Sandbox::User=root',
  ].flatMap((setting) => ['-o', setting]);
  const apt = (...args) => run('apt-get', ['-qq', ...settings, ...args], dir);
  if (!apt('update')) return { why: `apt cannot read the list of ${suite}` };
  if (!apt('download', name)) return { why: `apt cannot fetch ${name} of ${suite}` };
  const file = readdirSync(dir).find((entry) => entry.endsWith('.deb'));
  return file === undefined ? { why: `apt fetched no ${name}` } : { file: join(dir, file) };
}

/** The mirror, and how far it is trusted, as in apt's own configuration. */
function sourceLine(suite) {
  const format = '$(REPO_URI)|$(TRUSTED)|$(SIGNED_BY)|$(RELEASE)';
  const { status, stdout } = spawnSync(
    'apt-get',
    ['indextargets', '--format', format, 'Created-By: Packages'],
    { encoding: 'utf8' },
  );
  const line = status === 0 ? stdout.split('\n').find((one) => /\/debian\/?\|/.test(one)) : undefined;
  if (line === undefined) return null;
  const [uri, trusted, signedBy] = line.split('|');
  const options = [
    ...(trusted === 'yes' ? ['trusted=yes'] : []),
    ...(signedBy?.startsWith('/') ? [`signed-by=${signedBy}`] : []),
  ];
  return `deb ${options.length > 0 ? `[${options.join(' ')}] ` : ''}${uri} ${suite} main`;
}

function run(command, args, cwd) {
  return spawnSync(command, args, { cwd, stdio: 'ignore', timeout: 5 * MINUTES }).status === 0;
}
