/**
 * Three machines with a vault each (cloud, laptop, phone), what they keep outside it, and what happened: the
 * yeses of the user, the effects, every version that was ever written.
 */
import { actionHash, mailActionOf } from '../../src/core/approval.ts';
import { newBody } from '../../src/core/body.ts';
import { noteName } from '../../src/core/filename.ts';
import { originalSection } from '../../src/core/neutralise.ts';
import { parseNote, renderNote, text } from '../../src/core/task-file.ts';
import { idInName, type TaskId, taskIdFromMessage } from '../../src/core/task-id.ts';
import type { CardChange } from '../../src/stages/offered-cards.ts';
import { type FileInfo, isConflictCopy, type Rules } from './file-info.ts';
import { Lineage } from './lineage.ts';
import { MailServer } from './mail-server.ts';
import { Network } from './network.ts';
import { SimJournal } from './sim-journal.ts';
import type { Machine } from './sim-vault.ts';
import { StateDir } from './state-dir.ts';
import type { Tape } from './tape.ts';

export const CLOUD = 0;
export const LAPTOP = 1;
export const PHONE = 2;
export const NAMES = ['cloud', 'laptop', 'phone'] as const;

export function nameOf(node: number): string {
  return NAMES[node] ?? String(node);
}

export interface Violation {
  readonly promise: 'P1' | 'P3' | 'P4' | 'P5' | 'rest' | 'error';
  readonly words: string;
}

const START = Date.UTC(2026, 10, 20, 9);
/** Whose folder a process may write in, of those that belong to an agent. */
const OWN_FOLDER: Readonly<Record<string, string>> = {
  'draft-replier': 'In_Progress/cloud-agent/',
  'approval-handler': 'In_Progress/local-agent/',
  'take-over': 'In_Progress/local-agent/',
  orchestrator: 'none',
};
/** Where a note lies that the user decided about. */
const ANSWERS = /^(?:Approved|Rejected|Done|In_Progress\/local-agent)\//;

/** Ahead or behind, by minutes and by hours: nothing may depend on it. */
const SKEWS = [0, 0, 0, 90_000, -90_000, 7_200_000, -7_200_000] as const;

/** What happened at all: a check that never meets its case is no check. */
export interface Counters {
  doubles: number;
  conflicts: number;
  crashes: number;
  partitions: number;
  syncthingRestarts: number;
  undos: number;
  edits: number;
  redrafts: number;
  rejections: number;
  doubts: number;
  resends: number;
  setAside: number;
  takeOvers: number;
  forgeries: number;
  gaps: number;
  putBack: number;
  onlyInConflicts: number;
}

export class World {
  now = START;
  readonly tape: Tape;
  readonly net: Network;
  readonly skews: readonly number[];
  readonly nudged: Set<string>[] = [new Set(), new Set(), new Set()];
  readonly watched: Set<string>[] = [new Set(), new Set(), new Set()];
  readonly cloudState = new StateDir();
  readonly laptopState = new StateDir();
  readonly journal = new SimJournal();
  readonly mail: MailServer;
  readonly lineage = new Lineage();
  readonly violations: Violation[] = [];
  readonly log: string[] = [];
  readonly counters: Counters = {
    ...{ doubles: 0, conflicts: 0, crashes: 0, partitions: 0, syncthingRestarts: 0, undos: 0, edits: 0 },
    ...{
      redrafts: 0,
      rejections: 0,
      doubts: 0,
      resends: 0,
      setAside: 0,
      takeOvers: 0,
      forgeries: 0,
      gaps: 0,
      putBack: 0,
      onlyInConflicts: 0,
    },
  };
  readonly ids: TaskId[] = [];
  /** Hashes of what the user said yes to, by task; and how often the user said "send it again". */
  readonly yeses = new Map<string, Set<string>>();
  readonly resends = new Map<string, number>();
  /** Does the cloud's owner forge? Then only what holds in any case is promised: P1 and P3. */
  readonly hostile: boolean;
  readonly mostMails: number;
  readonly eagerUser: boolean;
  /** What the laptop's Syncthing tells of its disk, and how much of it was heard. */
  readonly changes: CardChange[] = [];
  /** How many of them the approval handler took in, durably; and whether some were lost with a restart. */
  heard = 0;
  lostChanges = true;
  takeOver = false;
  serial = 0;
  /** Off while a long search runs; on for one that failed. */
  readonly telling: boolean;

