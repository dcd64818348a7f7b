/** Which methods may be called with which arguments and fields. Everything else is refused before it is sent. */
export interface AllowList {
  readonly name: string;
  readonly methods: Readonly<Record<string, Readonly<Record<string, AllowedMethod>>>>;
}

export interface AllowedMethod {
  /** Names in the order of the method's own parameters. */
  readonly params: readonly string[];
  readonly writes: boolean;
}

/** The cloud: look up, make and change drafts. */
export const DRAFT_CALLS: AllowList = { name: 'draft', methods: {} };
/** The laptop: also `account.move.action_post`. */
export const LIVE_CALLS: AllowList = { name: 'live', methods: {} };
