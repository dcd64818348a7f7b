import type { Command } from 'commander';
import { visibleText } from '../core/neutralise.ts';
import { OPEN_FOLDERS, type TaskFolder } from '../core/states.ts';
import { idInName } from '../core/task-id.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { type Place, placesIn } from './command-tree.ts';
import { bashScript, fishScript, zshScript } from './completion-scripts.ts';
import { PENDING } from './move-verb.ts';
import { ASIDE } from './release.ts';
import { openVault, type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

const SCRIPTS: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Whose ids a verb takes; the folders in the order in which they are offered. */
const FOLDERS: Readonly<Record<string, readonly TaskFolder[]>> = {
  approve: PENDING,
  reject: PENDING,
  hold: ['Approved'],
  release: ASIDE,
  resolve: [...PENDING, 'In_Progress/local-agent'],
  show: OPEN_FOLDERS,
};

/** More than a person reads in a menu. */
const MAX_IDS = 200;

/**
 * `handover completion bash|zsh|fish`: the script for a shell, made from the verbs as they are.
 * With `--ids <verb>`: the ids that verb would take, one a line with the note's name behind a tab.
 */
export function completionVerb(context: VerbContext, root: () => Command): Command {
  return verb(
    context,
    {
      name: 'completion',
      arguments: '[shell]',
      summary: 'print the completion script of bash, zsh or fish (docs/verbs.md says where to put it)',
    },
    ([shell], options) =>
      typeof options['ids'] === 'string'
        ? ids(context, options['ids'])
        : Promise.resolve(script(shell, root())),
  ).option('--ids <verb>', 'print the ids that a verb takes now; the scripts ask for them');
}

function script(shell: string | undefined, root: Command): Outcome {
  const make = shell !== undefined && Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (make === undefined) {
    throw new VerbFault('which', `say ${Object.keys(SCRIPTS).join(', ')}`, EXIT.usage);
  }
  const text = make(placesIn(root));
  return { exit: EXIT.ok, json: { shell, script: text }, text: text.trimEnd() };
}

async function ids(context: VerbContext, name: string): Promise<Outcome> {
  const folders = Object.hasOwn(FOLDERS, name) ? FOLDERS[name] : undefined;
  if (folders === undefined) throw new VerbFault('which', `${name} takes no id`, EXIT.usage);
  const vault = await openVault(context);
  const found = new Map<string, string>();
  for (const folder of folders) {
    for (const file of await vault.list(folder)) {
      const id = idInName(file);
      if (id !== null && found.size < MAX_IDS && !found.has(id)) found.set(id, titleOf(file, id));
    }
  }
  const tasks = [...found].map(([id, title]) => ({ id, title }));
  return {
    exit: EXIT.ok,
    json: { tasks },
    text: tasks.map(({ id, title }) => `${id}\t${title}`).join('\n'),
  };
}

/** A name may be anybody's words, and shells read what they are given: letters, digits, spaces, hyphens. */
function titleOf(file: string, id: string): string {
  const title = visibleText(file.slice(0, -`${id}.md`.length)).text.replace(/[^\p{L}\p{N} -]+/gu, ' ');
  return title.replace(/\s+/g, ' ').trim().slice(0, 60);
}
