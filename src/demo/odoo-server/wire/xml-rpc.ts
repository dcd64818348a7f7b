import { OdooError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { IntKeyed, RecordSet, type Value } from '../values.ts';
import { xml, type Reply, type Request } from './reply.ts';
import { callService } from './services.ts';
import { traceback } from './traceback.ts';
import { readCall, XmlError } from './xml/read-call.ts';
import { writeFault, writeValue } from './xml/write.ts';

/**
 * `POST /xmlrpc/2/<service>`: always 200. It lies about failure: what cannot be written down as XML (nothing, a
 * record set, a dictionary by id) is answered as fault 1, although the transaction is committed.
 */
export function xmlRpc(machine: Machine, request: Request): Reply {
  const service = request.path.replace(/^\/xmlrpc(\/2)?\//, '');
  // Version 1 of the protocol has texts for fault codes.
  const codeOf = request.path.startsWith('/xmlrpc/2/') ? numbered : named;
  try {
    const { method, params } = readCall(request.body);
    const { value, delivery } = callService(machine, service, method, params);
    const trouble = unwritable(value);
    if (trouble !== null) throw new OdooError('TypeError', trouble);
    return { ...xml(writeValue(value)), delivery };
  } catch (error) {
    if (error instanceof OdooError) return xml(writeFault(codeOf(error), wordsOf(error)));
    if (!(error instanceof XmlError)) throw error;
    const cut = `Traceback (most recent call last):\nxml.parsers.expat.ExpatError: ${error.message}\n`;
    return xml(writeFault(1, cut));
  }
}

const numbered = (error: OdooError): number => error.faultCode;
const named = (error: OdooError): string | number =>
  ({ 2: 'warning -- Warning\n\n', 3: 'AccessDenied', 4: 'AccessError' })[error.faultCode] ?? error.message;

const wordsOf = (error: OdooError): string => (error.faultCode === 1 ? traceback(error) : error.message);

function unwritable(value: Value): string | null {
  if (value === null) return 'cannot marshal None unless allow_none is enabled';
  if (value instanceof RecordSet) return `cannot marshal <class 'odoo.api.${value.model}'> objects`;
  if (value instanceof IntKeyed) return 'dictionary key must be string';
  return null;
}
