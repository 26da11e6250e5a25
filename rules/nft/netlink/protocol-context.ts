import { unsupported } from './unsupported.ts';

/** Protocols whose headers nft knows: icmp, igmp, tcp, udp, dccp, esp, ah, ipv6-icmp, comp, sctp, udplite. */
const known: ReadonlySet<number> = new Set([1, 2, 6, 17, 33, 50, 51, 58, 108, 132, 136]);

const ARPHRD_ETHER = 1;

/**
 * What nft takes to be the transport protocol of the packets that a rule's next statement sees: it puts
 * `meta l4proto` in front of the first field of a transport header that nothing has told the protocol of.
 * Likewise `meta iiftype ether` in front of link-layer fields.
 */
export class ProtocolContext {
  #protocol: number | undefined;
  #known = false;
  /** Different ones were told, as by a set. */
  #several = false;
  #link: number | undefined;

  /** A test that only lets pass packets of a protocol, or of a kind of link. */
  tell(protocol: number, by: 'meta' | 'ct' | 'link'): void {
    if (by === 'link') {
      this.#link = protocol;
      return;
    }
    const isKnown = known.has(protocol);
    if (by === 'ct' && !isKnown) return;
    if (this.#protocol !== undefined && this.#protocol !== protocol) this.#several = true;
    this.#protocol = protocol;
    this.#known = isKnown;
  }

  /** Whether the test must be added before a header of the protocol is read. Refuses a contradiction, as nft does. */
  lacks(protocol: number): boolean {
    if (this.#protocol === undefined) return true;
    if (this.#several || this.#protocol !== protocol)
      unsupported(`a field of protocol ${protocol} behind a test for ${this.#protocol}`);
    return false;
  }

  /** Whether packets are known to come from Ethernet. Refuses a contradiction. */
  get linkIsKnown(): boolean {
    if (this.#link !== undefined && this.#link !== ARPHRD_ETHER) unsupported(`an Ethernet field on link ${this.#link}`);
    return this.#link !== undefined;
  }

  /** Refuses, as nft does, where no known protocol has been told. */
  needsAny(): void {
    if (!this.#known) unsupported('ports of a connection whose protocol is not told');
  }

  /** Refuses, as nft does, ports to be written into packets of which nothing told the transport protocol. */
  needsTransport(): void {
    if (this.#protocol === undefined) unsupported('a transport protocol that is not told');
  }
}
