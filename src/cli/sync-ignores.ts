import type { Command } from 'commander';
import { approvedFolderLines, ignoreLines, mendedIgnores, type SyncDevice } from '../core/ignore-lists.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { readIgnoreSource } from '../sync/ignore-source.ts';
import { type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

const DEVICES: readonly SyncDevice[] = ['cloud', 'laptop', 'phone'];

/** `handover sync ignores`: the list for a device that `sync apply` cannot reach, to be pasted there. */
export function syncIgnoresVerb(context: VerbContext): Command {
  return verb(
    context,
    { name: 'ignores', summary: "print a device's ignore patterns, for pasting into Syncthing on a phone" },
    (_args, options) => syncIgnores(options['device'], options['approved'] === true),
  )
    .option('--device <cloud|laptop|phone>', 'for which device')
    .option('--approved', 'for the second folder, Approved itself, instead of the vault');
}

async function syncIgnores(wish: unknown, approved: boolean): Promise<Outcome> {
  const device = DEVICES.find((one) => one === wish);
  if (device === undefined) throw new VerbFault('which', `say --device ${DEVICES.join('|')}`, EXIT.usage);
  if (approved && device === 'cloud') {
    throw new VerbFault('never', 'the folder Approved is never shared with the cloud', EXIT.usage);
  }
  const source = await readIgnoreSource();
  const lines = approved ? approvedFolderLines(source) : ignoreLines(source, device);
  return {
    exit: EXIT.ok,
    json: { device, folder: approved ? 'approved' : 'vault', lines },
    text: mendedIgnores([], lines).join('\n'),
  };
}
