/** The verbs as a flat table, read out of commander's own tree: what completes, and what docs are held against. */
import type { Command, Option } from 'commander';

export interface Flag {
  /** `--role` */
  readonly long: string;
  readonly about: string;
  /** `none`: a switch. */
  readonly value: 'none' | 'words' | 'file' | 'folder' | 'any';
  /** With `words`: which. */
  readonly words: readonly string[];
}

export interface Place {
  /** `` for `handover` itself, else ` sync apply`: each word with a space before it. */
  readonly at: string;
  readonly about: string;
  readonly verbs: readonly { readonly name: string; readonly about: string }[];
  readonly flags: readonly Flag[];
  /** What the verb takes: the id of a task, one of these words, or nothing. */
  readonly takesId: boolean;
  readonly words: readonly string[];
}

export function placesIn(root: Command): readonly Place[] {
  return walk(root, '');
}

function walk(command: Command, at: string): readonly Place[] {
  const [first] = command.registeredArguments;
  const place: Place = {
    at,
    about: command.description(),
    verbs: command.commands.map((one) => ({ name: one.name(), about: one.description() })),
    flags: [...command.options.map(flagOf), HELP],
    takesId: first?.name() === 'id',
    words: first?.name() === 'shell' ? ['bash', 'zsh', 'fish'] : [],
  };
  return [place, ...command.commands.flatMap((one) => walk(one, `${at} ${one.name()}`))];
}

const HELP: Flag = { long: '--help', about: 'what it does and takes', value: 'none', words: [] };

/** The words of `--role <cloud|laptop>` stand in its usage. */
function flagOf(option: Option): Flag {
  const long = option.long ?? option.flags;
  const about = option.description;
  const value = /<([^>]*)>/.exec(option.flags)?.[1];
  if (value === undefined) return { long, about, value: 'none', words: [] };
  if (value.includes('|')) return { long, about, value: 'words', words: value.split('|') };
  const kind = value === 'file' ? 'file' : value === 'folder' ? 'folder' : 'any';
  return { long, about, value: kind, words: [] };
}
