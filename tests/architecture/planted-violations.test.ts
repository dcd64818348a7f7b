/**
 * Does `npm run check:walls` catch anything? Every rule of .dependency-cruiser.cjs gets one violation,
 * planted in a copy of the project, and must report it.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT } from '../helpers/source-tree.ts';
import { type TempDir, tempDir } from '../helpers/testdir.ts';

/** Rule -> the files that break it; the first one is the culprit. */
const PLANTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no-cycles': {
    'src/core/planted-a.ts': "import './planted-b.ts';",
    'src/core/planted-b.ts': "import type {} from './planted-a.ts';",
  },
  'no-unresolvable': { 'src/core/planted-lost.ts': "import './nowhere.ts';" },
  'no-undeclared-packages': { 'src/runtime/planted-dev.ts': "import 'vitest';" },
  'src-knows-no-tests': {
    'src/demo/planted-test.ts': "import '../../tests/planted-helper.ts';",
    'tests/planted-helper.ts': 'export {};',
  },
  'mains-are-started': { 'src/cloud/planted-main.ts': "import './draft-replier.main.ts';" },
  'core-is-pure': { 'src/core/planted-fs.ts': "import 'node:fs';" },
  'files-is-lowest': { 'src/files/planted.ts': "import '../core/mail.ts';" },
  'vault-knows-core': { 'src/vault/planted.ts': "import '../stages/offers.ts';" },
  'runtime-knows-no-work': { 'src/runtime/planted.ts': "import '../audit/audit-log.ts';" },
  'audit-is-an-adapter': { 'src/audit/planted.ts': "import '../runtime/daemon.ts';" },
  'sync-is-an-adapter': { 'src/sync/planted.ts': "import '../stages/offers.ts';" },
  'drafting-is-an-adapter': { 'src/drafting/planted.ts': "import '../vault/vault.ts';" },
  'message-is-an-adapter': { 'src/mail/message/planted.ts': "import '../../vault/vault.ts';" },
  'inbox-is-an-adapter': { 'src/mail/inbox/planted.ts': "import '../../runtime/config.ts';" },
  'mailbox-is-an-adapter': { 'src/mail/mailbox/planted.ts': "import '../submission/submit.ts';" },
  'people-is-an-adapter': { 'src/mail/people/planted.ts': "import '../../vault/vault.ts';" },
  'oauth-is-an-adapter': { 'src/mail/oauth/planted.ts': "import '../../runtime/config.ts';" },
  'oauth-place': { 'src/mail/inbox/planted-oauth.ts': "import 'oauth4webapi';" },
  'submission-is-an-adapter': { 'src/mail/submission/planted.ts': "import '../../vault/vault.ts';" },
  'journal-is-an-adapter': { 'src/journal/planted.ts': "import '../vault/vault.ts';" },
  'odoo-is-an-adapter': { 'src/odoo/planted.ts': "import '../vault/vault.ts';" },
  'posting-is-an-adapter': { 'src/odoo/posting/planted.ts': "import '../../vault/vault.ts';" },
  'odoo-mcp-drafts': { 'src/mcp/odoo/planted.ts': "import '../../odoo/posting/post-once.ts';" },
  'odoo-mcp-posts': { 'src/mcp/odoo/live/planted.ts': "import '../../../mail/submission/submit.ts';" },
  'mcp-is-an-adapter': { 'src/mcp/planted.ts': "import '../stages/offers.ts';" },
  'status-mcp-only-reads': {
    'src/mcp/status/planted.ts': "import '../../mail/submission/submit.ts';",
  },
  'monitor-knows-no-work': { 'src/monitor/planted.ts': "import '../mail/submission/submit.ts';" },
  'stages-know-interfaces': { 'src/stages/planted.ts': "import '../mail/submission/submit.ts';" },
  'stages-know-shapes': { 'src/stages/planted-value.ts': "import '../drafting/template.ts';" },
  // By way of a file that may itself do so: the wall holds through any number of imports.
  'cloud-cannot-send': {
    'src/cloud/planted-send.ts': "import '../stages/planted-way.ts';",
    'src/stages/planted-way.ts': "import '../mail/submission/compose-message.ts';",
  },
  'local-knows-no-cloud': {
    'src/local/planted-cloud.ts': "import '../stages/planted-cloud-way.ts';",
    'src/stages/planted-cloud-way.ts': "import '../cloud/draft-replier.main.ts';",
  },
  'no-host-knows-cli-or-demo': { 'src/local/planted-cli.ts': "import '../cli/verb.ts';" },
  'only-hosts-import-hosts': { 'src/cli/planted-host.ts': "import '../local/orchestrator.main.ts';" },
  'cli-is-imported-by-demo-alone': { 'src/audit/planted-cli.ts': "import '../cli/verb.ts';" },
  'demo-plays-from-outside': { 'src/demo/planted.ts': "import '../vault/vault.ts';" },
  'demo-is-no-library': { 'src/cli/planted-demo.ts': "import '../demo/mail-pair.ts';" },
  'nodemailer-place': { 'src/mcp/planted-nodemailer.ts': "import 'nodemailer';" },
  'imapflow-place': { 'src/cli/planted-imapflow.ts': "await import('imapflow');" },
  'smtp-server-place': { 'src/mail/submission/planted-server.ts': "import 'smtp-server';" },
  'mcp-sdk-place': { 'src/cli/planted-mcp.ts': "import '@modelcontextprotocol/sdk/client/index.js';" },
  'chokidar-place': { 'src/stages/planted-watch.ts': "import 'chokidar';" },
  'model-sdk-place': { 'src/cloud/planted-model.ts': "import type {} from 'ai';" },
  'mail-parser-place': { 'src/cli/planted-parser.ts': "import 'postal-mime';" },
  'front-matter-place': { 'src/drafting/planted-yaml.ts': "import 'yaml';" },
  'xmlrpc-place': { 'src/mcp/planted-xmlrpc.ts': "import 'odoo-xmlrpc';" },
  'commander-place': { 'src/local/planted-commander.ts': "import 'commander';" },
  'pino-place': { 'src/stages/planted-log.ts': "import 'pino';" },
  'toml-place': { 'src/cli/planted-toml.ts': "import 'smol-toml';" },
  'pm2-is-never-imported': { 'src/demo/planted-pm2.ts': "import 'pm2';" },
};

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

