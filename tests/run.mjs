/**
 * `npm test`: from a fresh clone to a verdict. Installs packages, installs the servers that the
 * tests talk to, builds, runs. Arguments go to vitest: `npm test -- tests/unit`.
 * Without root or apt, what needs them is left out and named loudly; with CI=true that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureNewerSyncthing } from './newer-syncthing.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CI = process.env.CI === 'true' || process.env.CI === '1';
/** Where each program is that tests start, and the Debian package it comes in. */
const PROGRAMS = [
  { path: '/usr/sbin/dovecot', package: 'dovecot-imapd', helper: 'tests/helpers/dovecot.ts' },
  { path: '/usr/lib/dovecot/lmtp', package: 'dovecot-lmtpd', helper: 'tests/helpers/dovecot.ts' },
  { path: '/usr/bin/syncthing', package: 'syncthing', helper: 'tests/helpers/syncthing-node.ts' },
];
const POLICY = '/usr/sbin/policy-rc.d';

const missing = ensurePrograms();
run(process.execPath, ['deployment/ensure.mjs', 'build']);
sayWhatIsOld(ensureNewerSyncthing());
const left = missing.length > 0 ? leaveOut(missing) : [];
const excluded = left.flatMap((file) => ['--exclude', file]);
const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
const { status } = spawn(process.execPath, [vitest, 'run', ...excluded, ...process.argv.slice(2)]);
process.exit(status ?? 1);

/** Returns the programs that could not be had. */
function ensurePrograms() {
  const absent = () => PROGRAMS.filter(({ path }) => !existsSync(path));
  if (absent().length === 0) return [];
  const names = absent().map((program) => program.package);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return absent();
  console.log(`Installing ${names.join(', ')} (apt-get) ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => spawn('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], { env });
  apt('update');
  withoutServices(() => apt('install', '-y', '--no-install-recommends', ...names));
  return absent();
}

/** Not a package of this Debian, so its absence fails no build; but nobody is to believe it was run. */
function sayWhatIsOld(why) {
  if (why === null) return;
  const line = '!'.repeat(80);
  console.error(
    `${line}\nNOT RUN against the Syncthing of Debian's next release, only this one's: ${why}\n${line}`,
  );
}

/** Debian starts a server as it installs it, on the ports of the machine; 101 forbids that. */
function withoutServices(install) {
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    if (ours) rmSync(POLICY);
  }
}

/** The test files that start a missing program, directly or through another helper. */
function leaveOut(programs) {
  const helpers = new Set(programs.map((program) => join(ROOT, program.helper)));
  const left = files('tests')
    .filter((path) => path.endsWith('.test.ts') && reaches(join(ROOT, path), helpers, new Set()))
    .sort();
  const packages = programs.map((program) => program.package).join(' ');
  const line = '!'.repeat(80);
  console.error(`${line}\nNOT RUN, because it needs: apt-get install ${packages} (as root)`);
  for (const path of left) console.error(`  ${path}`);
  console.error(line);
  if (CI) process.exit(1);
  return left;
}

function reaches(file, targets, seen) {
  if (targets.has(file)) return true;
  if (seen.has(file) || !existsSync(file)) return false;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g);
  return [...imports].some(([, path]) => reaches(resolve(dirname(file), path), targets, seen));
}

function files(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function spawn(command, args, options = {}) {
  return spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], ...options });
}

function run(command, args) {
  const { status } = spawn(command, args);
  if (status !== 0) process.exit(status ?? 1);
}
