/** A part of a list. `next` is given back as `after` to get the part behind it; null: that was all. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface PageWish {
  /** 1 to 100, 20 when left out. */
  readonly limit?: number | undefined;
  readonly after?: string | null | undefined;
}
