/**
 * The Syncthing of Debian's next release, beside the one of this release: what holds against the real program is to
 * hold against the coming one too. It is fetched with apt from the mirror this machine uses anyway, with lists and a
 * cache of its own, and only unpacked: no root, nothing installed. Where that cannot be (no apt, no network), the
 * tests run against what is there, and the caller says so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const RELEASE = 'trixie';
const MINUTES = 60_000;
/** tests/helpers/syncthing-node.ts looks here. */
const UNPACKED = join(ROOT, 'node_modules/.cache/handover/newer-syncthing');

/** @returns why it is not there; null: it is */
export function ensureNewerSyncthing() {
  if (existsSync(join(UNPACKED, 'usr/bin/syncthing'))) return null;
  const dir = mkdtempSync(join(tmpdir(), 'ho-apt-'));
  try {
    return fetchInto(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function fetchInto(dir) {
  const source = sourceLine();
  if (source === null) return 'apt knows no mirror here';
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'unpacked']) {
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
  if (!apt('update')) return `apt cannot read the list of ${RELEASE}`;
  if (!apt('download', 'syncthing')) return `apt cannot fetch syncthing of ${RELEASE}`;
  const [package_] = readdirSync(dir).filter((name) => name.endsWith('.deb'));
  if (!run('dpkg', ['-x', package_ ?? '', 'unpacked'], dir)) return 'dpkg cannot unpack it';
  // A renamed folder is there as a whole or not at all; /tmp may be another file system.
  const near = `${UNPACKED}.${process.pid}`;
  mkdirSync(dirname(near), { recursive: true });
  if (!run('cp', ['-r', join(dir, 'unpacked'), near], dir)) return 'no room for it';
  renameSync(near, UNPACKED);
  return null;
}

/** The mirror, and how far it is trusted, as in apt's own configuration: no address is written down here. */
function sourceLine() {
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
  return `deb ${options.length > 0 ? `[${options.join(' ')}] ` : ''}${uri} ${RELEASE} main`;
}

function run(command, args, cwd) {
  return spawnSync(command, args, { cwd, stdio: 'ignore', timeout: 2 * MINUTES }).status === 0;
}
