import { describePackets } from './describe-packets.ts';
import { conntrackCases, tableCases } from './flow-cases.ts';

describePackets({ 'conntrack and state': conntrackCases, 'all tables': tableCases });
