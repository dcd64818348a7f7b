import { APPROVED_RULE, ignoreFaults, ignoreLines } from '../core/ignore-lists.ts';
import { readIgnoreSource } from './ignore-source.ts';
import type { Syncthing } from './syncthing-client.ts';

export interface IgnoreFinding {
  readonly code: 'no-folder' | 'unreadable' | 'open' | 'wrong' | 'incomplete';
  /** A sentence for the dashboard, with the cure. */
  readonly words: string;
}

const SHOWN = 3;

/**
 * Is the ignore list of this machine's Syncthing the one of `.gitignore-sync`? The worst first; empty when it is.
 * What a user added below ours is no finding.
 * @throws SyncthingFault when the API does not answer
 */
export async function checkIgnores(
  client: Syncthing,
  folder: string,
  role: 'cloud' | 'laptop',
): Promise<readonly IgnoreFinding[]> {
  const cure = `Run \`handover sync apply --role ${role}\`.`;
  const wanted = ignoreLines(await readIgnoreSource(), role);
  // Asked of the configuration: for a folder it does not know 1.19 refuses the list, 1.29 answers with an error.
  const { folders } = await client.config();
  if (!folders.some(({ id }) => id === folder)) {
    return [{ code: 'no-folder', words: `Syncthing has no folder with the id ${folder}. ${cure}` }];
  }
  const installed = await client.ignores(folder);
  if (installed.error !== null) {
    return [
      { code: 'unreadable', words: `Syncthing cannot read its list of exclusions (.stignore). ${cure}` },
    ];
  }
  const faults = ignoreFaults(installed.lines, wanted);
  const harmful = faults.filter(({ code }) => code !== 'missing');
  const missing = faults.filter(({ code }) => code === 'missing').map(({ line }) => line);
  const open = faults.find(({ code, line }) => code === 'missing' && line === APPROVED_RULE);
  const others = missing.filter((line) => line !== APPROVED_RULE);
  const out: IgnoreFinding[] = [];
  if (open) out.push({ code: 'open', words: `The list of exclusions (.stignore): ${open.words}. ${cure}` });
  if (harmful.length > 0) {
    const words = harmful.slice(0, SHOWN).map((fault) => fault.words);
    out.push({ code: 'wrong', words: `The list of exclusions (.stignore): ${words.join('; ')}. ${cure}` });
  }
  if (others.length > 0) {
    const named = others.slice(0, SHOWN).map((line) => `\`${line}\``);
    const more = others.length > SHOWN ? ` and ${others.length - SHOWN} more` : '';
    out.push({
      code: 'incomplete',
      words: `The list of exclusions (.stignore) does not hold ${named.join(', ')}${more}: such files would travel, secrets among them. ${cure}`,
    });
  }
  return out;
}
