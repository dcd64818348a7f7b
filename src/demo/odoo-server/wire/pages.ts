import { seriesOf, type Machine } from '../machine.ts';
import { html, json, type Reply, type Request } from './reply.ts';
import { json2 } from './json-2.ts';
import { jsonRpc, webclientVersion } from './json-rpc.ts';
import { xmlRpc } from './xml-rpc.ts';
import { versionInfo } from './services.ts';

const notFound = (): Reply => html(404, 'Not Found', 'The requested URL was not found on the server.');
const notAllowed = (): Reply =>
  html(405, 'Method Not Allowed', 'The method is not allowed for the requested URL.');

/** Every address this server knows. */
export function answer(machine: Machine, request: Request): Reply {
  const { path, method } = request;
  const is19 = seriesOf(machine) >= 19;
  if (path === '/jsonrpc') return jsonRpc(machine, request);
  if (path.startsWith('/xmlrpc/')) return method === 'POST' ? xmlRpc(machine, request) : notAllowed();
  if (path === '/web/webclient/version_info') return webclientVersion(machine, request);
  if (!is19) return notFound();
  if (path === '/json/2' || path.startsWith('/json/2/')) return json2(machine, request);
  if (path === '/web/version') {
    const { server_version_info: info, server_version: version } = versionInfo(machine) as Record<
      string,
      unknown
    >;
    return json(200, { version_info: info, version });
  }
  if (path === '/web/health') return health(machine, request);
  if (path.startsWith('/odoo')) return toLogin(path);
  return notFound();
}

/** The web client: nobody is logged in, so to the login and from there back. */
function toLogin(path: string): Reply {
  const location = `/web/login?redirect=${encodeURIComponent(`${path}?`)}`;
  return { ...html(303, 'See Other', 'To the login.'), headers: { location } };
}

/** Without the question it says "pass" while PostgreSQL is down. */
function health({ faults }: Machine, { query }: Request): Reply {
  if (query.get('db_server_status') === null) return json(200, { status: 'pass' });
  return faults.isLasting('database_down')
    ? json(500, { status: 'fail', db_server_status: false })
    : json(200, { status: 'pass', db_server_status: true });
}
