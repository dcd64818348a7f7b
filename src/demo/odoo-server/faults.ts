/** What can go wrong on the way, for tests of what a client makes of it. A real Odoo cannot be made to do most of it. */
export type Fault =
  /** Done, and the connection breaks before the answer. */
  | 'answer_lost'
  /** Done, and no answer comes for as long as the client waits. */
  | 'silent_after'
  /** Not done, and no answer comes. */
  | 'silent_before'
  /** Not done, and the connection breaks. */
  | 'cut_before'
  /** Pages of a proxy: 502, a login page with 200, a redirect to another host. */
  | 'bad_gateway'
  | 'login_page'
  | 'redirect'
  /** Done, and the answer is cut in the middle, or is no text of its kind, or has no end. */
  | 'half_answer'
  | 'garbage'
  | 'huge_answer'
  | 'database_down'
  | 'wrong_database'
  | 'key_expired'
  /** Odoo gave up after its own repeats: rolled back. */
  | 'serialization_failure'
  | 'statement_timeout'
  /** Another caller is creating the same external id: `load` says so in its messages. */
  | 'load_conflict';

interface Planned {
  readonly fault: Fault | { readonly refuse: string };
  /** `account.move.action_post`; null: whatever is called next. */
  readonly at: string | null;
}

export interface Faults {
  /** At the next call of `at` (`model.method`), or the next call at all; `refuse`: a UserError with these words. */
  next(fault: Planned['fault'], at?: string): void;
  /** At every call until `clear`. */
  always(fault: Planned['fault'], at?: string): void;
  clear(): void;
}

export interface FaultPlan extends Faults {
  /** What happens to this call; a planned fault is used up by it. */
  take(called: string): Planned['fault'] | null;
  /** Is it so at the moment, whatever is called? */
  isLasting(fault: Fault): boolean;
}

export function faultPlan(): FaultPlan {
  let planned: readonly Planned[] = [];
  let lasting: readonly Planned[] = [];
  const fits = ({ at }: Planned, called: string): boolean => at === null || at === called;
  return {
    next: (fault, at) => {
      planned = [...planned, { fault, at: at ?? null }];
    },
    always: (fault, at) => {
      lasting = [...lasting, { fault, at: at ?? null }];
    },
    clear: () => {
      planned = [];
      lasting = [];
    },
    take: (called) => {
      const next = planned.find((plan) => fits(plan, called));
      planned = planned.filter((plan) => plan !== next);
      return (next ?? lasting.find((plan) => fits(plan, called)))?.fault ?? null;
    },
    isLasting: (fault) => lasting.some((plan) => plan.fault === fault && plan.at === null),
  };
}
