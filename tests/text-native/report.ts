/** What a command gave; text as one char per byte. */
export interface Printed {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Difference {
  readonly argv: readonly string[];
  readonly expected: Printed;
  readonly found: Printed;
}

export interface Report {
  /** Command lines compared. */
  readonly compared: number;
  /** Bytes that iptables wrote for them. */
  readonly bytes: number;
  readonly differences: readonly Difference[];
}
