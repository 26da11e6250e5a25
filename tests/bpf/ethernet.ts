const ETHERNET_BYTES = 14;
const IPV4 = 0x0800;

/** The loopback device's address is 0: whom a frame is for, by its destination. */
const destinations: readonly string[] = ['000000000000', '', '010000000000', '020000000000'];
/** A frame on the loopback device. */
export function withEthernet(bytes: Buffer, packetType: number): Buffer {
  const ethernet = Buffer.alloc(ETHERNET_BYTES);
  ethernet.write(destinations[packetType] ?? '', 'hex');
  ethernet.writeUInt16BE(IPV4, ETHERNET_BYTES - 2);
  return Buffer.concat([ethernet, bytes]);
}
