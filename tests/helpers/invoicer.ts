import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CrashPoint } from '../../src/core/crash-points.ts';
import type { Property } from '../../src/core/front-matter.ts';
import { readInvoiceBody, renderInvoiceBody } from '../../src/core/odoo/invoice-body.ts';
import { parseNote, renderNote, type TaskNote } from '../../src/core/task-file.ts';
import { taskIdForRequest } from '../../src/core/task-id.ts';
import { type DraftInvoiceDeps, draftInvoices } from '../../src/stages/draft-invoice.ts';
import type { Move, Pass } from '../../src/stages/draft-notes.ts';
import { Vault } from '../../src/vault/vault.ts';
import { type ScriptedBooks, scriptedBooks } from './scripted-books.ts';
import { testDir } from './testdir.ts';

export const INBOX = 'Needs_Action/odoo';
export const MINE = 'In_Progress/cloud-agent';
export const OFFERED = 'Pending_Approval/odoo';

/** What a kill would do: nothing after this point runs. */
class Killed extends Error {}

export interface Invoicer {
  readonly root: string;
  readonly vault: Vault;
  readonly books: ScriptedBooks;
  readonly moves: Move[];
  readonly errors: unknown[];
  /** What the user was told of the books. */
  readonly told: (string | null)[];
  now: number;
  pass(change?: Partial<DraftInvoiceDeps>): Promise<Pass>;
  /** A pass that dies at a point, as the process would. */
  killAt(point: CrashPoint, change?: Partial<DraftInvoiceDeps>): Promise<void>;
  names(folder: string): Promise<string[]>;
  put(path: string, text: string): Promise<void>;
  /** The one card that is offered. */
  card(): Promise<{ readonly name: string; readonly note: TaskNote; readonly verdict: string }>;
  /** As the user: changes the card and puts it back into the inbox. */
  giveBack(change: (note: TaskNote) => TaskNote): Promise<string>;
}

/** The stage on a real vault with scripted books; one machine, no patience for typists. */
export async function openInvoicer(books = scriptedBooks()): Promise<Invoicer> {
  const root = await testDir();
  const vault = await Vault.open(root);
  await vault.ensureFolders();
  let serial = 0;
  const names = (folder: string) =>
    readdir(join(root, folder)).then((all) => all.filter((name) => name !== '.keep').sort());
  const noteAt = async (path: string): Promise<TaskNote> => {
    const parsed = parseNote(await readFile(join(root, path), 'utf8'));
    if (!parsed.ok) throw new Error(parsed.fault.message);
    return parsed.note;
  };
  const invoicer: Invoicer = {
    root,
    vault,
    books,
    moves: [],
    errors: [],
    told: [],
    now: Date.UTC(2026, 10, 20, 9, 0, 0),
    pass: (change) => (change ? draftInvoices({ ...deps, ...change }) : stage)(new AbortController().signal),
    killAt: async (point, change) => {
      let dead = false;
      const alive =
        <A extends unknown[], R>(f: (...args: A) => R) =>
        (...args: A): R => {
          if (dead) throw new Killed(point);
          return f(...args);
        };
      const mortal = {
        list: alive(vault.list.bind(vault)),
        listStrays: alive(vault.listStrays.bind(vault)),
        read: alive(vault.read.bind(vault)),
        stat: alive(vault.stat.bind(vault)),
        find: alive(vault.find.bind(vault)),
        update: alive(vault.update.bind(vault)),
        move: alive(vault.move.bind(vault)),
        moveToFreeName: alive(vault.moveToFreeName.bind(vault)),
        quarantine: alive(vault.quarantine.bind(vault)),
        setAside: alive(vault.setAside.bind(vault)),
      };
      await invoicer.pass({
        ...change,
        vault: mortal,
        onError: () => undefined,
        at: (here) => {
          if (here !== point) return;
          dead = true;
          throw new Killed(point);
        },
      });
    },
    names,
    put: (path, text) => writeFile(join(root, path), text),
    card: async () => {
      const [name, more] = await names(OFFERED);
      if (name === undefined || more !== undefined)
        throw new Error(`not one card: ${(await names(OFFERED)).join()}`);
      const note = await noteAt(`${OFFERED}/${name}`);
      const verdict = note.body
        .trim()
        .split('\n')
        .filter((line, at, all) => all.slice(0, at + 1).every((above) => above.startsWith('>')));
      return { name, note, verdict: verdict.join('\n') };
    },
    giveBack: async (change) => {
      const { name, note } = await invoicer.card();
      await invoicer.put(`${OFFERED}/${name}`, renderNote(change(note)));
      await rename(join(root, OFFERED, name), join(root, INBOX, name));
      return name;
    },
  };
  const deps: DraftInvoiceDeps = {
    vault,
    agent: 'cloud-agent',
    books,
    reviser: null,
    onBooks: (words) => invoicer.told.push(words),
    settle: () => Promise.resolve('mine'),
    mayClaim: () => true,
    replicas: false,
    marks: null,
    recordOffer: () => Promise.resolve(),
    audit: () => Promise.resolve(),
    log: (line) => invoicer.moves.push(line),
    onError: (error) => invoicer.errors.push(error),
    at: () => undefined,
    now: () => invoicer.now,
    newClaim: () => `01CLAIM${(serial += 1)}`,
    newId: taskIdForRequest,
    timeZone: 'Europe/Berlin',
    expiresMs: 72 * 3_600_000,
    perPass: 50,
    parallel: 1,
    quietMs: 0,
  };
  // The stage remembers what failed, so a plain pass is always one of the same stage.
  const stage = draftInvoices(deps);
  return invoicer;
}

const LINES = `| Description | Quantity | Price | Taxes |
| --- | ---: | ---: | --- |
| Consulting in November | 10 | 100 | 19% |`;

/** A request as a person writes it from the template. */
export function requestNote(
  change: Readonly<Record<string, Property>> = {},
  lines = LINES,
  more = '',
): string {
  const data = {
    kind: 'odoo_invoice',
    customer: 'ACME GmbH',
    currency: '',
    invoice_date: null,
    due_date: null,
    purchase_reference: 'PO-77',
    covering_mail: false,
    ...change,
  };
  return renderNote({ data, body: `\n## Lines\n\n${lines}\n\n## Note\n\n${more}\n` });
}

/** After one pass over this request. */
export async function drafted(note = requestNote()) {
  const invoicer = await openInvoicer();
  await invoicer.put(`${INBOX}/ACME November.md`, note);
  await invoicer.pass();
  if (invoicer.errors.length > 0) throw invoicer.errors[0];
  return invoicer;
}

/** As the user: other words below `## Request`. */
export function withRequest(note: TaskNote, change: (request: string) => string): TaskNote {
  const body = readInvoiceBody(note.body);
  return { data: note.data, body: renderInvoiceBody({ ...body, request: change(body.request) }) };
}
