import type { EffectState } from '../core/effect-state.ts';
import type { TaskId } from '../core/task-id.ts';

/** Recognised by its `code`, `seal-refused`: it happened or may have, so it is neither sealed anew nor taken back. */
export class SealRefused extends Error {
  readonly code = 'seal-refused';
  readonly state: EffectState;

  constructor(id: TaskId, state: EffectState) {
    super(`${id} cannot be sealed: its effect is \`${state.state}\``);
    this.name = 'SealRefused';
    this.state = state;
  }
}
