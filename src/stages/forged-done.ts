import type { TaskFolder } from '../core/states.ts';
import { idInName } from '../core/task-id.ts';
import type { Vault } from '../vault/vault.ts';
import { unlessBroken } from '../vault/unless-broken.ts';
import type { FinishedTasks } from './finished-copies.ts';

/** A month of a busy mailbox. */
const MAX = 2000;

/**
 * Notes that came into a month's folder of Done after `since` (ms) and say that something was done which this
 * laptop did nothing for. For the time that nobody followed the changes; `vault check` looks at all.
 */
export async function forgedDone(
  vault: Vault,
  finished: FinishedTasks,
  month: TaskFolder,
  since: number,
): Promise<readonly string[]> {
  const forged: string[] = [];
  for (const name of (await unlessBroken(vault.list(month), [])).slice(0, MAX)) {
    const id = idInName(name);
    const stat = await vault.stat({ folder: month, name });
    if (id === null || stat === null || stat.ctimeMs < since) continue;
    if (!(await finished.isDone(id))) forged.push(`${month}/${name}`);
  }
  return forged;
}
