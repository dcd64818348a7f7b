/**
 * What Odoo answers, made into what follows from it. Measured on 19.0 and 14.0 over three transports; every recorded
 * answer is held against this in tests/unit/odoo/transcripts.test.ts.
 */
import { cleanWords } from './clean-words.ts';
import { OdooFault, type OdooFaultCode } from './faults.ts';
import type { NoAnswer } from './http.ts';
import { networkWords } from './network-words.ts';

/** What was asked. */
export interface Asked {
  readonly writes: boolean;
  readonly db: string;
  /** Texts that must never stand in a message. */
  readonly secrets: readonly string[];
}

/** An error of JSON-2 or JSON-RPC; `name` is the Python class with its module. */
export interface NamedError {
  readonly name: string;
  readonly message: string;
  readonly first: unknown;
  readonly status: number | null;
}

const WORDS: Readonly<Record<Exclude<OdooFaultCode, 'refused' | 'invalid_call'>, string>> = {
  unreachable: 'Odoo cannot be reached',
  unknown: 'Odoo took the request and gave no answer; it may have been done all the same',
  busy: 'Odoo gave up because the same data was being changed elsewhere; nothing was done',
  authentication: 'Odoo does not accept the key: it is wrong or has expired, or the user is switched off',
  access: 'Odoo does not let this user do that',
  wrong_database: 'this address answers, but not as the Odoo with this database',
  unsupported: 'this Odoo does not know what was asked of it (another version, or a module is missing)',
  missing: 'Odoo does not have this record any more',
  malformed: 'Odoo gave an answer that cannot be understood',
};

/** Class of the Python exception -> what follows. The first that fits. */
const BY_CLASS: readonly (readonly [RegExp, OdooFaultCode | 'value' | 'database'])[] = [
  [/(^|\.)(AccessDenied|Unauthorized|SessionExpiredException)$/, 'authentication'],
  [/(^|\.)(AccessError|Forbidden)$/, 'access'],
  [/(^|\.)MissingError$/, 'missing'],
  [/(^|\.)(UserError|ValidationError|RedirectWarning|except_orm|Warning)$/, 'refused'],
  [/(^|\.)(SerializationFailure|DeadlockDetected|LockNotAvailable|QueryCanceled(Error)?)$/, 'busy'],
  [/(^|\.)(TransactionRollback(Error)?|LockError|ConcurrencyError|TooManyRequests)$/, 'busy'],
  [/^psycopg2\.|(^|\.)(OperationalError|InterfaceError|PoolError)$/, 'database'],
  [/(^|\.)ValueError$/, 'value'],
  [/(^|\.)(NotFound|MethodNotAllowed|UnsupportedMediaType|UnprocessableEntity|BadRequest)$/, 'unsupported'],
  [/(^|\.)(TypeError|AttributeError|KeyError|NameError|NotImplementedError|ExpatError)$/, 'unsupported'],
];

export function faultOfError(error: NamedError, asked: Asked): OdooFault {
  const kind = BY_CLASS.find(([pattern]) => pattern.test(error.name))?.[1] ?? 'malformed';
  const make = (code: OdooFaultCode, words?: string): OdooFault =>
    faultWith(code, asked, { words, status: error.status });
  switch (kind) {
    case 'database':
      return faultOfDatabase(error.name, error.message, asked, error.status);
    case 'value':
      return faultOfValue(error.message, make);
    case 'refused':
      return faultOfRefusal(sayable(error), make);
    case 'access':
      return make('access', sayable(error));
    case 'unsupported':
      return make('unsupported', error.message);
    default:
      return make(kind);
  }
}

/** RedirectWarning says `('words', 26, 'Configure')`; its first argument is the words alone. */
function sayable(error: NamedError): string {
  return typeof error.first === 'string' && error.first.trim() !== '' ? error.first : error.message;
}

type Make = (code: OdooFaultCode, words?: string) => OdooFault;

function faultOfRefusal(words: string, make: Make): OdooFault {
  // Odoo's own check of the model's name, a UserError on every version.
  return /^Object \S{1,100} doesn't exist$/.test(words.trim())
    ? make('unsupported', words)
    : make('refused', words);
}

