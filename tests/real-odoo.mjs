/**
 * A real Odoo 19 for tests: the Debian package of the suite that has it, only unpacked, on the Python and PostgreSQL
 * that are installed here; and a template with which a test has a company's books of its own in seconds.
 *   node tests/real-odoo.mjs     makes sure that it is there, or says why not (exit 1)
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchUnpacked, install, mayInstall, notInstalled } from './debian.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** tests/helpers/odoo-place.ts looks here. */
const UNPACKED = join(ROOT, 'node_modules/.cache/handover/odoo-19');
const PYTHON_FOLDER = 'usr/lib/python3/dist-packages';
const MINUTES = 60_000;

const PYTHON =
  'asn1crypto babel cbor2 chardet cryptography dateutil docutils freezegun geoip2 gevent greenlet idna jinja2 libsass ' +
  'lxml magic markupsafe num2words ofxparse openpyxl openssl passlib pil polib psutil psycopg2 pypdf qrcode ' +
  'reportlab requests rjsmin serial stdnum tz urllib3 usb vobject werkzeug xlrd xlsxwriter xlwt zeep';
/** What odoo-19 depends on, as far as this release of Debian has it. */
const PACKAGES = [
  'postgresql',
  ...PYTHON.split(' ').map((name) => `python3-${name}`),
  'fonts-dejavu-core',
  'fonts-font-awesome',
  'fonts-inconsolata',
  'fonts-ocr-b',
  'fonts-roboto-unhinted',
  'libjs-jquery',
  'libjs-jquery-form',
  'libjs-underscore',
];
/**
 * The PDF of an invoice is drawn by the one, and what is embedded in it by the other (pypdf 3.4 of Debian 12 cannot:
 * measured). Newer releases of Debian have neither; then the PDF tests know.
 */
const PDF = ['wkhtmltopdf', 'python3-pypdf2'];

/** @returns why it is not there, in one sentence; null: it is */
export function ensureRealOdoo() {
  return ensurePackages() ?? ensureUnpacked() ?? ensureTemplate();
}

function ensurePackages() {
  const missing = notInstalled([...PACKAGES, ...PDF]);
  if (missing.length === 0) return null;
  if (mayInstall()) {
    const needed = missing.filter((name) => !PDF.includes(name));
    if (needed.length > 0) install(needed);
    for (const name of PDF) if (missing.includes(name)) install([name]);
  }
  const left = notInstalled(PACKAGES);
  return left.length === 0 ? null : `it needs, as root: apt-get install ${left.join(' ')}`;
}

function ensureUnpacked() {
  if (existsSync(UNPACKED)) return null;
  console.log('Fetching odoo-19 (122 MB) ...');
  return fetchUnpacked({
    name: 'odoo-19',
    suite: 'sid',
    target: UNPACKED,
    // A half copy of its modules, which Python would find first; and two thirds of the rest are translations.
    exclude: [`./${PYTHON_FOLDER}/addons`, '*/i18n'],
    finish: (folder) => {
      const python = join(folder, PYTHON_FOLDER);
      if (!existsSync(join(python, 'odoo/addons/account/__manifest__.py'))) return false;
      // Its links to fonts and scripts are relative: usr/share/... of the unpacked tree.
      mkdirSync(join(folder, 'usr/share'), { recursive: true });
      for (const name of ['javascript', 'fonts', 'fonts-font-awesome']) {
        symlinkSync(`/usr/share/${name}`, join(folder, 'usr/share', name));
      }
      // Tests run it as a user who may not write there; without byte code each start costs seconds.
      // Its exit code says that some template of code is no code, which is so.
      spawnSync('/usr/bin/python3', ['-m', 'compileall', '-q', '-j', '2', join(python, 'odoo')], {
        stdio: 'ignore',
        timeout: 5 * MINUTES,
      });
      return true;
    },
  });
}

/** In a process of its own because it is TypeScript, shared with the helper that tests use. */
function ensureTemplate() {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(ROOT, 'tests/helpers/odoo-template.ts')],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'], encoding: 'utf8', timeout: 10 * MINUTES },
  );
  return status === 0 ? null : `its template cannot be made: ${stderr.trim().slice(-2000)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const why = ensureRealOdoo();
  if (why !== null) console.error(why);
  process.exitCode = why === null ? 0 : 1;
}