const rules = (
  createRequire(import.meta.url)(join(PROJECT, '.dependency-cruiser.cjs')) as {
    forbidden: readonly { name: string; severity: string }[];
  }
).forbidden;

let copy: TempDir;
let violations: readonly Violation[];

beforeAll(async () => {
  copy = await tempDir();
  for (const path of ['src', 'package.json', 'tsconfig.json', '.dependency-cruiser.cjs']) {
    await cp(join(PROJECT, path), join(copy.path, path), { recursive: true });
  }
  await symlink(join(PROJECT, 'node_modules'), join(copy.path, 'node_modules'));
  for (const [path, text] of Object.values(PLANTS).flatMap((files) => Object.entries(files))) {
    await mkdir(dirname(join(copy.path, path)), { recursive: true });
    await writeFile(join(copy.path, path), `${text}\n`);
  }
  violations = await cruise(copy.path);
});

afterAll(() => copy.remove());

function cruise(folder: string): Promise<readonly Violation[]> {
  const program = join(PROJECT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'];
  return new Promise((resolve, reject) => {
    // It exits with the number of violations.
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      try {
        const report = JSON.parse(stdout) as { summary: { violations: readonly Violation[] } };
        resolve(report.summary.violations);
      } catch {
        reject(new Error(`dependency-cruiser: ${stderr}`, { cause: error }));
      }
    });
  });
}

describe('the import walls', () => {
  it('have a plant for every rule', () => {
    expect(Object.keys(PLANTS).sort()).toEqual(rules.map((rule) => rule.name).sort());
  });

  it('stop the check, each of them', () => {
    expect(rules.filter((rule) => rule.severity !== 'error')).toEqual([]);
  });

  it.each(Object.entries(PLANTS))('%s is seen broken', (rule, files) => {
    const culprit = Object.keys(files)[0] ?? '';
    const caught = violations.filter((violation) => violation.from === culprit);
    expect(caught.map((violation) => violation.rule.name)).toContain(rule);
  });

  it('are broken by the plants alone', () => {
    const others = violations.filter(({ from }) => !from.includes('/planted'));
    expect(others.map(({ from, rule }) => `${from}: ${rule.name}`)).toEqual([]);
  });
});