function faultOfValue(message: string, make: Make): OdooFault {
  if (message.startsWith('External ID not found')) return make('missing');
  return /^Invalid (field|operator)/.test(message) ? make('unsupported', message) : make('refused', message);
}

/** Its own words name host and port of PostgreSQL, so none of them is passed on. */
function faultOfDatabase(name: string, message: string, asked: Asked, status: number | null): OdooFault {
  const make = (code: OdooFaultCode, words?: string): OdooFault => faultWith(code, asked, { words, status });
  if (namesMissingDatabase(message, asked.db)) return make('wrong_database', noSuchDatabase(asked));
  if (/(^|\.)(OperationalError|InterfaceError|PoolError|AdminShutdown|CannotConnectNow)$/.test(name)) {
    // Refused before the work began, or broken in the middle of it, where the commit may have been done.
    const before = /refused|could not (connect|translate)|Is the server running|starting up|too many|FATAL/i;
    return before.test(message) || !asked.writes
      ? make('unreachable', 'Odoo is there, but its database is down')
      : make('unknown');
  }
  // A constraint, a number out of range ...: rolled back, and the same again next time.
  const words = message.split('\n')[0] ?? '';
  return make('refused', `the database of Odoo refuses it: ${words}`);
}

/** PostgreSQL speaks the language of its server; the name in quotes stays. */
function namesMissingDatabase(message: string, db: string): boolean {
  if (/database "[^"\n]{1,100}" does not exist/.test(message)) return true;
  const quoted = [`"${db}"`, `»${db}«`, `« ${db} »`, `«${db}»`, `“${db}”`];
  return (
    /FATAL|FATALE?|SCHWERWIEGEND/.test(message) &&
    quoted.some((text) => message.includes(text)) &&
    !/starting up|shutting down|not (currently )?accepting/.test(message)
  );
}

/** A fault of XML-RPC. `returned_nothing`: it is done, and only its result could not be said in XML. */
export function faultOfXml(
  fault: { readonly code: number | string; readonly text: string },
  asked: Asked,
): OdooFault | 'returned_nothing' {
  const make = (code: OdooFaultCode, words?: string): OdooFault => faultWith(code, asked, { words });
  switch (fault.code) {
    case 1:
      return faultOfTraceback(fault.text, asked);
    case 2:
      return faultOfWarning(fault.text, make);
    case 3:
    case 'AccessDenied':
      return make('authentication');
    case 4:
    case 'AccessError':
      return make('access', fault.text);
    default:
      return make('malformed');
  }
}

/** UserError, ValidationError, MissingError and more come as text alone, in the language of the user. */
function faultOfWarning(text: string, make: Make): OdooFault {
  const gone = /\(\S[^()]{0,60}: ([a-z_.]{1,60})\(([\d, ]{1,200})\), [^()]{1,60}: (\d+)\)\s*$/.exec(text);
  if (gone === null) return faultOfRefusal(unquoted(text), make);
  const [, model, ids, user] = gone;
  // Our own user is gone: it is the key, not the record.
  return model === 'res.users' && ids?.replace(/\D/g, '') === user ? make('authentication') : make('missing');
}

