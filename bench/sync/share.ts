import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIgnoreSource } from '../../src/sync/ignore-source.ts';
import { applySteps } from '../../src/sync/setup/apply.ts';
import { lookAtShare } from '../../src/sync/setup/look-at-share.ts';
import { planShare } from '../../src/sync/setup/plan.ts';
import { readShare } from '../../src/sync/setup/read-share.ts';
import { wantedShare } from '../../src/sync/setup/wanted-share.ts';
import { FOLDER, type SyncNode, type SyncPair, startPair } from '../../tests/helpers/syncthing.ts';
import { ROOT } from '../host.ts';

/** A pair as `handover sync apply` leaves it on both machines, versions of what the peer replaces included. */
export async function startApplied(): Promise<SyncPair> {
  const pair = await startPair();
  await apply(pair.cloud, 'cloud', pair.laptop.id);
  await apply(pair.laptop, 'laptop', pair.cloud.id);
  await pair.connect();
  await pair.idle();
  return pair;
}

async function apply(node: SyncNode, role: 'cloud' | 'laptop', peer: string): Promise<void> {
  const file = join(ROOT, 'deployment', role === 'cloud' ? 'cloud' : 'local', 'syncthing-config.toml');
  const wanted = wantedShare({
    share: readShare(await readFile(file, 'utf8'), file),
    vaultDir: node.vault,
    folder: FOLDER,
    peer,
    trusted: [],
    ignoreSource: await readIgnoreSource(),
    keepScript: join(ROOT, 'deployment/local/keep-version.sh'),
    tellsCase: true,
  });
  const plan = planShare(wanted, await lookAtShare(node.client, [FOLDER]));
  if (plan.refusals.length > 0) throw new Error(plan.refusals.join(' '));
  await applySteps(node.client, plan.steps);
}
