import { OdooError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { isDict, listOf, textOf, type Value } from '../values.ts';
import { readJson } from './read-json.ts';
import { json, type Reply, type Request } from './reply.ts';
import { callService, versionInfo } from './services.ts';
import { traceback } from './traceback.ts';

/** `POST /jsonrpc`: always 200. A method that answers nothing gets neither `result` nor `error`. */
export function jsonRpc(machine: Machine, request: Request): Reply {
  let body: Value;
  try {
    body = readJson(request.body);
  } catch {
    return json(400, { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } });
  }
  const { id = null, params = null } = isDict(body) ? body : {};
  const { service = '', method = '', args = [] } = isDict(params) ? params : {};
  try {
    const { value, delivery } = callService(machine, textOf(service), textOf(method), listOf(args));
    return { ...json(200, { jsonrpc: '2.0', id, ...(value === null ? {} : { result: value }) }), delivery };
  } catch (error) {
    if (!(error instanceof OdooError)) throw error;
    return json(200, { jsonrpc: '2.0', id, error: failure(machine, error) });
  }
}

/** `POST /web/webclient/version_info`, on every version, without a login. */
export function webclientVersion(machine: Machine, request: Request): Reply {
  try {
    const body = readJson(request.body === '' ? '{}' : request.body);
    return json(200, {
      jsonrpc: '2.0',
      id: isDict(body) ? (body['id'] ?? null) : null,
      result: versionInfo(machine),
    });
  } catch {
    return json(400, { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } });
  }
}

function failure(machine: Machine, error: OdooError): Value {
  return {
    code: machine.version.startsWith('14.') ? 200 : 0,
    message: 'Odoo Server Error',
    data: {
      name: error.pythonName,
      message: error.message,
      arguments: [error.message],
      context: {},
      debug: traceback(error),
    },
  };
}