/** `('words', 26, 'Configure', None)`, as a RedirectWarning prints itself. */
function unquoted(text: string): string {
  return /^\((["'])([^]{1,2000}?)\1, (?:\d+|None)/.exec(text)?.[2] ?? text;
}

/** The last line that names an exception; psycopg2's messages go on for some lines behind it. */
function faultOfTraceback(text: string, asked: Asked): OdooFault | 'returned_nothing' {
  const lines = text.slice(-20_000).split('\n');
  const at = lines.findLastIndex((line) => EXCEPTION.test(line));
  const [, name = '', message = ''] = EXCEPTION.exec(lines[at] ?? '') ?? [];
  if (name === 'TypeError' && message.startsWith('cannot marshal ')) return 'returned_nothing';
  if (name === 'Exception' && message.startsWith('Method not found')) {
    return faultWith('unsupported', asked, { words: message });
  }
  const whole = [message, ...lines.slice(at + 1)].join('\n');
  if (name === '' && /Is the server running/.test(text)) {
    return faultOfDatabase('OperationalError', text, asked, null);
  }
  return faultOfError({ name, message: whole, first: null, status: null }, asked);
}

// Not CONTEXT, DETAIL, HINT, LINE 1: those have no small letter before the colon.
const EXCEPTION = /^((?:[A-Za-z_]\w{0,60}\.){0,6}[A-Z]\w*[a-z]\w*)(?:: ?(.*))?$/;

/** An answer that is no JSON: a page of Odoo, of a proxy, or of something else altogether. */
export function faultOfPage(status: number, body: string, asked: Asked): OdooFault {
  const make = (code: OdooFaultCode, words?: string): OdooFault => faultWith(code, asked, { words, status });
  if (status >= 300 && status < 400) {
    return make(
      'wrong_database',
      'the address of Odoo redirects elsewhere; put the final address into ODOO_URL',
    );
  }
  switch (status) {
    case 401:
    case 407:
      return make('authentication', 'something before Odoo asks for a login of its own');
    case 403:
      return make('access', 'something before Odoo refuses this address');
    case 404:
      return make('wrong_database', noSuchDatabase(asked));
    case 413:
      return make('refused', 'this is more than the server takes in one request');
    case 429:
      return make('busy', 'the server asks for fewer requests');
    case 503:
      return make('unreachable', 'Odoo is down; something before it answers (503)');
    case 502:
    case 504:
      // The proxy may have lost the answer and not the request.
      return asked.writes
        ? make('unknown')
        : make('unreachable', `Odoo is down; something before it answers (${status})`);
    default:
      break;
  }
  if (status >= 500) return asked.writes ? make('unknown') : make('malformed');
  if (status >= 400) return make('unsupported');
  return looksLikePage(body)
    ? make('wrong_database', 'this address answers with a web page, not as Odoo does')
    : make('malformed');
}

function looksLikePage(body: string): boolean {
  return /<!doctype html|<html|<title/i.test(body.slice(0, 2000));
}

function noSuchDatabase(asked: Asked): string {
  return `there is no Odoo database "${asked.db}" at this address`;
}

/** No whole answer. What was sent and may write is never "it failed". */
export function faultOfNoAnswer(failure: NoAnswer, asked: Asked, deadlineMs: number): OdooFault {
  const lost = failure.sent && asked.writes;
  const known = networkWords(failure.code);
  const why = known === '' ? '' : `: ${known}`;
  const doubt = lost ? '; it may have been done all the same' : '';
  // Its code is for the log.
  const make = (words: string, code: OdooFaultCode = lost ? 'unknown' : 'unreachable'): OdooFault =>
    new OdooFault(code, words, { cause: failure });
  switch (failure.why) {
    case 'deadline':
      return make(`Odoo gave no answer within ${Math.ceil(deadlineMs / 1000)} seconds${doubt}`);
    case 'certificate':
      return make(`there is no connection to Odoo that can be trusted${why}`);
    case 'too_large':
      return failure.sent
        ? make('the answer of Odoo is too large', lost ? 'unknown' : 'malformed')
        : make('not sent to Odoo: it is too large', 'invalid_call');
    case 'given_up':
      return make(`the call to Odoo was given up${doubt}`);
    case 'connection':
      return make(
        lost ? `the connection to Odoo broke before its answer${doubt}` : `Odoo cannot be reached${why}`,
      );
  }
}

/** The words of Odoo stand behind our own, or alone where they are meant for the user. */
function faultWith(
  code: OdooFaultCode,
  asked: Asked,
  with_: { readonly words?: string | undefined; readonly status?: number | null },
): OdooFault {
  const said = with_.words === undefined ? '' : cleanWords(with_.words, asked.secrets);
  const own =
    code === 'refused' || code === 'invalid_call' ? 'Odoo refuses it without a reason' : WORDS[code];
  const status = { status: with_.status ?? null };
  if (said === '') return new OdooFault(code, own, status);
  const both = code === 'access' || code === 'unsupported';
  return new OdooFault(code, both ? `${own}: ${said}` : said, status);
}
