/** The shells that completion is made for; `tests/run.mjs` installs them. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
