import { userOfKey } from '../credentials.ts';
import { CallError, OdooError } from '../errors.ts';
import { callMethod, type Machine } from '../machine.ts';
import { isDict, RecordSet, type Dict, type Value } from '../values.ts';
import { readJson } from './read-json.ts';
import { isJson, json, noDatabasePage, wrongType, type Reply, type Request } from './reply.ts';
import { traceback } from './traceback.ts';

/** `POST /json/2/<model>/<method>`: arguments by name, answers and errors by HTTP status. From 19 on. */
export function json2(machine: Machine, request: Request): Reply {
  if (!reachesDatabase(machine, request.headers['x-odoo-database'])) return noDatabasePage();
  try {
    const [, model = '', method = ''] = /^\/json\/2\/([^/]+)\/([^/]+)$/.exec(request.path) ?? [];
    if (request.method !== 'POST' || model === '') {
      throw new OdooError('NotFound', 'Did you mean POST /json/2/<model>/<method>?');
    }
    if (!isJson(request))
      return wrongType('[&#39;http&#39;]', '/json/2/&lt;__model__&gt;/&lt;__method__&gt;', 'json2');
    const { uid } = userOfKey(machine.users, keyOf(request), machine.now());
    const named = argumentsOf(request.body);
    const { value, delivery } = callMethod(machine, uid, { model, method, positional: [], named });
    return { ...json(200, value instanceof RecordSet ? value.ids : value), delivery };
  } catch (error) {
    const known = inHttp(error);
    if (isAboutDatabase(known)) return noDatabasePage();
    return failure(known);
  }
}

function reachesDatabase({ db, otherDatabases, faults }: Machine, named: string | undefined): boolean {
  if (faults.isLasting('database_down') || faults.isLasting('wrong_database')) return false;
  return named === undefined ? otherDatabases.length === 0 : named === db;
}

const isAboutDatabase = (error: OdooError): boolean => error.kind === 'OperationalError';

function keyOf({ headers }: Request): string {
  const key = /^bearer\s+(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
  if (key !== undefined) return key;
  throw new OdooError(
    'Unauthorized',
    'User not authenticated, use an API Key with a Bearer Authorization header.',
  );
}

/** A list, or nothing at all, counts as no arguments. */
function argumentsOf(body: string): Dict {
  if (body === '') return {};
  let value: Value;
  try {
    value = readJson(body);
  } catch {
    throw new OdooError(
      'BadRequest',
      'could not parse the body as json: Expecting value: line 1 column 1 (char 0)',
    );
  }
  return isDict(value) ? value : {};
}

/** HTTP's words for a call that does not fit. */
function inHttp(error: unknown): OdooError {
  if (error instanceof OdooError) return error;
  if (!(error instanceof CallError)) throw error;
  const { problem, model, method, argument } = error;
  switch (problem) {
    case 'unknown_model':
      return new OdooError('NotFound', `the model '${model}' does not exist`);
    case 'unknown_method':
      return new OdooError('NotFound', `The method '${model}.${method}' does not exist`);
    case 'missing_argument':
      return new OdooError('UnprocessableEntity', `missing a required argument: '${argument}'`);
    case 'unexpected_argument':
      return new OdooError('UnprocessableEntity', `got an unexpected keyword argument '${argument}'`);
    case 'ids_on_model_method':
      return new OdooError('UnprocessableEntity', `cannot call ${model}.${method} with ids`);
  }
}

function failure(error: OdooError): Reply {
  const isHttp = error.pythonName.startsWith('werkzeug.');
  return {
    ...json(error.status, {
      name: error.pythonName,
      message: error.message,
      arguments: isHttp ? [error.message, error.status] : [error.message],
      context: {},
      debug: traceback(error),
    }),
    ...(error.status === 401 ? { headers: { 'www-authenticate': 'Bearer ' } } : {}),
  };
}
