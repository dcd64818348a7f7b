import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { type Census, type Place, property } from './census.ts';
import type { Act, Did } from './user.ts';

/** What is checked when the storm is over: from files, from what the SMTP server took, from what the user did. */

export interface Receipt {
  readonly mark: string;
  readonly raw: string;
  /** How many acts of the user came before it. */
  readonly afterActs: number;
}

export interface Aftermath {
  readonly marks: readonly string[];
  readonly census: Census;
  readonly receipts: readonly Receipt[];
  readonly acts: readonly Act[];
  readonly doubts: ReadonlyMap<string, Doubts>;
}

const AT_REST = /^(Done\/\d{4}-\d{2}|Rejected|Skipped)$/;

/** Each mail in exactly one place, and in one where nobody waits for anything. */
export function misplaced({ marks, census }: Aftermath): string[] {
  return marks.flatMap((mark) => {
    const places = census.notes.get(mark) ?? [];
    if (places.length === 0) return [`${mark} is lost`];
    if (places.length > 1) return [`${mark} lies in ${places.map(path).join(' and ')}`];
    return AT_REST.test(places[0]!.folder) ? [] : [`${mark} still lies in ${path(places[0]!)}`];
  });
}

/** What lies in a state folder and is no note of a mail may only be hidden: no program takes it for a task. */
export function strangers({ census }: Aftermath): string[] {
  return census.others
    .filter((place) => !place.name.startsWith('.'))
    .map((place) => `stranger ${path(place)}`);
}

/** Not more than one reply for a mail, but for those the user asked for knowing that one may be out. */
export function sentTooOften(after: Aftermath): string[] {
  return after.marks.flatMap((mark) => {
    const received = after.receipts.filter((receipt) => receipt.mark === mark).length;
    const repeats = did(after, mark, 'send-again').filter((act) => act.received > 0).length;
    return received > 1 + repeats
      ? [`${mark} was received ${received} times, ${repeats} repeats asked for`]
      : [];
  });
}

/** Behind every reply stands a yes that was not taken back, and it holds what the user had written by then. */
export function sentWithoutYes({ receipts, acts }: Aftermath): string[] {
  return receipts.flatMap(({ mark, raw, afterActs }) => {
    const last = acts.slice(0, afterActs).findLast((act) => act.mark === mark);
    if (last?.did !== 'approve' && last?.did !== 'send-again')
      return [`${mark} was sent although the user's last act was: ${last?.did ?? 'none'}`];
    if (last.wrote !== null && !raw.includes(last.wrote)) return [`${mark} was sent without "${last.wrote}"`];
    return [];
  });
}

/** What the folder says is what happened. */
export function wrongEnd(after: Aftermath): string[] {
  return after.marks.flatMap((mark) => {
    const [place] = after.census.notes.get(mark) ?? [];
    const received = after.receipts.some((receipt) => receipt.mark === mark);
    const answered = did(after, mark, 'send-again', 'do-not-send-again').length > 0;
    const isDone = place?.folder.startsWith('Done/') === true;
    if (place && isDone && property(place, 'outcome') !== 'sent') return [`${mark} is done but not sent`];
    if (isDone && !received) return [`${mark} is done but nobody received it`];
    if (!isDone && received && !answered) return [`${mark} was received, not done, and nobody was asked`];
    return [];
  });
}

export interface Doubts {
  readonly attempts: number;
  readonly settled: number;
}

/** As many answers as attempts of which nobody knows what became of them: each was asked about. */
export function notAsked(after: Aftermath): string[] {
  return after.marks.flatMap((mark) => {
    const { attempts, settled } = after.doubts.get(mark) ?? { attempts: 0, settled: 0 };
    const taken = did(after, mark, 'take-answer-back').length;
    const answers = did(after, mark, 'send-again', 'do-not-send-again').length - taken;
    return attempts === answers && settled === attempts
      ? []
      : [`${mark}: ${attempts} doubtful attempts, ${answers} answers, ${settled} settled in the journal`];
  });
}

function did({ acts }: Aftermath, mark: string, ...what: readonly Did[]): readonly Act[] {
  return acts.filter((act) => act.mark === mark && what.includes(act.did));
}

function path(place: Place): string {
  return `${place.folder}/${place.name}`;
}

/**
 * From the names and bytes of the journal's files alone: an attempt whose body may have left and for which
 * no server's word was recorded.
 */
export async function readDoubts(state: string, census: Census): Promise<ReadonlyMap<string, Doubts>> {
  const doubts = new Map<string, Doubts>();
  for (const [mark, [place]] of census.notes) {
    const id = place ? property(place, 'id') : null;
    if (id !== null) doubts.set(mark, await doubtsOf(join(state, 'journal', id)));
  }
  return doubts;
}

async function doubtsOf(folder: string): Promise<Doubts> {
  let [attempts, settled] = [0, 0];
  for (const generation of await readdir(folder).catch(() => [])) {
    const names = await readdir(join(folder, generation));
    for (const name of names) {
      const n = /^attempt-(\d+)\.transmitting$/.exec(name)?.[1];
      if (n === undefined) continue;
      const read = (file: string) => readFile(join(folder, generation, file), 'utf8');
      if (!(await read(name)).includes('"sender"')) continue;
      const result = `attempt-${n}.result.json`;
      if (names.includes(result) && !(await read(result)).includes('"in_doubt"')) continue;
      attempts += 1;
      if (names.includes(`resolution-${n}.json`)) settled += 1;
    }
  }
  return { attempts, settled };
}

export async function auditFindings(vault: string, state: string): Promise<string[]> {
  const findings: string[] = [];
  for (const agent of ['cloud-agent', 'local-agent']) {
    const report = await verifyAudit({ dir: join(vault, 'Logs', agent), headDir: join(state, 'audit') });
    if (report.chains.length === 0) findings.push(`${agent} has no audit log`);
    findings.push(...report.findings.map((f) => `audit ${f.actor} ${f.file} line ${f.line}: ${f.message}`));
  }
  return findings;
}
