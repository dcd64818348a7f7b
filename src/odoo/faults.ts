/**
 * What can go wrong with a call, by what follows from it and not by how Odoo spells it; see docs/odoo.md. Measured on
 * Odoo 19.0 and 14.0.
 */

export const ODOO_FAULTS = {
  /** No connection, the server or its database is down, a proxy answers: nothing is known to have happened. Try later. */
  unreachable: 'transient',
  /** Sent, and no answer within the deadline, or the connection broke: it may have happened. Read before anything else. */
  unknown: 'transient',
  /** The server gave up on a conflict, a lock or its own time limit: rolled back. Try later. */
  busy: 'transient',
  /** Wrong or expired key, unknown user, user switched off. */
  authentication: 'authentication',
  /** The key is right and may not do this. */
  access: 'authentication',
  /** No such database, or the address is not that of an Odoo. */
  wrong_database: 'configuration',
  /** The server does not know the model, method, field or argument: another version or a missing module. */
  unsupported: 'configuration',
  /** The record is gone. */
  missing: 'logic',
  /** Odoo says no, in words for the user (a locked period, an unbalanced entry, the draft guard). */
  refused: 'logic',
  /** The answer is none we know. */
  malformed: 'transient',
  /** Refused by ourselves before anything was sent: an empty id list, a field that is not on our list. */
  invalid_call: 'data',
} as const;
export type OdooFaultCode = keyof typeof ODOO_FAULTS;
export type OdooFaultClass = (typeof ODOO_FAULTS)[OdooFaultCode];

/** `message` is for the log and a bookkeeper: one line, no traceback, no key, no host of a database. */
export class OdooFault extends Error {
  readonly code: OdooFaultCode;
  /** HTTP status where there was one. */
  readonly status: number | null;

  constructor(
    code: OdooFaultCode,
    message: string,
    options?: { readonly status?: number | null; readonly cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OdooFault';
    this.code = code;
    this.status = options?.status ?? null;
  }

  get class(): OdooFaultClass {
    return ODOO_FAULTS[this.code];
  }
}
