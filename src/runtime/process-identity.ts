import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Who a process is, so that a later one can tell whether it still lives. A pid alone is reused; with the
 * start time (field 22 of /proc/<pid>/stat, in clock ticks since boot) and the boot id it is not.
 * Where there is no /proc (macOS) the pid alone decides, and errs on the side of "alive".
 */
export const processIdentitySchema = z.object({
  pid: z.number().int().positive(),
  start: z.string(),
  boot: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command, in parentheses, may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie (its parent never waited: a container without an init) can write nothing any more.
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, start: startOf(process.pid), boot: bootId() };
}

export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.boot !== bootId()) return false;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return startOf(identity.pid) === identity.start;
}
