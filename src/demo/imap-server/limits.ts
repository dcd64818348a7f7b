/** A demo server on loopback still has a wall around everything: its tests feed it hostile clients. */
export const LIMITS = {
  lineBytes: 64 * 1024,
  /** Before login a client has nothing big to say. */
  literalBytesBeforeLogin: 1024,
  literalBytes: 64 * 1024 * 1024,
  connections: 100,
  /** Nesting of parentheses in a command. */
  depth: 20,
  /** RFC 3501 5.4 asks for at least 30 minutes. */
  idleMs: 31 * 60_000,
} as const;
