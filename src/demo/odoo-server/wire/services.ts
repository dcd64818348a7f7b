import { checkUser, logIn } from '../credentials.ts';
import { CallError, OdooError } from '../errors.ts';
import {
  callMethod,
  databaseDown,
  Disturbance,
  noSuchDatabase,
  type Machine,
  type Outcome,
} from '../machine.ts';
import { isDict, listOf, textOf, type Value } from '../values.ts';

/** The services `common`, `object` and `db`, the same behind /jsonrpc and /xmlrpc/2. */
export function callService(
  machine: Machine,
  service: string,
  method: string,
  args: readonly Value[],
): Outcome {
  switch (service) {
    case 'common':
      return { value: common(machine, method, args), delivery: null };
    case 'object':
      return object(machine, method, args);
    case 'db':
      return { value: db(machine, method, args), delivery: null };
    default:
      throw new OdooError('KeyError', service.slice(0, 100));
  }
}

function common(machine: Machine, method: string, args: readonly Value[]): Value {
  switch (method) {
    case 'version':
      return versionInfo(machine);
    case 'login':
    case 'authenticate': {
      openDatabase(machine, args[0]);
      return logIn(machine.users, textOf(args[1]), textOf(args[2]), machine.now());
    }
    default:
      throw new OdooError('Exception', `Method not found: ${method.slice(0, 100)}`);
  }
}

export function versionInfo({ version }: Machine): Value {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return {
    server_version: version,
    server_version_info: [major, minor, 0, 'final', 0, ''],
    server_serie: version,
    protocol_version: 1,
  };
}

/** Odoo connects to whatever database a caller names; PostgreSQL says that there is none. */
function openDatabase(machine: Machine, name: Value | undefined): void {
  if (machine.faults.isLasting('database_down')) throw databaseDown();
  const isThere = name === machine.db && !machine.faults.isLasting('wrong_database');
  if (!isThere) throw noSuchDatabase(textOf(name), machine.version);
}

/** `list_db = False`, as it should be: the list is closed, and yet `db_exist` is answered. */
function db(machine: Machine, method: string, args: readonly Value[]): Value {
  switch (method) {
    case 'list':
      throw new OdooError('AccessDenied', 'Access Denied');
    case 'db_exist':
      return args[0] === machine.db;
    case 'server_version':
      return machine.version;
    default:
      throw new OdooError('Exception', `Method not found: ${method.slice(0, 100)}`);
  }
}

function object(machine: Machine, method: string, args: readonly Value[]): Outcome {
  const [database, uid, secret, model, name, positional, named] = args;
  if (method !== 'execute_kw' && method !== 'execute') {
    throw new OdooError('Exception', `Method not found: ${method.slice(0, 100)}`);
  }
  openDatabase(machine, database);
  if (machine.faults.isLasting('key_expired')) throw new OdooError('AccessDenied', 'Access Denied');
  checkUser(machine.users, Number(uid), textOf(secret), machine.now());
  const isKw = method === 'execute_kw';
  const called = {
    model: textOf(model),
    method: textOf(name),
    positional: isKw ? listOf(positional) : args.slice(5),
    named: isKw && isDict(named) ? named : {},
  };
  try {
    const outcome = callMethod(machine, Number(uid), called);
    return called.method === 'create'
      ? { ...outcome, value: oneOrMany(called.positional[0], outcome.value) }
      : outcome;
  } catch (error) {
    throw inPython(machine, error);
  }
}

/** A dictionary makes one record, and the answer is its id; a list makes several. */
function oneOrMany(given: Value | undefined, ids: Value): Value {
  return Array.isArray(given) ? ids : (listOf(ids)[0] ?? false);
}

/** The words of Python for a call that does not fit. */
function inPython(machine: Machine, error: unknown): unknown {
  if (error instanceof Disturbance || !(error instanceof CallError)) {
    const expired = error instanceof OdooError && error.kind === 'Unauthorized';
    return expired ? new OdooError('AccessDenied', 'Access Denied') : error;
  }
  const { problem, model, method, argument } = error;
  switch (problem) {
    case 'unknown_model':
      return new OdooError('UserError', `Object ${model} doesn't exist`);
    case 'unknown_method':
      return new OdooError(
        'AttributeError',
        machine.version.startsWith('14.')
          ? `type object '${model}' has no attribute '${method}'`
          : `The method '${model}.${method}' does not exist`,
      );
    case 'missing_argument':
      return new OdooError(
        'TypeError',
        `BaseModel.${method}() missing 1 required positional argument: '${argument}'`,
      );
    case 'unexpected_argument':
    case 'ids_on_model_method':
      return new OdooError(
        'TypeError',
        `BaseModel.${method}() got an unexpected keyword argument '${argument === '' ? 'ids' : argument}'`,
      );
  }
}