  constructor(tape: Tape, telling: boolean) {
    this.tape = tape;
    this.telling = telling;
    this.hostile = tape.next(8) === 7;
    this.eagerUser = tape.next(2) === 1;
    this.mostMails = tape.next(3) === 2 ? 2 : 1;
    const rules: Rules = tape.next(4) === 3 ? 'v2' : 'v1';
    this.skews = NAMES.map(() => SKEWS[tape.next(SKEWS.length)] ?? 0);
    this.net = new Network({
      nodes: 3,
      rules,
      // Facts section 4: Approved is ignored by laptop and phone in the vault, and shared by them in a folder of its own.
      shares: (path, a, b) => !path.startsWith('Approved/') || (a !== CLOUD && b !== CLOUD),
      versioning: (node) => node === LAPTOP,
      now: () => this.now,
      // Two conflicts of one name in one second are one file to Syncthing, which then loses a version: that is
      // its own doing and kept out of here, or every run would meet it, since time stands still while indexes travel.
      conflictAt: () => this.now + 1000 * (this.serial += 1),
      onChange: (node, info, origin) => {
        if (node === LAPTOP) this.#told(info, origin);
      },
    });
    this.mail = new MailServer({
      journal: this.journal,
      tape,
      keepsCopies: tape.next(2) === 1,
      onEffect: ({ id, hash }) => this.#onEffect(id, hash),
    });
    this.tell(
      `rules ${rules}, clocks ${this.skews.map((ms) => ms / 1000).join(' ')} s${this.hostile ? ', hostile cloud' : ''}`,
    );
  }

