import { toolFault } from '../mcp/tool-fault.ts';
import { ODOO_FAULTS, type OdooFaultCode } from '../odoo/faults.ts';
import type { BooksFault } from '../stages/draft-books.ts';

/** @param content of a result with `isError`: made by mcp/tool.ts, or by the MCP library for a call that it refused */
export function toolFailed(content: unknown): BooksFault {
  const { code, words } = toolFault(content);
  if (isOdooCode(code)) return { code, class: ODOO_FAULTS[code], words };
  switch (code) {
    case 'key-may-post':
      return { code: 'not_allowed', class: 'configuration', words };
    case 'key-not-proved':
      return { code: 'unreachable', class: 'transient', words };
    case 'no-answer':
      return refusedByLibrary(JSON.stringify(content ?? ''));
    default:
      return { code: 'malformed', class: 'transient', words: 'odoo-mcp failed; its log says why.' };
  }
}

function isOdooCode(code: string): code is OdooFaultCode {
  return Object.hasOwn(ODOO_FAULTS, code);
}

function refusedByLibrary(said: string): BooksFault {
  if (said.includes('Input validation error')) {
    return {
      code: 'invalid_call',
      class: 'data',
      words: 'Something in this request is longer or larger than what is drafted.',
    };
  }
  return {
    code: 'not_allowed',
    class: 'configuration',
    words: 'The odoo-mcp of this machine has no such tool: it is of another version.',
  };
}

/** The answer of a tool does not hold against its schema. */
export function unreadable(): BooksFault {
  return {
    code: 'malformed',
    class: 'transient',
    words: 'What odoo-mcp answered cannot be read: is it of another version?',
  };
}

/**
 * Nothing came back.
 * @param status of HTTP, where there was one
 */
export function noAnswer(error: unknown, status: number | undefined): BooksFault {
  if (status === 401 || status === 403) {
    return {
      code: 'not_allowed',
      class: 'configuration',
      words: 'odoo-mcp refuses ODOO_MCP_TOKEN: both processes need the same one.',
    };
  }
  // The port refused us: nothing was sent.
  if (status === undefined && isRefused(error)) {
    return { code: 'unreachable', class: 'transient', words: 'odoo-mcp is not running on this machine.' };
  }
  return {
    code: 'unknown',
    class: 'transient',
    words: 'odoo-mcp gave no answer; what was asked may have happened.',
  };
}

function isRefused(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'ECONNREFUSED') return true;
  }
  return false;
}
