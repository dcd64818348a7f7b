/** What is wrong with one note, by its text and its place; see vault-rules.ts. */
import { plainName } from './claim-protocol.ts';
import { LIMITS } from './front-matter.ts';
import { ownWords, secretInText } from './secret-names.ts';
import { type Agent, inProgress, type TaskFolder } from './states.ts';
import { parseNote, text } from './task-file.ts';
import { idInName, isTaskId, type TaskId } from './task-id.ts';
import { agentOf, type Finding, type Make, pathOf } from './vault-rules.ts';

/** What a note's text says; `id` is what the task goes by, the name's before the property's. */
export interface NoteLook {
  readonly id: TaskId | null;
  readonly findings: readonly Finding[];
}

/** Folders whose notes may be anything: what could not be handled, and what lost. */
const ASIDE: ReadonlySet<string> = new Set(['Quarantine', 'Conflicts']);
/** Where every note has been through our hands and carries its id. */
const NEEDS_ID = /^(Pending_Approval\/|Approved$|Done)/;

export function noteLook(
  ref: { readonly folder: TaskFolder; readonly name: string },
  source: string,
): NoteLook {
  const path = pathOf(ref);
  const make: Make = (code, words, cure) => ({ code, path, words, cure });
  const nameId = idInName(plainName(ref.name));
  const secret = secretFinding(ownWords(source), make);
  const parsed = parseNote(source);
  if (!parsed.ok) {
    const unread = mayBeUnread(ref.folder, parsed.fault.code)
      ? []
      : [make('unreadable-note', parsed.fault.message, 'mend the properties at the top of the note')];
    return { id: nameId, findings: [...secret, ...unread] };
  }
  const { note } = parsed;
  const propertyId = text(note, 'id');
  const claimedBy = agentNamed(text(note, 'claimed_by'));
  return {
    id: nameId ?? (isTaskId(propertyId) ? propertyId : null),
    findings: [
      ...secret,
      ...idFindings(ref.folder, nameId, propertyId, make),
      ...ownerFindings(ref, claimedBy, make),
    ],
  };
}

/** A note that a person just wrote has no properties yet, and is worked on. */
function mayBeUnread(folder: TaskFolder, code: string): boolean {
  return ASIDE.has(folder) || (folder.startsWith('Needs_Action/') && code === 'no-front-matter');
}

function secretFinding(source: string, make: Make): Finding[] {
  const what = secretInText(source);
  if (what === null) return [];
  return [
    make(
      'secret-content',
      `it holds what looks like ${what}, and it travels to every device of the vault`,
      'take it out of the vault and renew it: a copy may lie on every device, and in old versions',
    ),
  ];
}

/** For a file that is no note. */
export function fileSecret(path: string, source: string): Finding[] {
  return secretFinding(source, (code, words, cure) => ({ code, path, words, cure }));
}

function idFindings(
  folder: TaskFolder,
  nameId: TaskId | null,
  propertyId: string | undefined,
  make: Make,
): Finding[] {
  if (ASIDE.has(folder)) return [];
  if (nameId !== null && propertyId !== undefined && propertyId !== nameId) {
    const words =
      'the id in its name and the property `id` are not the same, so nobody can tell which task it is';
    return [make('id-mismatch', words, 'put the id of the name into the property, or remove the copy')];
  }
  if (nameId === null && !isTaskId(propertyId) && NEEDS_ID.test(folder)) {
    return [
      make('no-id', 'no task: neither its name nor its properties hold an id', 'move it to Needs_Action'),
    ];
  }
  return [];
}

function ownerFindings(ref: { readonly folder: TaskFolder }, claimedBy: Agent | null, make: Make): Finding[] {
  const owner = agentOf(ref.folder);
  if (owner === null || claimedBy === null || claimedBy === owner) return [];
  const words = `its properties say that ${claimedBy} claimed it, but it lies with ${owner}`;
  return [make('foreign-file', words, `${owner} gives it back or bounces it; look at it when it does not`)];
}

function agentNamed(value: string | undefined): Agent | null {
  return value === 'cloud-agent' || value === 'local-agent' ? value : null;
}

export function unreadFinding(path: string, why: 'too-large' | 'not-utf8'): Finding {
  return why === 'too-large'
    ? {
        code: 'too-large',
        path,
        words: `larger than ${LIMITS.noteBytes} bytes, so nobody works on it`,
        cure: 'shorten it, or move it out of the vault',
      }
    : {
        code: 'unreadable-note',
        path,
        words: 'it is not text in UTF-8',
        cure: 'save it as UTF-8, or move it out of the vault',
      };
}

/** `claimed`: STATE_DIR has the record of our claim with exactly this text; null where nobody can know. */
export function claimFindings(folder: TaskFolder, path: string, claimed: boolean | null): Finding[] {
  if (folder !== inProgress('local-agent') || claimed !== false) return [];
  return [
    {
      code: 'unclaimed',
      path,
      words: 'it lies with the local agent, but this machine never claimed it, or it was changed since',
      cure: 'nothing is sent for it; the approval handler brings it back to you with the reason',
    },
  ];
}

export function doneFindings(folder: TaskFolder, path: string, finished: boolean | null): Finding[] {
  if (!folder.startsWith('Done') || finished !== false) return [];
  return [
    {
      code: 'done-unproven',
      path,
      words: 'it says done, but the journal of this machine knows of no finished effect for it',
      cure: 'look in your Sent folder; whoever can write the vault can write such a note',
    },
  ];
}
