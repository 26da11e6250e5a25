import { describePackets } from './describe-packets.ts';
import { oddCases } from './odd-cases.ts';

describePackets({ 'fragments, cut headers, options, odd lengths': oddCases });
