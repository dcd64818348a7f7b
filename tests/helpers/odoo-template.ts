/**
 * The template of a test's books: an archive of a stopped PostgreSQL cluster (`pg/`), Odoo's data_dir (`files/`) and the
 * password of the role `odoo` (`password`). One database: accounting and automation rules, no demo data, the generic
 * chart of accounts, three sale taxes (15 %, 7 %, none), English, administrator `admin`/`admin`, no API key.
 *   node --import tsx tests/helpers/odoo-template.ts     makes it if there is none of today's recipe
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import {
  appendFile,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../src/demo/free-port.ts';
import {
  DATABASE,
  lowUser,
  ODOO_PYTHON,
  PATH,
  postgresPrograms,
  type RunsAs,
  TEMPLATES,
} from './odoo-place.ts';
import { type OdooParts, odooCommand, startPostgres, writeOdooConf } from './odoo-processes.ts';

const run = promisify(execFile);
const NAME = 'odoo-19-template-';
const HALF_IS_OLD_MS = 30 * 60_000;
const MODULES = 'account,base_automation';
const INITDB = ['-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-A', 'scram-sha-256', '--no-sync'];
/** No socket file, no durability: it lives as long as a test. */
const POSTGRES_CONF = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
min_wal_size = 32MB
shared_buffers = 64MB
dynamic_shared_memory_type = mmap
jit = off
`;
/** A tax that is neither the default nor none: which of them is then a question. */
const BOOKS = `
company = env.company
company.write({'name': 'Example Books', 'country_id': env.ref('base.us').id, 'email': 'books@example.com'})
if not company.chart_template:
    env['account.chart.template'].try_loading('generic_coa', company, install_demo=False)
first = env['account.tax'].search([('type_tax_use', '=', 'sale'), ('company_id', '=', company.id)], limit=1)
first.copy({'name': '7%', 'amount': 7.0, 'description': False, 'invoice_label': '7%'})
env.cr.commit()
taxes = env['account.tax'].search([('type_tax_use', '=', 'sale')]).mapped('name')
print('BOOKS', company.chart_template, len(taxes), taxes)
`;

/** Named by what it is made of, and renamed to that when it is whole: one of another making is simply not found. */
function archivePath(): string {
  const version = execFileSync(join(postgresPrograms(), 'postgres'), ['--version']);
  const odoo = readFileSync(join(ODOO_PYTHON, 'odoo/release.py'));
  const hash = createHash('sha256').update(version).update(odoo);
  hash.update(JSON.stringify([MODULES, INITDB, POSTGRES_CONF, BOOKS]));
  return join(TEMPLATES, `${NAME}${hash.digest('hex').slice(0, 16)}.tar`);
}

/**
 * Puts the template's folders into `into`, owned by whom the servers run as. That user may not be able to read the
 * archive: we open it.
 * @returns the password of the role `odoo`
 */
export async function unpackTemplate(into: string, { uid, gid }: RunsAs): Promise<string> {
  const path = archivePath();
  if (!existsSync(path)) throw new Error('no template of a real Odoo here; node tests/real-odoo.mjs');
  const as = uid === undefined || gid === undefined ? {} : { uid, gid };
  if (uid !== undefined && gid !== undefined) await chown(into, uid, gid);
  const archive = openSync(path, 'r');
  const tar = spawn('/usr/bin/tar', ['-x', '-f', '-', '-C', into], {
    ...as,
    env: { PATH },
    cwd: '/',
    stdio: [archive, 'ignore', 'inherit'],
  });
  closeSync(archive);
  await once(tar, 'close');
  if (tar.exitCode !== 0)
    throw new Error(`remove ${path}: it cannot be unpacked; then node tests/real-odoo.mjs`);
  return readFile(join(into, 'password'), 'utf8');
}

async function makeTemplate(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'od-'));
  const low = lowUser();
  const parts: OdooParts = {
    root,
    low,
    httpPort: await freePort(),
    geventPort: await freePort(),
    pgPort: await freePort(),
    pgPassword: randomBytes(12).toString('hex'),
    workers: 0,
  };
  try {
    if (low.uid !== undefined && low.gid !== undefined) await chown(root, low.uid, low.gid);
    await initCluster(parts);
    await fillBooks(parts);
    await archive(root);
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function initCluster(parts: OdooParts): Promise<void> {
  const { root, low, pgPassword } = parts;
  const secret = join(root, 'password');
  await writeFile(secret, pgPassword);
  const args = ['-D', join(root, 'pg'), `--pwfile=${secret}`, ...INITDB];
  await run(join(postgresPrograms(), 'initdb'), args, { env: { PATH }, cwd: '/', ...low });
  await appendFile(join(root, 'pg/postgresql.conf'), POSTGRES_CONF);
}

async function fillBooks(parts: OdooParts): Promise<void> {
  await mkdir(join(parts.root, 'files'));
  const { uid, gid } = odooCommand(parts).options;
  if (uid !== undefined && gid !== undefined) await chown(join(parts.root, 'files'), uid, gid);
  await writeOdooConf(parts);
  const postgres = await startPostgres(parts);
  try {
    await createRole(parts);
    const said = await odoo(parts, [], ['-i', MODULES, '--stop-after-init'], '');
    if (/ (ERROR|CRITICAL) /.test(said)) throw new Error(`Odoo does not install: ${said.slice(-4000)}`);
    const made = await odoo(parts, ['shell'], [], BOOKS);
    if (!/^BOOKS generic_coa 3 /m.test(made)) throw new Error(`no books: ${made.slice(-4000)}`);
  } finally {
    postgres.signal('SIGINT');
    await postgres.gone();
  }
}

/** As the superuser, who is not needed again. */
async function createRole(parts: OdooParts): Promise<void> {
  const at = ['-h', '127.0.0.1', '-p', String(parts.pgPort), '-U', 'postgres', '-d', 'postgres'];
  const query = `create role odoo login createdb password '${parts.pgPassword}'`;
  await run(join(postgresPrograms(), 'psql'), [...at, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', query], {
    env: { PATH, PGPASSWORD: parts.pgPassword },
    cwd: '/',
  });
}

/** Runs it to its end and returns everything it said. */
async function odoo(parts: OdooParts, verb: string[], rest: string[], input: string): Promise<string> {
  const { command, args, options } = odooCommand(parts);
  const all = [...args, ...verb, '-c', join(parts.root, 'odoo.conf'), '-d', DATABASE, '--no-http', ...rest];
  const child = spawn(command, all, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  child.stdin.end(input);
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`Odoo ended with ${child.exitCode}: ${said.slice(-4000)}`);
  return said;
}

async function archive(root: string): Promise<void> {
  const path = archivePath();
  const near = `${path}.${process.pid}`;
  try {
    await run('/usr/bin/tar', ['-c', '-f', near, '-C', root, 'pg', 'files', 'password'], { env: { PATH } });
    await rename(near, path);
  } finally {
    await rm(near, { force: true });
  }
}

/** Of other recipes, and what killed runs left half. A server being made from one has it open. */
async function removeOthers(): Promise<void> {
  const current = archivePath();
  for (const entry of await readdir(TEMPLATES)) {
    const path = join(TEMPLATES, entry);
    if (!entry.startsWith(NAME) || path === current) continue;
    const half = !entry.endsWith('.tar');
    if (!half || Date.now() - (await stat(path)).mtimeMs > HALF_IS_OLD_MS) await rm(path, { force: true });
  }
}

if (process.argv[1] === import.meta.filename && !existsSync(archivePath())) {
  console.log('Making the template of a real Odoo ...');
  await makeTemplate();
  await removeOthers();
}
