import { OdooError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { isDict, listOf, textOf, type Value } from '../values.ts';
import { readJson } from './read-json.ts';
import { isJson, json, wrongType, type Reply, type Request } from './reply.ts';
import { callService, versionInfo } from './services.ts';
import { traceback } from './traceback.ts';

/** `POST /jsonrpc`: 200 for all that is JSON. A method that answers nothing gets neither `result` nor `error`. */
export function jsonRpc(machine: Machine, request: Request): Reply {
  if (!isJson(request)) return wrongType('[&#39;http&#39;, &#39;json2&#39;]', '/jsonrpc', 'jsonrpc');
  let body: Value;
  try {
    body = readJson(request.body);
  } catch {
    return { status: 400, type: 'text/html; charset=utf-8', body: 'Invalid JSON data' };
  }
  if (!isDict(body)) return { status: 400, type: 'text/html; charset=utf-8', body: 'Invalid JSON-RPC data' };
  const { id = null, params = null } = body;
  try {
    const { service, method, args } = isDict(params) ? params : {};
    if (service === undefined || method === undefined || args === undefined) throw incomplete();
    const { value, delivery } = callService(machine, textOf(service), textOf(method), listOf(args));
    return { ...json(200, { jsonrpc: '2.0', id, ...(value === null ? {} : { result: value }) }), delivery };
  } catch (error) {
    if (!(error instanceof OdooError)) throw error;
    return json(200, { jsonrpc: '2.0', id, error: failure(machine, error) });
  }
}

const incomplete = (): OdooError =>
  new OdooError(
    'TypeError',
    "JSONRPC.jsonrpc() missing 3 required positional arguments: 'service', 'method', and 'args'",
  );

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
    return { status: 400, type: 'text/html; charset=utf-8', body: 'Invalid JSON data' };
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
