import { vi } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import type { AllowList } from '../../src/odoo/allow-list.ts';
import type { Odoo, OdooProtocol } from '../../src/odoo/odoo.ts';
import { openOdoo } from '../../src/odoo/open-odoo.ts';
import { type OdooServer, startOdoo } from './odoo.ts';
import { tempDir } from './testdir.ts';

/** Whose key it is. */
export interface Key {
  readonly login: string;
  readonly apiKey: string;
}

export interface CliResult {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** `check --json` */
export interface CheckReport {
  readonly ok: boolean;
  readonly ways: readonly { readonly way: string; readonly fate: string; readonly why: string }[];
  readonly drafting: string;
  readonly triedInEarnest: boolean;
  readonly draft: number;
  readonly rules: readonly { readonly what: string }[] | null;
  readonly notes: readonly string[];
}

export interface Checked {
  readonly exit: number;
  readonly report: CheckReport;
  /** Ways that are open. */
  readonly open: readonly string[];
}

/** A real Odoo, and `handover odoo guard` as a person types it. */
export interface GuardedOdoo {
  readonly server: OdooServer;
  /** With this machine's key and, unless null, the administrator's. */
  guard(
    keys: { own?: Key; admin?: Key | null; protocol?: OdooProtocol },
    ...args: string[]
  ): Promise<CliResult>;
  check(key: Key, protocol?: OdooProtocol, ...more: string[]): Promise<Checked>;
  /** A bookkeeper, and what a person made: a posted invoice and a draft. */
  people(): Promise<{ readonly billing: Key; readonly posted: number; readonly draftOfPerson: number }>;
  open(key: Key, allow: AllowList, protocol?: OdooProtocol): Promise<Odoo>;
  /** The number of one of our records. */
  idOf(name: string): Promise<number>;
  groupId(xmlId: string): Promise<number>;
  /** Kinds of documents there are, `state|auto_post|move_type|number of them`. */
  books(): Promise<string>;
  stop(): Promise<void>;
}

export async function startGuardedOdoo(): Promise<GuardedOdoo> {
  const server = await startOdoo();
  const dir = await tempDir();
  const xmlId = async (module: string, name: string): Promise<number> =>
    Number(
      await server.sql(`select res_id from ir_model_data where module = '${module}' and name = '${name}'`),
    );
  const guard: GuardedOdoo['guard'] = async ({ own, admin = server.admin, protocol = 'json2' }, ...args) => {
    const env = {
      ENV_FILE: '',
      VAULT_DIR: `${dir.path}/vault`,
      STATE_DIR: `${dir.path}/state`,
      ODOO_URL: server.url,
      ODOO_DB: server.db,
      ODOO_PROTOCOL: protocol,
      ODOO_USERNAME: own?.login ?? '',
      ODOO_API_KEY: own?.apiKey ?? '',
      ODOO_ADMIN_USERNAME: admin?.login ?? '',
      ODOO_ADMIN_API_KEY: admin?.apiKey ?? '',
    };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value === '' ? undefined : value);
    let [out, err] = ['', ''];
    const exit = await runCli(['odoo', 'guard', ...args], {
      cwd: dir.path,
      out: (text) => (out += text),
      err: (text) => (err += text),
    });
    vi.unstubAllEnvs();
    return { exit, out, err };
  };
  const made = async (vals: object): Promise<number> => {
    const ids = (await server.call('account.move', 'create', { vals_list: [vals] })) as number[];
    return ids[0] ?? 0;
  };
  return {
    server,
    guard,
    check: async (key, protocol = 'json2', ...more) => {
      const { exit, out, err } = await guard({ own: key, protocol }, 'check', '--json', ...more);
      if (out === '') throw new Error(err);
      const report = JSON.parse(out) as CheckReport;
      const open = report.ways.filter(({ fate }) => fate === 'open').map(({ way }) => way);
      return { exit, report, open };
    },
    people: async () => {
      const invoice_line_ids = [[0, 0, { name: 'x', quantity: 1, price_unit: 100 }]];
      const vals = { move_type: 'out_invoice', partner_id: 1, invoice_date: '2026-11-02', invoice_line_ids };
      const posted = await made(vals);
      await server.call('account.move', 'action_post', { ids: [posted] });
      const billing = await server.user('billing', ['account.group_account_invoice']);
      return { billing, posted, draftOfPerson: await made(vals) };
    },
    open: (key, allow, protocol = 'json2') => {
      const place = { url: server.url, db: server.db };
      return openOdoo({ ...place, username: key.login, apiKey: key.apiKey, protocol, allow });
    },
    idOf: (name) => xmlId('handover_bridge', name),
    groupId: (name) => {
      const [module = '', rest = ''] = name.split('.');
      return xmlId(module, rest);
    },
    books: () =>
      server.sql(
        'select state, auto_post, move_type, count(*) from account_move group by 1, 2, 3 order by 1, 2, 3',
      ),
    stop: async () => {
      await server.stop();
      await dir.remove();
    },
  };
}
