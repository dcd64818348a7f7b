import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { z } from 'zod';
import type { Credentials } from './credentials.ts';
import { faultPlan, type Faults } from './faults.ts';
import { LIMITS } from './limits.ts';
import { Disturbance, envOf, type Machine } from './machine.ts';
import { MODELS } from './models/table.ts';
import { deliver, disturb, readRequest, TooLarge } from './connection.ts';
import { sudo, timestamp } from './orm/env.ts';
import { Tables } from './orm/tables.ts';
import { createRecord, writeRecords, type Values } from './orm/write-records.ts';
import { SEED_USERS, seed } from './seed.ts';
import { html, type Reply } from './wire/reply.ts';
import { answer } from './wire/pages.ts';
import type { Env } from './orm/shapes.ts';

const optionsSchema = z.strictObject({
  /** What was recorded on 14 is answered as 14 does; everything else as 19. */
  version: z.enum(['19.0', '14.0']).default('19.0'),
  db: z.string().min(1).max(60).default('books'),
  /** Further ones, empty: then a call has to name the one it wants. */
  otherDatabases: z.array(z.string().max(60)).max(10).default([]),
  port: z.int().min(0).max(65_535).default(0),
  /** Has `handover odoo guard install` been run? */
  guard: z.boolean().default(true),
});
export type OdooServerOptions = z.input<typeof optionsSchema> & {
  /** The server's clock. */
  readonly now?: () => Date;
};

export interface DemoUser {
  readonly uid: number;
  readonly login: string;
  readonly password: string;
  readonly apiKey: string;
}

export interface OdooServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly db: string;
  readonly users: Readonly<Record<keyof typeof SEED_USERS, DemoUser>>;
  readonly faults: Faults;
  /** As Odoo itself, without rights and faults: for arranging and looking. */
  readonly store: Store;
  /** Another key for this user; it may have expired long ago. */
  addKey(login: string, key: string, expires: Date | null): void;
  /** Switched off, or on again. */
  setActive(login: string, active: boolean): void;
  /** How often each method was called, `model.method`. */
  readonly calls: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export interface Store {
  create(model: string, values: Values): number;
  write(model: string, id: number, values: Values): void;
  /** Stored values of all records, by field name; empty ones are null. */
  rows(model: string): readonly Readonly<Record<string, unknown>>[];
}

/**
 * A small Odoo in this process: no installation, no PostgreSQL. It keeps its books in memory and listens on 127.0.0.1
 * only. Its answers have the shapes of a real Odoo 19.0 (of 14.0 where those were recorded); one contract suite holds
 * it against the real one. It does not know: payments, stock, languages, reports (PDF), more than one company, `_inherit`.
 */
export async function startOdooServer(options: OdooServerOptions = {}): Promise<OdooServer> {
  const { now = () => new Date(), ...plain } = options;
  const { version, db, otherDatabases, port, guard } = optionsSchema.parse(plain);
  const tables = new Tables();
  const ids = seed(tables, Number.parseInt(version, 10), guard, now());
  const credentials = Object.values(SEED_USERS).map(({ login }) => credentialsOf(login, ids.get(login) ?? 0));
  for (const { uid } of credentials) rememberKey(tables, uid, null);
  const machine: Machine = {
    ...{ tables, faults: faultPlan(), users: credentials, version, db, otherDatabases, now },
    calls: new Map(),
  };
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    serve(machine, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.maxConnections = LIMITS.connections;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the Odoo server got no port');
  const find = (login: string): Credentials => {
    const user = credentials.find((one) => one.login === login);
    if (!user) throw new Error(`no such user: ${login}`);
    return user;
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    db,
    users: demoUsers(find),
    faults: machine.faults,
    store: storeOf(machine),
    calls: machine.calls,
    addKey: (login, key, expires) => {
      const user = find(login);
      user.keys = [...user.keys, { key, expires }];
      rememberKey(tables, user.uid, expires);
    },
    setActive: (login, active) => {
      find(login).active = active;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Known beforehand: nothing here is worth a secret. 40 signs, as Odoo's are. */
const keyOf = (login: string): string => createHash('sha1').update(`demo key of ${login}`).digest('hex');

/** What a user is told of its keys. */
function rememberKey(tables: Tables, uid: number, expires: Date | null): void {
  const expiration_date = expires === null ? null : timestamp(expires);
  tables.insert('res.users.apikeys', { name: 'rpc', user_id: uid, scope: 'rpc', expiration_date });
}

function credentialsOf(login: string, uid: number): Credentials {
  const keys = [{ key: keyOf(login), expires: null }];
  return { uid, login, password: login === 'admin' ? 'admin' : `${login}-pw-1`, keys, active: true };
}

function demoUsers(find: (login: string) => Credentials): OdooServer['users'] {
  const of = (name: keyof typeof SEED_USERS): DemoUser => {
    const { uid, login, password } = find(SEED_USERS[name].login);
    return { uid, login, password, apiKey: keyOf(login) };
  };
  return {
    admin: of('admin'),
    billing: of('billing'),
    draftBot: of('draftBot'),
    readOnly: of('readOnly'),
    internal: of('internal'),
  };
}

function storeOf(machine: Machine): Store {
  const env = (): Env => sudo(envOf(machine, 1, {}));
  const modelOf = (name: string) => {
    const model = MODELS.get(name);
    if (!model) throw new Error(`no such model: ${name}`);
    return model;
  };
  return {
    create: (model, values) => machine.tables.atomically(() => createRecord(env(), modelOf(model), values)),
    write: (model, id, values) => {
      const row = machine.tables.find(model, id);
      if (!row) throw new Error(`no such record: ${model}(${id})`);
      machine.tables.atomically(() => writeRecords(env(), modelOf(model), [row], values));
    },
    rows: (model) => machine.tables.all(model).map(({ id, cells }) => ({ id, ...cells })),
  };
}

async function serve(machine: Machine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let reply: Reply;
  try {
    const asked = await readRequest(request);
    reply = answer(machine, asked);
  } catch (error) {
    if (error instanceof Disturbance) {
      disturb(response, error.what);
      return;
    }
    if (!(error instanceof TooLarge)) throw error;
    reply = html(413, 'Request Entity Too Large', 'The data value transmitted exceeds the capacity limit.');
  }
  deliver(response, reply);
}
