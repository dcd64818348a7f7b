import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/demo/free-port.ts';
import { makeKey } from './odoo-keys.ts';
import { DATABASE, lowUser } from './odoo-place.ts';
import {
  type OdooParts,
  psql,
  type Running,
  startOdooServer,
  startPostgres,
  writeOdooConf,
} from './odoo-processes.ts';
import { unpackTemplate } from './odoo-template.ts';
import { tempDir } from './testdir.ts';

export { HAS_WKHTMLTOPDF } from './odoo-place.ts';

export interface OdooUser {
  readonly login: string;
  readonly password: string;
  readonly apiKey: string;
  readonly uid: number;
}

/** A real Odoo 19 of one's own on 127.0.0.1, with PostgreSQL: tests/real-odoo.mjs. */
export interface OdooServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly db: string;
  /** The administrator, with a key that does not expire. */
  readonly admin: OdooUser;
  /**
   * An internal user with these groups (xml ids, e.g. `account.group_account_invoice`) and a new API key for rpc.
   * One who exists gets the groups and another key.
   * @param options.keyDays until the key expires; 90 when not given
   */
  user(login: string, groups: readonly string[], options?: { keyDays?: number }): Promise<OdooUser>;
  /** JSON-2 as administrator, for arranging and looking; independent of src/odoo. Throws at every fault. */
  call(model: string, method: string, args: Record<string, unknown>): Promise<unknown>;
  /** The answer as `psql -At` prints it: rows by line, columns by `|`. */
  sql(query: string): Promise<string>;
  /** SIGKILL to the Odoo server and its workers; PostgreSQL stays. */
  kill9(): Promise<void>;
  /** The Odoo server again, on the same port and data. */
  start(): Promise<void>;
  /** PostgreSQL ends and its connections with it; Odoo stays. */
  stopDatabase(): Promise<void>;
  startDatabase(): Promise<void>;
  /** What the Odoo server logged. */
  log(): Promise<string>;
  /** Ends both and removes their data. */
  stop(): Promise<void>;
}

export interface OdooOptions {
  /** Worker processes; 0, the default: one process with threads. */
  readonly workers?: number;
  /** Further databases, empty: then a call has to name the one it wants. */
  readonly withDatabase?: readonly string[];
}

/** Its two programs, as far as they run. */
interface Machine {
  readonly parts: OdooParts;
  odoo: Running | null;
  postgres: Running | null;
}

/** Takes two to four seconds. For `beforeAll`; `stop` in `afterAll`. */
export async function startOdoo({ workers = 0, withDatabase = [] }: OdooOptions = {}): Promise<OdooServer> {
  const dir = await tempDir('od-');
  const low = lowUser();
  const [httpPort, geventPort, pgPort] = [await freePort(), await freePort(), await freePort()];
  const pgPassword = await unpackTemplate(dir.path, low);
  const parts: OdooParts = { root: dir.path, low, httpPort, geventPort, pgPort, pgPassword, workers };
  const machine: Machine = { parts, odoo: null, postgres: null };
  const killAtExit = (): void => {
    machine.odoo?.signal('SIGKILL');
    machine.postgres?.signal('SIGQUIT');
  };
  // Before the folder goes, which was registered earlier.
  process.prependOnceListener('exit', killAtExit);
  const stop = async (): Promise<void> => {
    await endOdoo(machine);
    await endPostgres(machine, 'SIGQUIT');
    process.off('exit', killAtExit);
    await dir.remove();
  };
  try {
    await writeOdooConf(parts);
    machine.postgres = await startPostgres(parts);
    const url = `http://127.0.0.1:${httpPort}`;
    const admin = await prepareBooks(parts, url, withDatabase);
    machine.odoo = await startOdooServer(parts);
    const server = handle(machine, url, admin, stop);
    // Loads the registry, so that the first call of a test is as quick as the others.
    await server.call('res.users', 'search_count', { domain: [] });
    return server;
  } catch (error) {
    await stop();
    throw error;
  }
}

