/**
 * Makes sure that what the next command needs is there, and says nothing when it is.
 *   node deployment/ensure.mjs          packages as package-lock.json has them (npm ci when not)
 *   node deployment/ensure.mjs build    the same, and dist/ as src/ has it
 *   node deployment/ensure.mjs check    changes nothing; exit 1 when dist/ is missing or stale
 * Plain Node without packages: it runs before there are any.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(ROOT, 'dist', '.built');
const [wish = ''] = process.argv.slice(2);

if (wish === 'check') {
  if (!isBuilt()) stop('dist/ is missing or older than src/: npm run build');
} else {
  ensurePackages();
  if (wish === 'build') ensureBuild();
}

function ensurePackages() {
  if (packagesMatchLock()) return;
  console.log('Installing packages (npm ci) ...');
  const npm = process.env.npm_execpath;
  // npm's own script runs under this very Node; `npm` from PATH may belong to another.
  if (npm?.endsWith('.js')) run(process.execPath, [npm, 'ci']);
  else run('npm', ['ci']);
}

/** Versions, not time stamps: a checkout touches package-lock.json without changing it. */
function packagesMatchLock() {
  try {
    const read = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages;
    const wanted = read('package-lock.json');
    const installed = read('node_modules/.package-lock.json');
    // Optional ones may be missing: they belong to other platforms.
    return Object.entries(wanted).every(
      ([path, entry]) =>
        path === '' ||
        (installed[path] ? installed[path].version === entry.version : entry.optional || entry.devOptional),
    );
  } catch {
    return false;
  }
}

function ensureBuild() {
  if (isBuilt()) return;
  const before = fingerprint();
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  removeOrphans();
  writeFileSync(STAMP, before);
}

function isBuilt() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint();
}

/** Name, size and time of everything that goes into dist/. */
function fingerprint() {
  const hash = createHash('sha256');
  const sources = files('src').filter((path) => path.endsWith('.ts'));
  for (const path of ['tsconfig.json', 'tsconfig.build.json', ...sources]) {
    const { size, mtimeMs } = statSync(join(ROOT, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** What tsc made from a source that is gone would still be found by an import. */
function removeOrphans() {
  for (const path of files('dist').filter((name) => /\.js(\.map)?$/.test(name))) {
    const source = path.replace(/^dist/, 'src').replace(/\.js(\.map)?$/, '.ts');
    if (!existsSync(join(ROOT, source))) rmSync(join(ROOT, path));
  }
}

function files(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort();
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) stop(`${command} does not start: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function stop(why) {
  console.error(why);
  process.exit(1);
}
