/** After the posting: number, dates and total from Odoo, its PDF into the vault, the covering mail as a card of its own. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { At } from '../core/crash-points.ts';
import { localTime } from '../core/local-time.ts';
import { moneyText } from '../core/odoo/amounts.ts';
import { inertLine, inertWords } from '../core/odoo/card-words.ts';
import { propertyText } from '../core/neutralise.ts';
import { ATTACHMENT_LIMITS, type OutgoingAttachment } from '../core/outgoing-attachments.ts';
import { flag, parseNote, type TaskNote, text } from '../core/task-file.ts';
import type { TaskId } from '../core/task-id.ts';
import { isInside } from '../files/inside.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Vault } from '../vault/vault.ts';
import { type CoveringDeps, offerCoveringMail } from './covering-mail.ts';
import type { Outcome, Task } from './effect-edge.ts';
import type { PostedInvoice, PostEffects } from './post-effects.ts';

export interface PostedDeps extends CoveringDeps {
  readonly effects: PostEffects;
  readonly vault: Vault;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly at: At;
  readonly timeZone: string;
}

const RECHECK_MS = 15_000;

export async function postedOutcome(deps: PostedDeps, task: Task): Promise<Outcome> {
  if (text(task.note, 'outcome') === 'posted') return { is: 'written' };
  const posted = await deps.effects.posted(task.id);
  if (posted === 'unknown') {
    const words = 'an invoice is posted, but Odoo does not tell its number yet';
    return { is: 'wait', at: deps.clock.now() + RECHECK_MS, words };
  }
  const sealed = sealedNote(task);
  const pdf = await keepPdf(deps, task.id, posted);
  deps.at('invoice:pdf-kept');
  const mail =
    flag(sealed, 'covering_mail') === true
      ? await offerCoveringMail(deps, { task, note: sealed, posted, pdf })
      : null;
  const at = localTime(task.view.attemptAt ?? deps.clock.now(), deps.timeZone);
  return {
    is: 'write',
    verdict: {
      kind: posted.differs.length === 0 ? 'success' : 'warning',
      title: `Posted: ${inertWords(posted.number, 80)}`,
      lines: [
        `${posted.date} · ${moneyText(posted.total, 2)} ${inertWords(posted.currency, 10)} · ${inertWords(posted.partner, 120)}`,
        ...(text(sealed, 'posted_elsewhere') === 'true'
          ? ['It had been posted in Odoo by somebody else; nothing was posted again.']
          : []),
        ...(posted.bookedOn === undefined
          ? []
          : [
              `In the books it stands on ${inertWords(posted.bookedOn, 20)}, not on the date of the document.`,
            ]),
        ...differenceWords(posted.differs),
        pdf.words,
        ...(mail === null ? [] : [mail.words]),
        ...linkLine(posted.link),
      ],
    },
    properties: {
      posted_at: at,
      odoo_id: posted.odooId,
      odoo_name: propertyText(posted.number, 120),
      amount_total: posted.total,
      currency: propertyText(posted.currency, 20),
      invoice_date: posted.date,
      ...(posted.dueDate === null ? {} : { due_date: posted.dueDate }),
      ...(pdf.kept === null ? {} : { pdf: pdf.kept.name }),
    },
    target: propertyText(posted.number, 120),
    parameters: { odoo_id: posted.odooId, amount_total: posted.total, currency: posted.currency },
  };
}

const MAX_LINES = 12;

/** Somebody changed it in Odoo in the moment between the look and the posting. */
function differenceWords(differs: readonly string[]): string[] {
  if (differs.length === 0) return [];
  return [
    '**It is posted with something else than you approved:**',
    ...differs.slice(0, MAX_LINES).map(inertLine),
  ];
}

/** What the user said yes to; what lies in the vault by now is not asked. */
function sealedNote(task: Task): TaskNote {
  const parsed = parseNote(task.view.sealed?.noteText ?? '');
  return parsed.ok ? parsed.note : task.note;
}

interface Kept {
  readonly kept: OutgoingAttachment | null;
  readonly words: string;
}

/** The same number and bytes, the same file: repeated after a crash, nothing is written twice. */
async function keepPdf(deps: PostedDeps, id: TaskId, posted: PostedInvoice): Promise<Kept> {
  const { pdf } = posted;
  if (pdf === null) return { kept: null, words: `No PDF: ${inertWords(posted.pdfWords)}` };
  const bytes = await readKept(deps.stateDir, pdf.file);
  if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== pdf.sha256) {
    return { kept: null, words: 'No PDF: it could not be kept, or is larger than 10 MB. Odoo has it.' };
  }
  const stem = posted.number.replaceAll('/', '-');
  for (let copy = 1; copy <= MAX_COPIES; copy++) {
    const name = await deps.vault.saveAttachment(id, `${stem}${copy === 1 ? '' : `-${copy}`}.pdf`, bytes);
    const there = await deps.vault.readAttachment(name, ATTACHMENT_LIMITS.fileBytes);
    // Whoever can write the vault can have put another file there first.
    if (there.ok && createHash('sha256').update(there.bytes).digest('hex') === pdf.sha256) {
      return { kept: { name, sha256: pdf.sha256 }, words: `**PDF** [[${name}]]` };
    }
  }
  return { kept: null, words: 'No PDF: its name in `Attachments` is taken by something else. Odoo has it.' };
}

const MAX_COPIES = 9;

async function readKept(stateDir: string, file: string): Promise<Uint8Array | null> {
  const path = resolve(stateDir, file);
  if (!isInside(stateDir, path)) return null;
  try {
    if ((await stat(path)).size > ATTACHMENT_LIMITS.fileBytes) return null;
    return await readFile(path);
  } catch {
    return null;
  }
}

function linkLine(link: string): string[] {
  if (!URL.canParse(link)) return [];
  const url = new URL(link);
  if (!/^https?:$/.test(url.protocol)) return [];
  const target = url.href.replace(
    /[()<>[\]|\s]/g,
    (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return [`[Open in Odoo](${target})`];
}
