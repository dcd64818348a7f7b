/**
 * The audit chain: each line carries the hash of the line before it, so that a changed, missing, added or
 * reordered line shows. One chain per writing process; the day files of a process are one chain.
 *
 * A line on disk is the canonical JSON of its record (fixed key order, `hash` last) and `\n`. A line that
 * parses but is not byte for byte what we would have written is a changed line.
 *
 * What a crash leaves: bytes after the last whole record. They stay in the file as evidence, and the next
 * start writes `audit.recovered`, which names them by length and hash; so they are under the chain too.
 */
import { createHash } from 'node:crypto';

export type AuditValue = string | number | boolean | null | readonly AuditValue[] | AuditParameters;
export interface AuditParameters {
  readonly [key: string]: AuditValue;
}

/** Who said yes, when (RFC 3339, UTC), and to what (hash of the action content). */
export interface AuditApproval {
  readonly who: string;
  readonly when: string;
  readonly hash: string;
}

/** What a caller says. Masked before it is written: see `audit-mask.ts`. */
export interface AuditEntry {
  /** `what.happened`, lower case: `mail.sent`, `task.claimed`. */
  readonly action: string;
  readonly task?: string | undefined;
  /** What was acted on: a recipient, a folder, a document. */
  readonly target?: string | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly approval?: AuditApproval | undefined;
  readonly result: string;
}

/** All that a stage needs to know of the audit log. */
export interface AuditTrail {
  /** Resolves once the line is on disk. Throws `AuditFault`: no effect may follow. */
  append(entry: AuditEntry): Promise<void>;
}

export interface AuditRecord {
  readonly ts: string;
  readonly action: string;
  readonly actor: string;
  readonly task: string | null;
  readonly target: string | null;
  readonly parameters: AuditParameters;
  readonly approval: AuditApproval | null;
  readonly result: string;
  readonly prev: string;
  readonly hash: string;
}

/** Written by the log itself when it found something to say at its start. */
export const RECOVERED = 'audit.recovered';

/** Longest line that is read; what is written stays far below because masking cuts. */
export const MAX_LINE_BYTES = 64 * 1024;

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** `prev` of the very first line. Bound to the chain's name: a file of another process does not fit. */
export function chainStart(actor: string): string {
  return sha256(`handover audit ${actor}`);
}

/** The record with its hash. `fields` must be masked and bounded already. */
export function sealRecord(fields: Omit<AuditRecord, 'hash'>): AuditRecord {
  const open = canonical(fields);
  return { ...open, hash: sha256(JSON.stringify(open)) };
}

/** The line as it stands on disk, `\n` included. */
export function renderRecord(record: AuditRecord): string {
  return `${JSON.stringify({ ...canonical(record), hash: record.hash })}\n`;
}

export type LineVerdict =
  | { readonly ok: true; readonly record: AuditRecord }
  | { readonly ok: false; readonly why: 'not-a-record' | 'changed' };

/** Reads one line without its `\n`. Looks at the line alone; the links are `stepChain`'s. */
export function readRecord(bytes: Uint8Array): LineVerdict {
  const parsed = parseLine(bytes);
  if (!parsed) return { ok: false, why: 'not-a-record' };
  const { record, text } = parsed;
  const intact = renderRecord(record) === `${text}\n` && sealRecord(record).hash === record.hash;
  return intact ? { ok: true, record } : { ok: false, why: 'changed' };
}

export interface ChainFinding {
  /** 1-based line within its file. */
  readonly line: number;
  readonly kind: 'not-a-record' | 'changed' | 'broken-link' | 'gap-recorded' | 'wrong-actor';
  readonly message: string;
}

/** Where a walk along the chain stands. `evidence` are the bytes since the last whole record. */
export interface ChainState {
  readonly actor: string;
  readonly last: string;
  readonly before: string;
  readonly lines: number;
  readonly evidence: readonly Uint8Array[];
  readonly pending: readonly ChainFinding[];
}

/** @param after hash of the last line that was dropped; without it the chain begins with its very first line */
export function newChain(actor: string, after?: string): ChainState {
  const start = after ?? chainStart(actor);
  return { actor, last: start, before: start, lines: 0, evidence: [], pending: [] };
}

