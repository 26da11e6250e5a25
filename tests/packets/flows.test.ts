import { describePackets } from './describe-packets.ts';
import { conntrackCases } from './flow-cases.ts';
import { tableCases } from './table-cases.ts';

describePackets({ 'conntrack and state': conntrackCases, 'all tables': tableCases });
