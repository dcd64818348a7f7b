/**
 * What may stand in an audit line: enough to know what was done, nothing worth stealing. The log travels to
 * the cloud, so addresses keep their first letter and domain, bodies become a length, secrets never enter.
 */
import type { AuditApproval, AuditEntry, AuditParameters, AuditValue } from './audit-chain.ts';

const MAX_TEXT = 200;
/** Masked before the final cut, so that a cut cannot hide the `@` of an address from the mask. */
const LOOK_AHEAD = 1000;
/** All parameters of a line together, as JSON. */
const MAX_PARAMETERS = 8000;
const MAX_KEYS = 40;
const MAX_ITEMS = 20;
const MAX_DEPTH = 3;

const SECRET_KEY = /pass(word|phrase|wd)?|secret|token|api_?key|auth(orization)?$|credential|cookie|private/i;
const BODY_KEY = /^(body|text|html|reply|original|feedback|content|eml|raw|prompt|draft|message)$/i;

/** Values that are secrets whatever their key is called: bearer and basic headers, JWTs, provider keys, PEM. */
const SECRET_VALUE =
  /\b(?:bearer|basic)\s+[\w+/=.~-]{8,}|\beyJ[\w-]{8,}\.[\w-]*\.?[\w-]*|\b(?:sk|pk|ghp|gho|xox[abp])[-_][\w-]{8,}|-----BEGIN[^-]*KEY-----[\s\S]*/gi;
const NAMED_SECRET = /\b(pass(?:word|wd)?|secret|token|api_?key)\s*[=:]\s*\S+/gi;

/** Would come back from disk as U+FFFD and so look like a changed line. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

const ADDRESS = /([\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]+)@([\p{L}\p{N}][\p{L}\p{N}.-]*)/gu;

export interface MaskedEntry {
  readonly action: string;
  readonly task: string | null;
  readonly target: string | null;
  readonly parameters: AuditParameters;
  readonly approval: AuditApproval | null;
  readonly result: string;
}

export function maskEntry(entry: AuditEntry): MaskedEntry {
  return {
    action: maskText(entry.action),
    task: entry.task === undefined ? null : maskText(entry.task),
    target: entry.target === undefined ? null : maskText(entry.target),
    parameters: boundedParameters(entry.parameters ?? {}),
    approval: entry.approval
      ? {
          who: maskText(entry.approval.who),
          when: maskText(entry.approval.when),
          hash: maskText(entry.approval.hash),
        }
      : null,
    result: maskText(entry.result),
  };
}

/** `anna.meier@example.org` becomes `a***@example.org`; secrets are cut out; bounded; always well formed. */
export function maskText(text: string): string {
  const masked = text
    .slice(0, LOOK_AHEAD)
    .replace(SECRET_VALUE, '[secret]')
    .replace(NAMED_SECRET, '$1=[secret]')
    .replace(
      ADDRESS,
      (_whole, local: string, domain: string) => `${/^./u.exec(local)?.[0] ?? ''}***@${domain}`,
    );
  const cut = masked.length > MAX_TEXT ? `${masked.slice(0, MAX_TEXT)}…` : masked;
  return cut.replace(LONE_SURROGATE, '\uFFFD');
}

function boundedParameters(parameters: Readonly<Record<string, unknown>>): AuditParameters {
  const masked = maskParameters(parameters, 0);
  return JSON.stringify(masked).length > MAX_PARAMETERS ? { left_out: 'too large' } : masked;
}

function maskParameters(parameters: Readonly<Record<string, unknown>>, depth: number): AuditParameters {
  const entries = Object.entries(parameters);
  const kept = entries.slice(0, MAX_KEYS).map(([key, value]): [string, AuditValue] => {
    if (SECRET_KEY.test(key)) return [maskText(key), '[secret]'];
    if (BODY_KEY.test(key) && typeof value === 'string')
      return [maskText(key), `[${value.length} characters]`];
    return [maskText(key), maskValue(value, depth + 1)];
  });
  if (entries.length > MAX_KEYS) kept.push(['…', entries.length - MAX_KEYS]);
  return Object.fromEntries(kept);
}

function maskValue(value: unknown, depth: number): AuditValue {
  if (typeof value === 'string') return maskText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return null;
  if (depth > MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((v) => maskValue(v, depth + 1));
    return value.length > MAX_ITEMS ? [...items, `… ${value.length - MAX_ITEMS} more`] : items;
  }
  return maskParameters(value as Record<string, unknown>, depth);
}
