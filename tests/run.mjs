/**
 * `npm test`: from a fresh clone to a verdict. Installs packages, gets the servers that the
 * tests talk to, builds, runs. Arguments go to vitest: `npm test -- tests/unit`.
 * Without root or apt, what needs them is left out and named loudly; with CI=true that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, mayInstall } from './debian.mjs';
import { ensureNewerSyncthing } from './newer-syncthing.mjs';
import { ensureRealOdoo } from './real-odoo.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CI = process.env.CI === 'true' || process.env.CI === '1';
/** Where each program is that tests start, and the Debian package it comes in. */
const PROGRAMS = [
  { path: '/usr/sbin/dovecot', package: 'dovecot-imapd', helper: 'tests/helpers/dovecot.ts' },
  { path: '/usr/lib/dovecot/lmtp', package: 'dovecot-lmtpd', helper: 'tests/helpers/dovecot.ts' },
  { path: '/usr/bin/syncthing', package: 'syncthing', helper: 'tests/helpers/syncthing-node.ts' },
  { path: '/usr/bin/caddy', package: 'caddy', helper: 'tests/helpers/caddy.ts' },
  { path: '/usr/bin/zsh', package: 'zsh', helper: 'tests/helpers/shells.ts' },
  { path: '/usr/bin/fish', package: 'fish', helper: 'tests/helpers/shells.ts' },
  { path: '/usr/bin/shellcheck', package: 'shellcheck', helper: 'tests/helpers/shellcheck.ts' },
  { path: '/usr/bin/curl', package: 'curl', helper: 'tests/helpers/odoo-scripts.ts' },
  { path: '/usr/bin/openssl', package: 'openssl', helper: 'tests/helpers/odoo-scripts.ts' },
];

const missing = ensurePrograms();
run(process.execPath, ['deployment/ensure.mjs', 'build']);
sayWhatIsOld(ensureNewerSyncthing());
const noOdoo = ensureRealOdoo();
if (noOdoo !== null) missing.push({ helper: 'tests/helpers/odoo.ts', why: `no real Odoo: ${noOdoo}` });
const left = missing.length > 0 ? leaveOut(missing) : [];
const excluded = left.flatMap((file) => ['--exclude', file]);
const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
const { status } = spawn(process.execPath, [vitest, 'run', ...excluded, ...process.argv.slice(2)]);
process.exit(status ?? 1);

/** @returns what could not be had: the helper that needs it, and why not */
function ensurePrograms() {
  const absent = () => PROGRAMS.filter(({ path }) => !existsSync(path));
  if (absent().length > 0 && mayInstall()) install(absent().map((program) => program.package));
  return absent().map(({ helper, package: name }) => ({
    helper,
    why: `it needs, as root: apt-get install ${name}`,
  }));
}

/** Not a package of this Debian, so its absence fails no build; but nobody is to believe it was run. */
function sayWhatIsOld(why) {
  if (why === null) return;
  const line = '!'.repeat(80);
  console.error(
    `${line}\nNOT RUN against the Syncthing of Debian's next release, only this one's: ${why}\n${line}`,
  );
}

/** The test files that start what is missing, directly or through another helper. */
function leaveOut(absent) {
  const helpers = new Set(absent.map(({ helper }) => join(ROOT, helper)));
  const paths = files('tests')
    .filter((path) => path.endsWith('.test.ts') && reaches(join(ROOT, path), helpers, new Set()))
    .sort();
  const line = '!'.repeat(80);
  console.error(line);
  for (const { why } of absent) console.error(`NOT RUN, because ${why}`);
  for (const path of paths) console.error(`  ${path}`);
  console.error(line);
  if (CI) process.exit(1);
  return paths;
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
