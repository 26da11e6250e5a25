import { table } from './case.ts';
import { type NatCase, tracked } from './nat-case.ts';

const twoAtOnce = /"emitted":\[\{[^\]]*\},\{/;
const everyHook = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];
const teeTables = {
  mangle: everyHook,
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  raw: ['PREROUTING', 'OUTPUT'],
} as const;

/** Copies of copies aren't made. Without a way to the gateway there is none. */
export const teeCases: readonly NatCase[] = (['mangle', 'filter', 'raw'] as const).flatMap((name) =>
  [
    { gateway: '10.2.0.77', made: [twoAtOnce] },
    { gateway: '192.0.2.77', made: [twoAtOnce] },
    { gateway: '203.0.113.1', made: [] },
    { gateway: '192.0.2.77 --oif left', made: [twoAtOnce] },
    { gateway: '192.0.2.77 --oif nowhere', made: [] },
  ].map(
    ({ gateway, made }): NatCase => ({
      title: `TEE --gateway ${gateway} in ${name}`,
      made,
      steps: [
        {
          restore: table(
            name,
            teeTables[name].flatMap((chain) => [
              `-A ${chain} -p udp -j TEE --gateway ${gateway}`,
              `-A ${chain} -p udp`,
            ]),
          ),
        },
        { send: tracked },
      ],
    }),
  ),
);