/** One line further. Lines that are no records wait: the next record may name them as a crash's remains. */
export function stepChain(
  state: ChainState,
  bytes: Uint8Array,
  line: number,
): { readonly state: ChainState; readonly findings: readonly ChainFinding[] } {
  const verdict = readRecord(bytes);
  if (!verdict.ok) {
    if (state.evidence.length >= MAX_EVIDENCE_LINES) return { state, findings: [] };
    const pending = [...state.pending, { line, kind: verdict.why, message: LINE_WORDS[verdict.why] }];
    return { state: { ...state, evidence: [...state.evidence, bytes], pending }, findings: [] };
  }
  const { record } = verdict;
  const findings: ChainFinding[] = [];
  if (!namesEvidence(record, state.evidence)) findings.push(...state.pending);
  if (record.prev !== state.last) {
    findings.push({
      line,
      kind: 'broken-link',
      message: 'does not follow the line before it: lines were removed, added or reordered here',
    });
  }
  if (record.actor !== state.actor) {
    findings.push({ line, kind: 'wrong-actor', message: 'was written by another process' });
  }
  if (record.action === RECOVERED && typeof record.parameters['missing_after'] === 'string') {
    findings.push({
      line,
      kind: 'gap-recorded',
      message: 'the process found at its start that lines it had written were gone or others had come',
    });
  }
  const next: ChainState = {
    actor: state.actor,
    last: record.hash,
    before: record.prev,
    lines: state.lines + 1,
    evidence: [],
    pending: [],
  };
  return { state: next, findings };
}

/** What is left to say when the last file has been read. */
export function endChain(state: ChainState): readonly ChainFinding[] {
  return state.pending;
}

/** Parameters by which `audit.recovered` names the bytes a crash left. Lines without their `\n`. */
export function evidenceParameters(lines: readonly Uint8Array[]): AuditParameters {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const line of lines) {
    hash.update(line).update('\n');
    bytes += line.length + 1;
  }
  return { torn_bytes: bytes, torn_sha256: hash.digest('hex') };
}

/** A crash leaves one or two torn lines. More than this is not a crash, and nobody reads more findings. */
const MAX_EVIDENCE_LINES = 100;

const LINE_WORDS = {
  'not-a-record': 'is not an audit line',
  changed: 'was changed after it was written',
} as const;

function namesEvidence(record: AuditRecord, evidence: readonly Uint8Array[]): boolean {
  if (evidence.length === 0) return true;
  if (record.action !== RECOVERED || evidence.length >= MAX_EVIDENCE_LINES) return false;
  const named = evidenceParameters(evidence);
  return (
    record.parameters['torn_bytes'] === named['torn_bytes'] &&
    record.parameters['torn_sha256'] === named['torn_sha256']
  );
}

function canonical(fields: Omit<AuditRecord, 'hash'>): Omit<AuditRecord, 'hash'> {
  const { approval } = fields;
  return {
    ts: fields.ts,
    action: fields.action,
    actor: fields.actor,
    task: fields.task,
    target: fields.target,
    parameters: sortKeys(fields.parameters) as AuditParameters,
    approval: approval && { who: approval.who, when: approval.when, hash: approval.hash },
    result: fields.result,
    prev: fields.prev,
  };
}

function sortKeys(value: AuditValue): AuditValue {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as AuditParameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([k, v]) => [k, sortKeys(v)]));
}

function parseLine(bytes: Uint8Array): { record: AuditRecord; text: string } | null {
  if (bytes.length === 0 || bytes.length > MAX_LINE_BYTES) return null;
  try {
    // `ignoreBOM` keeps a byte order mark in the text, where the comparison with our own rendering sees it.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? { record: value, text } : null;
  } catch {
    return null;
  }
}

const TEXT_KEYS = ['ts', 'action', 'actor', 'result', 'prev', 'hash'] as const;

function isRecord(value: unknown): value is AuditRecord {
  if (!isObject(value)) return false;
  const { approval, parameters } = value;
  return (
    TEXT_KEYS.every((key) => typeof value[key] === 'string') &&
    [value['task'], value['target']].every((v) => v === null || typeof v === 'string') &&
    isObject(parameters) &&
    (approval === null ||
      (isObject(approval) && ['who', 'when', 'hash'].every((key) => typeof approval[key] === 'string')))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
