/** Which files the processes of an agent write into its own folders; anything else there is foreign. */
import { PROCESSES } from './heartbeat.ts';

const LOG = /^\d{4}-\d{2}-\d{2}\.([a-z-]+)\.jsonl$/;
const UPDATE = /^([a-z-]+)\.json$/;
/** Announces to the cloud that the laptop drafts too; see claim-protocol.ts. */
const TAKEOVER = 'takeover.json';

/** @param folder `Updates/<agent>` or `Logs/<agent>`. */
export function mayLieThere(folder: string, name: string): boolean {
  if (folder === 'Updates/local-agent' && name === TAKEOVER) return true;
  const [kind, agent] = folder.split('/');
  const process = (kind === 'Logs' ? LOG : UPDATE).exec(name)?.[1];
  return PROCESSES.some((row) => row.agent === agent && row.process === process);
}
