import { describe, expect, it } from 'vitest';
import { ip, type Transport } from '../packets/packet.ts';
import { icmp, plain, tcp, udp } from '../packets/transport.ts';
import { withOwnPorts } from './own-ports.ts';
import type { Sending } from './packets.ts';

const from = (transport: Transport, source = '10.1.0.2', fields: Parameters<typeof ip>[1] = {}): Sending => {
  return { kind: 'packet', at: 'left', bytes: ip(transport, { ...fields, source }).toString('hex') };
};

describe('withOwnPorts', () => {
  it.each<{ readonly title: string; readonly packets: readonly Sending[]; readonly wanted: readonly Sending[] }>([
    {
      title: 'the first flow keeps its port, and so does its second packet',
      packets: [from(tcp()), from(tcp()), from(tcp({ flags: 16 }))],
      wanted: [from(tcp()), from(tcp()), from(tcp({ flags: 16 }))],
    },
    {
      title: 'flows to other ports and from other hosts get others, with right checksums',
      packets: [from(tcp()), from(tcp({ dport: 22 })), from(tcp(), '192.0.2.1'), from(tcp({ dport: 22, data: 3 }))],
      wanted: [
        from(tcp()),
        from(tcp({ dport: 22, sport: 2000 })),
        from(tcp({ sport: 2001 }), '192.0.2.1'),
        from(tcp({ dport: 22, sport: 2000, data: 3 })),
      ],
    },
    { title: 'protocols are apart', packets: [from(tcp()), from(udp())], wanted: [from(tcp()), from(udp())] },
    {
      title: 'ports outside of the ranges',
      packets: [from(udp({ sport: 0 })), from(udp({ sport: 65535 }))],
      wanted: [from(udp({ sport: 2000 })), from(udp({ sport: 2001 }))],
    },
    {
      title: 'ids of pings',
      packets: [from(icmp({ rest: 0x00320001 })), from(icmp({ rest: 0x00320001 }), '192.0.2.1')],
      wanted: [from(icmp({ rest: 0x00320001 })), from(icmp({ rest: (2000 << 16) | 1 }), '192.0.2.1')],
    },
    {
      title: 'what has no ports, or none of its own',
      packets: [
        from(plain(47)),
        from(icmp({ type: 3, rest: 0 })),
        from(udp(), '192.0.2.1', { fragmentOffset: 1 }),
        from(udp(), '192.0.2.1', { cut: 3 }),
        { kind: 'answer', how: 'reply' },
      ],
      wanted: [
        from(plain(47)),
        from(icmp({ type: 3, rest: 0 })),
        from(udp(), '192.0.2.1', { fragmentOffset: 1 }),
        from(udp(), '192.0.2.1', { cut: 3 }),
        { kind: 'answer', how: 'reply' },
      ],
    },
  ])('$title', ({ packets, wanted }) => {
    expect(withOwnPorts(packets)).toEqual(wanted);
  });
});
