/**
 * How Odoo says no. Each kind of Python exception has a name (JSON-RPC and JSON-2 tell it), an HTTP status (JSON-2)
 * and a fault code (XML-RPC: 1 is "anything", with a traceback; 2 a warning for the user; 3 and 4 about access).
 */
const KINDS = {
  UserError: ['odoo.exceptions.UserError', 422, 2],
  ValidationError: ['odoo.exceptions.ValidationError', 422, 2],
  MissingError: ['odoo.exceptions.MissingError', 404, 2],
  AccessDenied: ['odoo.exceptions.AccessDenied', 403, 3],
  AccessError: ['odoo.exceptions.AccessError', 403, 4],
  ValueError: ['builtins.ValueError', 500, 1],
  TypeError: ['builtins.TypeError', 500, 1],
  KeyError: ['builtins.KeyError', 500, 1],
  AttributeError: ['builtins.AttributeError', 500, 1],
  Exception: ['builtins.Exception', 500, 1],
  OperationalError: ['psycopg2.OperationalError', 500, 1],
  SerializationFailure: ['psycopg2.errors.SerializationFailure', 500, 1],
  QueryCanceled: ['psycopg2.errors.QueryCanceled', 500, 1],
  Unauthorized: ['werkzeug.exceptions.Unauthorized', 401, 1],
  BadRequest: ['werkzeug.exceptions.BadRequest', 400, 1],
  NotFound: ['werkzeug.exceptions.NotFound', 404, 1],
  UnprocessableEntity: ['werkzeug.exceptions.UnprocessableEntity', 422, 1],
} as const satisfies Record<string, readonly [name: string, status: number, fault: number]>;
export type ErrorKind = keyof typeof KINDS;

export class OdooError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }

  /** As Python names it, with its module. */
  get pythonName(): string {
    return KINDS[this.kind][0];
  }
  get status(): number {
    return KINDS[this.kind][1];
  }
  get faultCode(): number {
    return KINDS[this.kind][2];
  }
}

/** A call that does not fit the method; each transport has its own words for it. */
export class CallError extends Error {
  readonly problem:
    | 'unknown_model'
    | 'unknown_method'
    | 'missing_argument'
    | 'unexpected_argument'
    | 'ids_on_model_method';
  readonly model: string;
  readonly method: string;
  /** Name of the argument. */
  readonly argument: string;

  constructor(problem: CallError['problem'], model: string, method = '', argument = '') {
    super(`${problem}: ${model}.${method}`);
    this.problem = problem;
    this.model = model;
    this.method = method;
    this.argument = argument;
  }
}

export const userError = (message: string): OdooError => new OdooError('UserError', message);
export const validationError = (message: string): OdooError => new OdooError('ValidationError', message);
export const valueError = (message: string): OdooError => new OdooError('ValueError', message);

export function missingError(model: string, ids: readonly number[], uid: number): OdooError {
  const records = `${model}(${ids.join(', ')}${ids.length === 1 ? ',' : ''})`;
  return new OdooError(
    'MissingError',
    `Record does not exist or has been deleted.\n(Record: ${records}, User: ${uid})`,
  );
}

/** A key that names nothing. PostgreSQL's error is read as if a record in use were deleted; so are the words. */
export function foreignKeyError(
  modelLabel: string,
  model: string,
  fieldLabel: string,
  field: string,
): OdooError {
  return validationError(
    'The operation cannot be completed: Another model is using the record you are trying to delete.\n\n' +
      `The troublemaker is: '${modelLabel}' (${model})\n` +
      `Thanks to the following constraint: '${fieldLabel}' (${field})\n` +
      'How about archiving the record instead?',
  );
}

export const postedItem = (): OdooError =>
  userError(
    "You can't delete a posted journal item. Don’t play games with your accounting records; reset the journal " +
      'entry to draft before deleting it.',
  );
