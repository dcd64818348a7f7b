import { join } from 'node:path';
import type { Command } from 'commander';
import { taskRecords } from '../audit/task-records.ts';
import { visibleText } from '../core/neutralise.ts';
import { parseNote } from '../core/task-file.ts';
import type { TaskId } from '../core/task-id.ts';
import { edgeOf } from '../core/card-action.ts';
import { type Journals, openJournals } from '../journal/journals.ts';
import { MAIL_FORMAT } from '../mail/submission/sealed-mail.ts';
import { POST_FORMAT } from '../odoo/posting/sealed-post.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { allFolders, placesOf } from '../vault/task-places.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import { taskId } from './find-task.ts';
import { journalOptions, stateWords } from './resolve.ts';
import { openVault, type Outcome, verb, type VerbContext } from './verb.ts';

/** `handover show <id>`: a task's whole life, from the vault, the journal and the audit log. */
export function showVerb(context: VerbContext): Command {
  const summary = "a task's whole life: where it lies, its properties, its effect, its audit lines";
  return verb(context, { name: 'show', arguments: '<id>', summary }, async ([id]) => {
    const formats = { mail: MAIL_FORMAT, odoo: POST_FORMAT };
    const journal = await openJournals(journalOptions(context), formats);
    return show({ vault: await openVault(context), journal, context }, taskId(id));
  });
}

async function show(
  deps: { vault: Vault; journal: Journals; context: VerbContext },
  id: TaskId,
): Promise<Outcome> {
  const { vault, journal, context } = deps;
  context.doing('looking through every folder');
  const places = await placesOf(vault, id, await allFolders(vault));
  const notes = await Promise.all(places.map((place) => describe(vault, place)));
  context.doing('reading the journal and the audit logs');
  const { state } = await journal.view(id);
  const logs = await Promise.all(
    ['cloud-agent', 'local-agent'].map((agent) => taskRecords(join(vault.root, 'Logs', agent), id)),
  );
  const audit = logs.flatMap((log) => log.records).sort((a, b) => (a.ts < b.ts ? -1 : 1));
  const known = notes.length > 0 || audit.length > 0 || state.state !== 'none';
  const lines = [
    id,
    ...notes.flatMap((note) => [
      `  ${note.folder}/${note.name}`,
      ...(note.fault === null ? [] : [`    cannot be read: ${note.fault}`]),
      ...Object.entries(note.properties).map(([key, value]) => `    ${key}: ${propertyWords(value)}`),
    ]),
    ...(notes.length === 0 ? ['  no note in the vault'] : []),
    `  effect: ${stateWords(state, edgeOf(id))}`,
    ...audit.map(
      (r) => `  ${r.ts} ${r.actor} ${r.action}${r.target === null ? '' : ` ${r.target}`}: ${r.result}`,
    ),
  ];
  return {
    exit: known ? EXIT.ok : EXIT.failure,
    json: { task: id, notes, effect: state, audit },
    // Hostile text must not steer the terminal either.
    text: lines
      .map((line) => visibleText(line).text)
      .map((line, i) => (i === 0 ? context.paint.strong(line) : line))
      .join('\n'),
  };
}

async function describe(vault: Vault, place: NoteRef) {
  const read = await vault.read(place);
  const parsed = read.ok ? parseNote(read.text) : null;
  const fault = read.ok ? (parsed && !parsed.ok ? parsed.fault.message : null) : read.why;
  return { ...place, properties: parsed?.ok ? parsed.note.data : {}, fault };
}

function propertyWords(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\s+/g, ' ') : JSON.stringify(value);
}
