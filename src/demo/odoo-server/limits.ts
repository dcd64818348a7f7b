/** A demo server on loopback still has a wall around everything: its tests feed it hostile clients. */
export const LIMITS = {
  bodyBytes: 32 * 1024 * 1024,
  connections: 200,
  /** Nesting of a request, in JSON and in XML. */
  depth: 60,
  /** Records of one model; a demo has hundreds. */
  rows: 50_000,
  /** What one search may name in its domain. */
  domainTerms: 500,
} as const;
