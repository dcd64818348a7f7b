import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/handover');
const UNPACKED = join(CACHE, 'odoo-19');
const POSTGRES = '/usr/lib/postgresql';

/** The unpacked package: tests/real-odoo.mjs. */
export const ODOO_PYTHON = join(UNPACKED, 'usr/lib/python3/dist-packages');
/** What starts it. `python3 -m odoo` could not start worker processes (measured). */
export const ODOO_PROGRAM = join(UNPACKED, 'usr/bin/odoo');
/** The templates are here, one by recipe: odoo-template.ts. */
export const TEMPLATES = CACHE;
/** Whether Odoo can draw a PDF here. */
export const HAS_WKHTMLTOPDF = existsSync('/usr/bin/wkhtmltopdf');
/** The database of the template and of every server made from it. */
export const DATABASE = 'books';
/** Where Python, PostgreSQL's own programs and wkhtmltopdf look for theirs. */
export const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** The folder of postgres, initdb and psql, of the newest version here. */
export function postgresPrograms(): string {
  const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES) : [];
  const [newest] = versions
    .filter((version) => existsSync(join(POSTGRES, version, 'bin/postgres')))
    .sort((a, b) => Number(b) - Number(a));
  if (newest === undefined) throw new Error('no PostgreSQL server here; node tests/real-odoo.mjs');
  return join(POSTGRES, newest, 'bin');
}

/** Who runs a server; empty: we ourselves. */
export interface RunsAs {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root, and neither needs to: a root caller lends them `nobody`. */
export function lowUser(): RunsAs {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** `low` if it can read the unpacked package; a checkout under /root is closed to it, then we ourselves. */
export function odooUser(low: RunsAs): RunsAs {
  const module = join(ODOO_PYTHON, 'odoo/release.py');
  return spawnSync('/usr/bin/test', ['-r', module], { ...low, stdio: 'ignore' }).status === 0 ? low : {};
}
