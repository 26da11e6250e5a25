import { describePackets } from './describe-packets.ts';
import { rawCases } from './raw-cases.ts';

describePackets({ 'rules iptables has no words for': rawCases });