  /** Only the vault's own folder: Approved is another one on the laptop. */
  #told(info: FileInfo, origin: 'local' | 'remote'): void {
    if (info.path.startsWith('Approved/')) return;
    this.changes.push({ path: info.path, action: info.deleted ? 'deleted' : 'modified', origin });
  }

  tell(words: string): void {
    if (this.telling) this.log.push(words);
  }

  violate(promise: Violation['promise'], words: string): void {
    this.violations.push({ promise, words });
    this.tell(`VIOLATION ${promise}: ${words}`);
  }

  clock(node: number): number {
    return this.now + (this.skews[node] ?? 0);
  }

  /** @param nudges Tells its Syncthing at once, as agents do; an editor leaves that to the file watcher. */
  machine(node: number, writer: string, nudges: boolean): Machine {
    const told = nudges ? this.nudged[node] : this.watched[node];
    return {
      disk: () => this.net.node(node).disk,
      now: () => this.clock(node),
      touched: (paths) => {
        for (const path of paths) {
          told?.add(path);
          this.watched[node]?.add(path);
        }
        this.tell(`  ${writer}: ${paths.join(' <- ')}`);
        this.#keepsToItsOwn(node, writer, paths);
      },
      wrote: (_path, made, from) => this.lineage.wrote(made, from, writer),
    };
  }

  /** Nobody touches another agent's folder (design, Claim 3), and no answer of the user gives way to a question. */
  #keepsToItsOwn(node: number, writer: string, [path = '', from = '']: readonly string[]): void {
    const own = OWN_FOLDER[writer];
    // A conflict copy is nobody's, wherever it lies.
    const foreign = [path, from].find(
      (p) => p.startsWith('In_Progress/') && !p.startsWith(own ?? '-') && !isConflictCopy(p),
    );
    if (own !== undefined && foreign !== undefined) this.violate('P5', `${writer} touches ${foreign}`);
    if (writer !== 'orchestrator' || !path.startsWith('Conflicts/') || isConflictCopy(from)) return;
    const id = idInName(path.replace(/ \(\d+\)\.md$/, '.md'));
    if (!ANSWERS.test(from) || id === null) return;
    const done = this.journal.read(id).state.state === 'done';
    if (done || this.placesOf(node, id).some((p) => ANSWERS.test(p))) return;
    this.violate('P4', `an answer of the user is set aside, and only a question is left: ${from}`);
  }

  /** A mail came: its note lies on the cloud's disk, as take-in-mail writes it. */
  mailArrives(): void {
    if (this.ids.length >= this.mostMails) return;
    const { name, source, id } = mailNote(this.ids.length + 1);
    this.ids.push(id);
    const machine = this.machine(CLOUD, 'watcher', true);
    const path = `Needs_Action/email/${name}`;
    machine.disk().set(path, { text: source, mtime: machine.now() });
    machine.wrote(path, source, []);
    machine.touched([path]);
  }

  /** The user moved this text to Approved, or wrote it there: a yes to what it says. */
  saidYes(source: string): void {
    const parsed = parseNote(source);
    const read = parsed.ok ? mailActionOf(parsed.note) : null;
    if (read?.ok !== true || !parsed.ok) return;
    const { id } = read.action;
    const hashes = this.yeses.get(id) ?? new Set();
    this.yeses.set(id, hashes.add(actionHash(read.action)));
    if (text(parsed.note, 'outcome') !== 'in_doubt') return;
    this.counters.resends += 1;
    this.resends.set(id, (this.resends.get(id) ?? 0) + 1);
  }

  #onEffect(id: TaskId, hash: string): void {
    this.tell(`  EFFECT ${id} ${hash.slice(0, 8)}`);
    if (this.yeses.get(id)?.has(hash) !== true) {
      this.violate('P1', `${id} left, and the user never moved this content to Approved`);
    }
    const count = this.mail.effects.filter((effect) => effect.id === id).length;
    if (count > 1 + (this.resends.get(id) ?? 0)) this.violate('P3', `${id} left ${count} times`);
  }

  /** The notes of the task on this machine; what lies in Conflicts or Quarantine and conflict copies left out. */
  placesOf(node: number, id: string): string[] {
    return [...this.net.node(node).disk.keys()].filter(
      (path) => path.includes(id) && !/^(?:Conflicts|Quarantine)\//.test(path) && !isConflictCopy(path),
    );
  }

  noteDoubles(): void {
    for (const node of [CLOUD, LAPTOP, PHONE]) {
      const places = [...this.net.node(node).disk.keys()].filter(
        (p) => !/^(?:Conflicts|Quarantine)\//.test(p),
      );
      const ids = places.map((path) => idInName(path.replace(/\.sync-conflict-[^.]*/, '')));
      if (new Set(ids).size < ids.length) this.counters.doubles += 1;
    }
  }
}

const mails = new Map<number, { name: string; source: string; id: TaskId }>();

/** The n-th mail's note; the same text each time, so made once. */
function mailNote(n: number): { name: string; source: string; id: TaskId } {
  const known = mails.get(n);
  if (known) return known;
  const messageId = `<${n}@example.org>`;
  const id = taskIdFromMessage('mia@example.net', messageId);
  const original = originalSection({
    from: 'Anna',
    when: '2026-11-20 09:31',
    text: `Question ${n}?`,
    maxBytes: 1000,
  });
  const body = newBody({
    verdict: { kind: 'todo', title: 'New mail', lines: ['Waits for a draft.'] },
    reply: '',
    feedback: '',
    original: original.section,
  });
  const data = {
    ...{ id, kind: 'email_reply', title: `Anna: ${n}`, rev: 1, from: 'Anna <anna@example.org>' },
    ...{ to: ['mia@example.net'], subject: `Q ${n}`, message_id: messageId },
  };
  const made = { name: noteName(`Anna ${n}`, id), source: renderNote({ data, body }), id };
  mails.set(n, made);
  return made;
}