function handle(machine: Machine, url: string, admin: OdooUser, stop: () => Promise<void>): OdooServer {
  const { parts } = machine;
  const call: OdooServer['call'] = (model, method, args) => json2(url, admin.apiKey, model, method, args);
  const sql = (query: string): Promise<string> => psql(parts, query);
  return {
    url,
    db: DATABASE,
    admin,
    call,
    sql,
    user: (login, groups, { keyDays = 90 } = {}) => makeUser({ call, sql }, login, groups, keyDays),
    kill9: () => endOdoo(machine),
    start: async () => {
      if (machine.odoo !== null) throw new Error('Odoo runs already');
      machine.odoo = await startOdooServer(parts);
    },
    // Cuts the connections; the data is whole.
    stopDatabase: () => endPostgres(machine, 'SIGINT'),
    startDatabase: async () => {
      if (machine.postgres !== null) throw new Error('PostgreSQL runs already');
      machine.postgres = await startPostgres(parts);
    },
    log: () => readFile(join(parts.root, 'odoo.log'), 'utf8'),
    stop,
  };
}

async function endOdoo(machine: Machine): Promise<void> {
  machine.odoo?.signal('SIGKILL');
  await machine.odoo?.gone();
  machine.odoo = null;
}

async function endPostgres(machine: Machine, signal: NodeJS.Signals): Promise<void> {
  machine.postgres?.signal(signal);
  await machine.postgres?.gone();
  machine.postgres = null;
}

/** What depends on the port and the day. */
async function prepareBooks(parts: OdooParts, url: string, databases: readonly string[]): Promise<OdooUser> {
  const { key, sql } = makeKey("(select id from res_users where login = 'admin')", null);
  const settings = {
    'web.base.url': url,
    // Where wkhtmltopdf fetches the style sheets from.
    'report.url': url,
    // It would ask its maker about partners and companies; nobody listens there.
    'iap.endpoint': 'http://127.0.0.1:9',
    'iap.partner_autocomplete.endpoint': 'http://127.0.0.1:9',
  };
  const values = Object.entries(settings)
    .map(([name, value]) => `('${name}', '${value}')`)
    .join(', ');
  await psql(
    parts,
    `${sql} insert into ir_config_parameter (key, value) values ${values}
     on conflict (key) do update set value = excluded.value;`,
  );
  for (const name of databases) await psql(parts, `create database "${name}"`);
  const uid = Number(await psql(parts, "select id from res_users where login = 'admin'"));
  return { login: 'admin', password: 'admin', apiKey: key, uid };
}

async function makeUser(
  { call, sql }: Pick<OdooServer, 'call' | 'sql'>,
  login: string,
  groups: readonly string[],
  keyDays: number,
): Promise<OdooUser> {
  const password = `${login}-password-1`;
  const ids = await groupIds(sql, ['base.group_user', ...groups]);
  const vals = { login, password, group_ids: [[6, 0, ids]] };
  const [known] = (await call('res.users', 'search', { domain: [['login', '=', login]] })) as number[];
  if (known !== undefined) await call('res.users', 'write', { ids: [known], vals });
  const created = async (): Promise<number> => {
    const [id] = (await call('res.users', 'create', { vals_list: [{ name: login, ...vals }] })) as number[];
    return id!;
  };
  const uid = known ?? (await created());
  const made = makeKey(uid, keyDays);
  await sql(made.sql);
  return { login, password, apiKey: made.key, uid };
}

async function groupIds(sql: OdooServer['sql'], names: readonly string[]): Promise<number[]> {
  const list = names.map((name) => `'${name}'`).join(', ');
  const rows = await sql(
    `select module || '.' || name, res_id from ir_model_data
     where model = 'res.groups' and module || '.' || name in (${list})`,
  );
  const found = new Map(rows.split('\n').map((row) => row.split('|') as [string, string]));
  return names.map((name) => {
    const id = found.get(name);
    if (id === undefined) throw new Error(`no group ${name} here`);
    return Number(id);
  });
}

async function json2(
  url: string,
  apiKey: string,
  model: string,
  method: string,
  args: Record<string, unknown>,
): Promise<unknown> {
  const answer = await fetch(`${url}/json/2/${model}/${method}`, {
    method: 'POST',
    headers: {
      authorization: `bearer ${apiKey}`,
      'content-type': 'application/json',
      'x-odoo-database': DATABASE,
    },
    body: JSON.stringify(args),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${model}.${method}: HTTP ${answer.status} ${text.slice(0, 1000)}`);
  return JSON.parse(text) as unknown;
}
