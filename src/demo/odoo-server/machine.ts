import type { Credentials } from './credentials.ts';
import { OdooError } from './errors.ts';
import { bind, execute, type Called } from './execute.ts';
import type { FaultPlan } from './faults.ts';
import { MODELS } from './models/table.ts';
import { groupsOf } from './models/user.ts';
import type { Tables } from './orm/tables.ts';
import { isDict, type Value } from './values.ts';
import type { Env } from './orm/shapes.ts';

/** The server behind its transports. */
export interface Machine {
  readonly tables: Tables;
  readonly faults: FaultPlan;
  readonly users: readonly Credentials[];
  /** '19.0', '14.0' */
  readonly version: string;
  readonly db: string;
  /** Further ones, empty: then a call has to name the one it wants. */
  readonly otherDatabases: readonly string[];
  readonly now: () => Date;
  /** How often each method was called, `model.method`. */
  readonly calls: Map<string, number>;
}

export const seriesOf = ({ version }: Machine): number => Number.parseInt(version, 10);

export function envOf(machine: Machine, uid: number, context: Value | undefined): Env {
  return {
    tables: machine.tables,
    models: MODELS,
    series: seriesOf(machine),
    uid,
    groups: groupsOf(machine, uid),
    su: false,
    context: isDict(context) ? context : {},
    now: machine.now(),
  };
}

/** What is left to do with an answer that is there. */
export type Delivery = 'answer_lost' | 'silent_after' | 'half_answer' | 'garbage' | 'huge_answer';

/** The connection itself does something else than carry an answer. */
export class Disturbance extends Error {
  readonly what: 'silent' | 'cut' | 'bad_gateway' | 'login_page' | 'redirect';
  constructor(what: Disturbance['what']) {
    super(what);
    this.what = what;
  }
}

export interface Outcome {
  readonly value: Value;
  readonly delivery: Delivery | null;
}

/** Calls a method as this user, with whatever fault is planned for it. */
export function callMethod(machine: Machine, uid: number, called: Called): Outcome {
  const { context, ...named } = called.named;
  const name = `${called.model}.${called.method}`;
  machine.calls.set(name, (machine.calls.get(name) ?? 0) + 1);
  const env = envOf(machine, uid, context);
  const fault = machine.faults.take(name);
  const run = (): Value => execute(env, bind(env, { ...called, named }));
  if (fault === null) return { value: run(), delivery: null };
  if (typeof fault === 'object') throw new OdooError('UserError', fault.refuse);
  switch (fault) {
    case 'answer_lost':
    case 'silent_after':
    case 'half_answer':
    case 'garbage':
    case 'huge_answer':
      return { value: run(), delivery: fault };
    case 'silent_before':
      throw new Disturbance('silent');
    case 'cut_before':
      throw new Disturbance('cut');
    case 'bad_gateway':
    case 'login_page':
    case 'redirect':
      throw new Disturbance(fault);
    case 'load_conflict':
      return { value: CONFLICT, delivery: null };
    default:
      throw errorOf(machine, fault);
  }
}

const CONFLICT: Value = {
  ids: false,
  messages: [
    {
      rows: { from: 0, to: 0 },
      record: 0,
      type: 'error',
      message: 'could not serialize access due to concurrent update',
    },
  ],
  nextrow: 0,
};

function errorOf(
  machine: Machine,
  fault: 'database_down' | 'wrong_database' | 'key_expired' | 'serialization_failure' | 'statement_timeout',
): OdooError {
  switch (fault) {
    case 'database_down':
      return databaseDown();
    case 'wrong_database':
      return noSuchDatabase(machine.db, machine.version);
    case 'key_expired':
      return new OdooError('Unauthorized', 'Invalid apikey');
    case 'serialization_failure':
      return new OdooError(
        'SerializationFailure',
        'could not serialize access due to concurrent update\nCONTEXT:  SQL statement of another transaction\n',
      );
    case 'statement_timeout':
      return new OdooError('QueryCanceled', 'canceling statement due to statement timeout\n');
  }
}

/** Host and port of PostgreSQL for everybody: such words must never be passed on. */
export const databaseDown = (): OdooError =>
  new OdooError(
    'OperationalError',
    'connection to server at "127.0.0.1", port 5432 failed: Connection refused\n' +
      '\tIs the server running on that host and accepting TCP/IP connections?\n',
  );

export const noSuchDatabase = (name: string, version = '19.0'): OdooError =>
  new OdooError(
    'OperationalError',
    (version.startsWith('14.') ? '' : 'connection to server at "127.0.0.1", port 5432 failed: ') +
      `FATAL:  database "${name.slice(0, 100)}" does not exist\n`,
  );
