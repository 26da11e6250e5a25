import { unsupported } from './unsupported.ts';

/** Protocols whose headers nft knows: icmp, igmp, tcp, udp, dccp, esp, ah, ipv6-icmp, comp, sctp, udplite. */
const known: ReadonlySet<number> = new Set([1, 2, 6, 17, 33, 50, 51, 58, 108, 132, 136]);

/**
 * What nft takes to be the transport protocol of the packets that a rule's next statement sees: it puts
 * `meta l4proto` in front of the first field of a transport header that nothing has told the protocol of.
 */
export class ProtocolContext {
  #protocol: number | undefined;
  #known = false;

  /** A test that only lets pass packets of a protocol. */
  tell(protocol: number, by: 'meta' | 'ct'): void {
    const isKnown = known.has(protocol);
    if (by === 'ct' && !isKnown) return;
    this.#protocol = protocol;
    this.#known = isKnown;
  }

  /** Whether the test must be added before a header of the protocol is read. Refuses a contradiction, as nft does. */
  lacks(protocol: number): boolean {
    if (this.#protocol === undefined) return true;
    if (this.#protocol !== protocol) unsupported(`a field of protocol ${protocol} behind a test for ${this.#protocol}`);
    return false;
  }

  /** Refuses, as nft does, where no known protocol has been told. */
  needsAny(): void {
    if (!this.#known) unsupported('ports of a connection whose protocol is not told');
  }
}
