import type { PostEffects } from './post-effects.ts';

/** On a machine that may not post: a new yes comes back with `words`; what is under way waits for a machine that may. */
export function postingOff(words: string): PostEffects {
  return {
    post: () => Promise.resolve({ kind: 'unknown', why: words }),
    lookAtDraft: () => Promise.resolve({ is: 'refused', words }),
    lookAtPost: () => Promise.resolve('unknown'),
    posted: () => Promise.resolve('unknown'),
  };
}
