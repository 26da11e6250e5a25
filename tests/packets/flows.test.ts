import { describePackets } from './describe-packets.ts';
import { conntrackCases } from './flow-cases.ts';
import { foreignCases } from './foreign-cases.ts';
import { tableCases } from './table-cases.ts';

describePackets({
  'conntrack and state': conntrackCases,
  'all tables': tableCases,
  'beside a foreign table': foreignCases,
});
