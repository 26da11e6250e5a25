/**
 * What the raw caller is asked to do and what it saw: one real getsockopt or setsockopt each.
 * Everything is JSON, so that the same list can run natively and supervised.
 */

/** Which socket the option is tried on; the kernel asks the socket's own family and type. */
export type SocketKind =
  | 'inet-raw'
  | 'inet-dgram'
  | 'inet-stream'
  | 'inet6-raw'
  | 'inet6-dgram'
  | 'unix'
  | 'netlink'
  | 'closed' // a descriptor that isn't open
  | 'file'; // a descriptor that is no socket

export interface RawRequest {
  readonly title: string;
  readonly call: 'get' | 'set';
  readonly socket: SocketKind;
  readonly level: number;
  readonly option: number;
  /** The length the kernel is told, as i32; may be more or less than there is. */
  readonly length: number;
  /**
   * The buffer in base64. Behind it is its guard, so that reading or writing past it faults. null: the NULL pointer; 'unmapped': an address with nothing behind it.
   */
  readonly data: string | null | 'unmapped';
  /** What lies behind the buffer: nothing (unless given), or a page that may not be touched. */
  readonly guard?: 'unmapped' | 'protected';
  /** The buffer can be read but not written. */
  readonly readOnly?: boolean;
  /** get only: the pointer to the length is NULL. */
  readonly noLength?: boolean;
  /**
   * set only: bytes of room for the old counters, whose address is put at ipt_replace.counters
   * (offset 88). Absent: the bytes there are left as they are.
   */
  readonly countersRoom?: number;
  /**
   * set only: asks GET_INFO of this table first and puts its number of entries at
   * ipt_replace.num_counters (offset 84), so that the replace succeeds whatever went before.
   */
  readonly numCountersOf?: string;
}

export interface RawResult {
  readonly title: string;
  /** What the call returned: -1 for an error; a revision query answers the highest revision there is. */
  readonly result: number;
  /** Name of the errno, or "" for success. */
  readonly errno: string;
  /** get: the length afterwards. */
  readonly length: number;
  /** The buffer afterwards, in base64. */
  readonly bytes: string;
  readonly counters?: string;
}
