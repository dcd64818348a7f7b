import type { TaskId } from '../task-id.ts';

/** No module of this name may exist in Odoo; its keys are ours alone. */
export const EXTERNAL_MODULE = 'handover_bridge';

/**
 * Odoo's external id of the draft that belongs to a task: the key that makes creating it twice create it once.
 * `od-0123456789abcdef` -> `handover_bridge.od_0123456789abcdef`.
 */
export function externalIdOf(id: TaskId): string {
  return `${EXTERNAL_MODULE}.${id.replaceAll('-', '_')}`;
}
