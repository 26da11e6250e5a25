import { describePackets } from './describe-packets.ts';
import { targetCases } from './target-cases.ts';

describePackets(targetCases);
